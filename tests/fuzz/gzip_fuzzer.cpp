#include <cstdint>
#include <string_view>

#include "orrery/base/gzip.h"
#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMost = 1 << 20;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const auto text = orrery::inflate_gzip(content, kMost);
  ORRERY_REQUIRE(text ? text->size() <= kMost : !text.error().empty());
  // What fits exactly still fits, and one byte less does not.
  if (text && !text->empty()) {
    ORRERY_REQUIRE(orrery::inflate_gzip(content, text->size()) == text);
    ORRERY_REQUIRE(!orrery::inflate_gzip(content, text->size() - 1));
  }
  return 0;
}
