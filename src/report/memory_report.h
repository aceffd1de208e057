#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "orrery/memory/memory_run.h"
#include "orrery/report/text_table.h"
#include "orrery/schema/entry.h"

namespace orrery {

/// One part under one pattern.
struct MemoryRow {
  std::string part;     ///< as asked for: an id, with a height where one was given
  std::string pattern;  ///< or the name of a trace
  DramDevice device;
  std::int64_t units_of_memory = 1;  ///< of all packages; those simulated are in the answer
  ControllerSettings settings;
  Injection injection;
  std::optional<double> load;
  std::string mapping;
  MemoryAnswer answer;
  bool checked = false;
  double cpu_s = 0;
  bool activation_clamped = false;
  double energy_low = 1;  ///< band of the truth, as multiples
  double energy_high = 1;

  double seconds() const { return static_cast<double>(answer.end_tick) * device.tick_seconds(); }
  double payload_bytes() const { return static_cast<double>(answer.payload_bursts() * device.access_bytes); }
  /// Of the units that were simulated.
  double bytes_per_second() const { return payload_bytes() / seconds(); }
  double share_of_peak() const {
    return bytes_per_second() / (device.peak_bytes_per_second() * static_cast<double>(answer.units));
  }
  double memory_bytes_per_second() const { return share_of_peak() * memory_peak(); }
  double memory_peak() const { return device.peak_bytes_per_second() * static_cast<double>(units_of_memory); }
  double row_hit_share() const;
  /// Refreshes owed beyond what the standard allows.
  std::int64_t refreshes_behind() const;
  double overhead_share() const { return static_cast<double>(answer.overhead) / static_cast<double>(answer.bursts()); }
  std::optional<double> picojoules_per_bit() const;
};

/// A row of a table for each, what was simulated, and what the checker found.
std::string memory_text(std::span<const MemoryRow> rows, std::span<const ProvenanceItem> provenance,
                        const TextStyle& style);
/// One row is the object itself; several are the list `results`.
std::string memory_json(std::span<const MemoryRow> rows, std::span<const ProvenanceItem> provenance);

/// Bandwidth against latency: a table and a plot. Pre: the rows differ in their load.
std::string memory_curve_text(std::span<const MemoryRow> rows, std::span<const ProvenanceItem> provenance,
                              const TextStyle& style);

/// clock,command,channel,unit,rank,group,bank,row,column; what a command does not carry is empty.
std::string command_csv_head();
std::string command_csv_line(const DramDevice& device, std::int64_t unit, const IssuedCommand& command);

/// from_us,to_us,W and a column for each kind of energy, in watts.
std::string power_csv(const MemoryRow& row);

}  // namespace orrery
