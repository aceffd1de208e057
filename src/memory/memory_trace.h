#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "orrery/base/diagnostic.h"
#include "orrery/memory/access_source.h"
#include "orrery/memory/address_mapping.h"
#include "orrery/memory/device.h"
#include "orrery/schema/enum_names.h"

namespace orrery {

/// How a trace writes one access in a line. `#` begins a comment in all of them.
enum class MemoryTraceFormat { plain, load_store, coordinates, dramsim3 };
template <>
struct EnumNames<MemoryTraceFormat> {
  static constexpr EnumRow<MemoryTraceFormat> kRows[] = {
      {MemoryTraceFormat::plain, "plain", "`0x12340 R 100`: byte address, R or W, and in all lines or none a cycle"},
      {MemoryTraceFormat::load_store, "load-store", "`LD 0x12340` or `ST 4096`, as Ramulator 2 reads it"},
      {MemoryTraceFormat::coordinates, "coordinates",
       "`R 0,1,2,100,32`: R or W, and a place from channel to column, as Ramulator 2 reads it"},
      {MemoryTraceFormat::dramsim3, "dramsim3", "`0x12340 READ 100`: byte address, READ or WRITE, and a cycle"},
  };
};

/// What a trace asks of each unit of a memory, in the order of its lines. 24 bytes an access.
struct MemoryTrace {
  MemoryTraceFormat format = MemoryTraceFormat::plain;
  std::vector<std::vector<MemoryAccess>> units;
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  bool has_cycles = false;     ///< else all may enter at once
  std::int64_t last_tick = 0;  ///< when the last one may enter
};

/// Reads a trace; what `.gz` holds is unpacked in memory. Without a format, the first line shows it. An address counts
/// bytes and stands for the burst that holds it; a cycle is a clock of the memory. A place names the levels from
/// channel to column; those of one element may be left out. Takes about 50 ns a line.
/// Fails: unreadable-file, unknown-trace-format, invalid-trace-row (the first 20 rows, then how many more; also what
/// lies beyond the memory), unsorted-trace, empty-trace.
std::optional<MemoryTrace> read_memory_trace(const std::string& path, const DramDevice& device,
                                             const AddressMapping& mapping, std::optional<MemoryTraceFormat> format,
                                             Diagnostics& diagnostics);

/// The same for an unpacked text; `name` stands in the messages.
std::optional<MemoryTrace> read_memory_trace_text(const std::string& name, std::string text, const DramDevice& device,
                                                  const AddressMapping& mapping,
                                                  std::optional<MemoryTraceFormat> format, Diagnostics& diagnostics);

/// Gives the accesses of a list, which must outlive it.
class ListSource final : public AccessSource {
 public:
  explicit ListSource(std::span<const MemoryAccess> accesses) : left_(accesses) {}
  std::size_t next(std::span<MemoryAccess> accesses) override;

 private:
  std::span<const MemoryAccess> left_;
};

}  // namespace orrery
