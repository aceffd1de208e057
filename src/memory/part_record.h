#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/memory/energy_record.h"
#include "orrery/memory/standard_record.h"

namespace orrery {

struct MemoryKind {
  static constexpr std::string_view kName = "memory";
};

/// One timing of a part: whole clocks, a time that is rounded up to whole clocks, or the larger of both.
struct TimingValue {
  std::optional<Sourced<std::int64_t>> clocks;
  std::optional<Sourced<Seconds>> time;
  std::optional<Seconds> low;
  std::optional<Seconds> high;
  Place place;
};
constexpr RecordName record_name(const TimingValue*) {
  return {"TimingValue", "Whole clocks, a time rounded up to whole clocks, or the larger of both"};
}
template <class Visitor>
void visit(Visitor& v, TimingValue& r) {
  v.optional("clocks", r.clocks, "Clocks; with `time`, the least number of them", in_range(0, 1e6));
  v.optional("time", r.time, "Rounded up to whole clocks", in_range(Seconds(0), Seconds(1e-3)));
  v.optional("low", r.low, "Least value among public sources", in_range(Seconds(0), Seconds(1e-3)));
  v.optional("high", r.high, "Largest value among public sources", in_range(Seconds(0), Seconds(1e-3)));
  v.place(r.place);
}

/// What one unit holds, and how many units a stack, package or module has.
struct PartOrganization {
  Sourced<std::int64_t> data_pins;
  Sourced<std::int64_t> channels;
  Sourced<std::int64_t> units_per_channel;
  Sourced<std::int64_t> ranks;
  Sourced<std::int64_t> bank_groups;
  Sourced<std::int64_t> banks_per_group;
  Sourced<std::int64_t> rows;
  Sourced<std::int64_t> columns;
  std::optional<Sourced<std::int64_t>> dies_per_rank;
  std::vector<std::int64_t> heights;
  Place place;
};
constexpr RecordName record_name(const PartOrganization*) {
  return {"PartOrganization", "What one unit holds, and how many units a stack, package or module has"};
}
template <class Visitor>
void visit(Visitor& v, PartOrganization& r) {
  v.required("data_pins", r.data_pins, "Of one stack, package or module, without those for error correction",
             in_range(1, 1 << 16));
  v.required("channels", r.channels, "Of one stack, package or module", in_range(1, 256));
  v.required("units_per_channel", r.units_per_channel, "Pseudo channels or subchannels of a channel", in_range(1, 8));
  v.required("ranks", r.ranks, "Ranks, or stack ids of a stack", in_range(1, 4));
  v.required("bank_groups", r.bank_groups, "Of a rank", in_range(1, 16));
  v.required("banks_per_group", r.banks_per_group, "Of a bank group", in_range(1, 32));
  v.required("rows", r.rows, "Of a bank", in_range(1, 1 << 24));
  v.required("columns", r.columns, "Bursts of a row", in_range(1, 1 << 16));
  v.optional("dies_per_rank", r.dies_per_rank,
             "Dies of a stack that share a stack id; left out where nothing is stacked", in_range(1, 16));
  v.optional_list("heights", r.heights, "Dies that a stack of this part can have");
  v.place(r.place);
}

/// A memory part: a stack, package or module of one speed bin of a standard.
struct MemoryPartRecord {
  EntryHeader header;
  Reference<StandardKind> standard;
  Sourced<BytesPerSecond> pin_rate;
  PartOrganization organization;
  std::vector<Named<TimingValue>> timings;
  std::optional<EnergyRecord> energy;
};
constexpr RecordName record_name(const MemoryPartRecord*) {
  return {"MemoryPart", "A memory part: a stack, package or module of one speed bin of a standard"};
}
template <class Visitor>
void visit(Visitor& v, MemoryPartRecord& r) {
  visit_header(v, r.header);
  v.required("standard", r.standard, "Rules that it obeys");
  v.required("pin_rate", r.pin_rate, "Of one data pin, as in 6.4 Gbit/s",
             in_range(BytesPerSecond(1e7), BytesPerSecond(1e11)));
  v.required("organization", r.organization, "Units, ranks, banks, rows and columns");
  v.required("timings", r.timings, "Every timing that the standard names");
  v.optional("energy", r.energy, "Currents or energies; left out where none are known");
}

/// Reports timings without a value, ranges out of order, and heights that are not whole stack ids. What needs the
/// standard is reported by compile_device.
void check_physics(const MemoryPartRecord& part, Diagnostics& diagnostics);

}  // namespace orrery
