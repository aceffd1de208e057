#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/chip/compression_record.h"
#include "orrery/chip/systolic.h"
#include "orrery/memory/part_record.h"
#include "orrery/network/link_record.h"
#include "orrery/schema/entry.h"

namespace orrery {

struct FamilyKind {
  static constexpr std::string_view kName = "family";
};
struct ChipKind {
  static constexpr std::string_view kName = "chip";
};

/// How the matrix units are fed, which decides the shape of kernel times.
enum class MatrixClass { async, sync, systolic };
template <>
struct EnumNames<MatrixClass> {
  static constexpr EnumRow<MatrixClass> kRows[] = {
      {MatrixClass::async, "async", "bulk copies and asynchronous matrix units, persistent kernels"},
      {MatrixClass::sync, "sync", "warp-synchronous matrix instructions, waves of tiles"},
      {MatrixClass::systolic, "systolic", "fixed arrays"},
  };
};

/// Dense peaks (no sparsity) by the precision that the matrix units compute in.
struct DensePeaks {
  std::optional<Sourced<FlopsPerSecond>> bf16;
  std::optional<Sourced<FlopsPerSecond>> fp8;
  std::optional<Sourced<FlopsPerSecond>> int8;
  std::optional<Sourced<FlopsPerSecond>> fp4;
};
constexpr RecordName record_name(const DensePeaks*) {
  return {"DensePeaks", "Dense peak rates, without sparsity, by the precision of the arithmetic"};
}
template <class Visitor>
void visit(Visitor& v, DensePeaks& r) {
  const Range range = in_range(FlopsPerSecond(1e9), FlopsPerSecond(1e18));
  v.optional("bf16", r.bf16, "bf16 or fp16 with fp32 accumulation", range);
  v.optional("fp8", r.fp8, "fp8 with fp32 accumulation", range);
  v.optional("int8", r.int8, "int8 with int32 accumulation; an operation counts as a FLOP", range);
  v.optional("fp4", r.fp4, "4-bit float (nvfp4, mxfp4)", range);
}

/// The memory attached to one chip.
struct ChipMemory {
  std::string type;
  Sourced<Bytes> capacity;
  Sourced<Bytes> reserved;
  Sourced<BytesPerSecond> bandwidth;
  std::optional<Sourced<std::int64_t>> bus_width_bits;
  std::optional<Sourced<BytesPerSecond>> pin_rate;
  std::optional<Reference<MemoryKind>> part;
  std::optional<Sourced<std::int64_t>> packages;
  std::optional<Sourced<std::int64_t>> height;
  Place place;
};
constexpr RecordName record_name(const ChipMemory*) { return {"ChipMemory", "The memory attached to one chip"}; }
template <class Visitor>
void visit(Visitor& v, ChipMemory& r) {
  v.required("type", r.type, "Generation, as in HBM3 or GDDR6");
  v.required("capacity", r.capacity, "Installed", in_range(Bytes(1e6), Bytes(1e13)));
  v.required("reserved", r.reserved, "What driver, firmware and ECC keep from the programs",
             in_range(Bytes(0), Bytes(1e12)));
  v.required("bandwidth", r.bandwidth, "Peak", in_range(BytesPerSecond(1e6), BytesPerSecond(1e15)));
  v.optional("bus_width_bits", r.bus_width_bits, "Data pins", in_range(1, 1e6));
  v.optional("pin_rate", r.pin_rate, "Of one data pin, as in 6.4 Gbit/s",
             in_range(BytesPerSecond(1e6), BytesPerSecond(1e12)));
  v.optional("part", r.part,
             "What it is made of, from which row misses, turnarounds and refresh follow; left out, none are counted");
  v.optional("packages", r.packages, "Stacks or packages of the part, side by side; needed with `part`",
             in_range(1, 1024));
  v.optional("height", r.height, "Dies of a stack; left out, as in the part's file", in_range(1, 64));
  v.place(r.place);
}

/// What a maker promised of a chip, to set beside what comes out; no model reads it.
struct ChipClaims {
  std::optional<Sourced<double>> weight_traffic;
  std::optional<Sourced<double>> energy_efficiency;
};
constexpr RecordName record_name(const ChipClaims*) {
  return {"ChipClaims", "What a maker promised of a chip, to set beside what comes out; no model reads it"};
}
template <class Visitor>
void visit(Visitor& v, ChipClaims& r) {
  v.optional("weight_traffic", r.weight_traffic, "Memory traffic of weights as a share of bf16", in_range(0.001, 1));
  v.optional("energy_efficiency", r.energy_efficiency, "Times better than what it was compared with",
             in_range(0.01, 1000));
}

/// One accelerator, as its maker describes it. A new chip is one file with these keys.
struct ChipRecord {
  EntryHeader header;
  std::vector<std::string> aliases;
  Reference<FamilyKind> family;
  std::optional<Reference<ChipKind>> kernels_of;
  MatrixClass matrix_class = MatrixClass::async;
  Sourced<std::int64_t> compute_units;
  Sourced<Hertz> matrix_clock;
  std::optional<Sourced<std::int64_t>> flop_per_clock_per_unit;
  std::optional<Sourced<double>> exponentials_per_clock_per_unit;
  std::optional<SystolicArray> array;
  DensePeaks dense_peak;
  ChipMemory memory;
  std::optional<CompressionRecord> compression;
  Sourced<Bytes> l2_cache;
  std::optional<Reference<LinkKind>> link;
  std::optional<Sourced<BytesPerSecond>> link_bandwidth;
  Sourced<Watts> power_limit;
  Sourced<Watts> idle_power;
  Sourced<Watts> static_power;
  std::optional<ChipClaims> claims;
};
constexpr RecordName record_name(const ChipRecord*) { return {"Chip", "One accelerator, as its maker describes it"}; }
template <class Visitor>
void visit(Visitor& v, ChipRecord& r) {
  visit_header(v, r.header);
  v.optional_list("aliases", r.aliases, "Other names in data sets");
  v.required("family", r.family, "Kernel efficiencies to use");
  v.optional("kernels_of", r.kernels_of,
             "A measured chip of the same compute units and kind of memory, whose calibrated kernels serve this one");
  v.required("matrix_class", r.matrix_class, "How the matrix units are fed");
  v.required("compute_units", r.compute_units, "Streaming multiprocessors, compute units, cores or arrays",
             in_range(1, 1e5));
  v.required("matrix_clock", r.matrix_clock, "Clock at which the dense peaks hold", in_range(Hertz(1e7), Hertz(1e10)));
  v.optional("flop_per_clock_per_unit", r.flop_per_clock_per_unit, "bf16, dense", in_range(1, 1e6));
  v.optional("exponentials_per_clock_per_unit", r.exponentials_per_clock_per_unit, "Rate of the softmax's exponential",
             in_range(0.1, 1e4));
  v.optional("array", r.array, "The arrays of class systolic; left out in the others");
  v.required("dense_peak", r.dense_peak, "Peak rates by precision");
  v.required("memory", r.memory, "Attached memory");
  v.optional("compression", r.compression, "Tensors kept compressed in memory; left out where the chip has no decoder");
  v.required("l2_cache", r.l2_cache, "Last-level cache on the chip", in_range(Bytes(0), Bytes(1e11)));
  v.optional("link", r.link, "To the other chips of its usual server; left out where it is used alone");
  v.optional("link_bandwidth", r.link_bandwidth,
             "To the other chips of its usual server, one direction; left out where it is used alone",
             in_range(BytesPerSecond(1e6), BytesPerSecond(1e14)));
  v.required("power_limit", r.power_limit, "TDP of one chip", in_range(Watts(0.1), Watts(1e5)));
  v.required("idle_power", r.idle_power, "With nothing to run", in_range(Watts(0), Watts(1e5)));
  v.required("static_power", r.static_power, "While kernels run, whatever they do", in_range(Watts(0), Watts(1e5)));
  v.optional("claims", r.claims, "Promises of the maker, for comparison only");
}

/// Reports contradictions: bandwidth above pins x rate, a part without packages or rate, power out of order, a peak
/// that clock and units cannot give.
void check_physics(const ChipRecord& chip, Diagnostics& diagnostics);

}  // namespace orrery
