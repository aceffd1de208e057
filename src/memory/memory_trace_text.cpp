#include "orrery/memory/memory_trace_text.h"

#include <fmt/format.h>

#include <cstring>

namespace orrery {
std::string binary_size(std::int64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  while (unit + 1 < std::size(kUnits) && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, kUnits[unit]);
}

void MemoryTraceText::skip_row() {
  const void* end = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
  at_ = end == nullptr ? end_ : static_cast<const char*>(end);
}

}  // namespace orrery
