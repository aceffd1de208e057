#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orrery/memory/memory_trace.h"
#include "require.h"

namespace orrery {
namespace {

/// A memory of six units, in which no size but those of groups and columns is a power of two.
DramDevice device() {
  DramDevice device;
  device.unit = "pseudo channel";
  device.channels = 3;
  device.units_per_channel = 2;
  device.ranks = 3;
  device.bank_groups = 2;
  device.banks_per_group = 3;
  device.rows = 12;
  device.columns = 32;
  device.access_bytes = 32;
  device.ticks_per_clock = 2;
  return device;
}

/// What holds for every trace that a reader accepts.
void check(const MemoryTrace& trace, const DramDevice& device) {
  ORRERY_REQUIRE(trace.units.size() == 6);
  std::int64_t writes = 0;
  std::int64_t all = 0;
  for (const auto& unit : trace.units) {
    std::int64_t before = 0;
    for (const MemoryAccess& access : unit) {
      ORRERY_REQUIRE(access.rank < device.ranks && access.group < device.bank_groups);
      ORRERY_REQUIRE(access.bank < device.banks_per_group);
      ORRERY_REQUIRE(access.row >= 0 && access.row < device.rows);
      ORRERY_REQUIRE(access.column >= 0 && access.column < device.columns);
      ORRERY_REQUIRE(access.tick >= before && access.tick % 2 == 0 && access.tick <= trace.last_tick);
      before = access.tick;
      writes += access.write ? 1 : 0;
      ++all;
    }
  }
  ORRERY_REQUIRE(all > 0 && writes == trace.writes && all == trace.reads + trace.writes);
  ORRERY_REQUIRE(trace.has_cycles || trace.last_tick == 0);
}

/// Reads a text as every format; a refusal must come with errors that can be shown.
void fuzz(std::string_view text) {
  const DramDevice memory = device();
  const AddressMapping mapping = AddressMapping::parse("default", memory, memory.units()).value();
  const std::optional<MemoryTraceFormat> formats[] = {std::nullopt, MemoryTraceFormat::plain,
                                                      MemoryTraceFormat::load_store, MemoryTraceFormat::coordinates,
                                                      MemoryTraceFormat::dramsim3};
  for (const auto& format : formats) {
    Diagnostics diagnostics;
    const auto trace = read_memory_trace_text("trace", std::string(text), memory, mapping, format, diagnostics);
    ORRERY_REQUIRE(trace.has_value() != diagnostics.has_errors());
    if (trace) check(*trace, memory);
    for (const Diagnostic& diagnostic : diagnostics.sorted()) ORRERY_REQUIRE(!to_text(diagnostic).empty());
  }
}

}  // namespace
}  // namespace orrery

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  orrery::fuzz(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
