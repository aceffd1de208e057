#include <fmt/format.h>

#include <cmath>

#include "orrery/chip/chip_record.h"
#include "orrery/chip/family_record.h"
#include "orrery/chip/server_record.h"

namespace orrery {
namespace {

constexpr double kGigabitsPerByte = 8e-9;
constexpr double kPinTolerance = 0.01;   // datasheets round the pin rate
constexpr double kPeakTolerance = 0.02;  // and quote boost clocks beside peaks of a slightly other clock

void contradiction(const Place& place, std::string message, Diagnostics& diagnostics, std::string hint = {}) {
  diagnostics.error("impossible-physics", place, std::move(message), std::move(hint));
}

/// `low` may not exceed `high`.
template <class Quantity>
void check_order(std::string_view low_name, const Sourced<Quantity>& low, std::string_view high_name,
                 const Sourced<Quantity>& high, Diagnostics& diagnostics) {
  if (low.value <= high.value) return;
  contradiction(low.place,
                fmt::format("{} ({}) is above {} ({})", low_name, to_text(low.value), high_name, to_text(high.value)),
                diagnostics);
}

void check_memory(const ChipMemory& memory, Diagnostics& diagnostics) {
  if (memory.reserved.value >= memory.capacity.value) {
    contradiction(memory.reserved.place,
                  fmt::format("nothing is left: {} of {} are reserved", to_text(memory.reserved.value),
                              to_text(memory.capacity.value)),
                  diagnostics);
  }
  const auto needs = [&](bool is_there, std::string_view key) {
    if (is_there) return;
    diagnostics.error("missing-key", memory.part->place,
                      fmt::format("'{}' is missing from memory, which names its part", key));
  };
  if (memory.part) {
    needs(memory.packages.has_value(), "packages");
    needs(memory.pin_rate.has_value(), "pin_rate");
  }
  if (!memory.part && (memory.packages || memory.height)) {
    diagnostics.error("missing-key", memory.place, "'part' is missing from memory, which counts packages or dies",
                      "part: which, from `orrery list memory`");
  }
  if (!memory.bus_width_bits || !memory.pin_rate) return;
  const BytesPerSecond pins = static_cast<double>(memory.bus_width_bits->value) * memory.pin_rate->value;
  if (memory.bandwidth.value > (1 + kPinTolerance) * pins) {
    contradiction(
        memory.bandwidth.place,
        fmt::format("{} pins at {:.4g} Gbit/s each carry {}, not {}", memory.bus_width_bits->value,
                    memory.pin_rate->value.si() * kGigabitsPerByte, to_text(pins), to_text(memory.bandwidth.value)),
        diagnostics, "rates are decimal: 1 TB/s is 10^12 B/s; a pin carries bits");
  }
}

void check_peaks(const ChipRecord& chip, Diagnostics& diagnostics) {
  const DensePeaks& peak = chip.dense_peak;
  if (!peak.bf16) {
    diagnostics.error("missing-key", chip.header.place_of("dense_peak"), "'bf16' is missing from dense_peak",
                      "attention, norms and the output layer compute in bf16 on every chip");
    return;
  }
  if (chip.flop_per_clock_per_unit) {
    const double units = static_cast<double>(chip.compute_units.value);
    const double per_clock = static_cast<double>(chip.flop_per_clock_per_unit->value);
    const FlopsPerSecond implied(units * per_clock * chip.matrix_clock.value.si());
    if (std::abs(peak.bf16->value / implied - 1) > kPeakTolerance) {
      contradiction(peak.bf16->place,
                    fmt::format("{} units x {} FLOP per clock x {} give {}, not {}", units, per_clock,
                                to_text(chip.matrix_clock.value), to_text(implied), to_text(peak.bf16->value)),
                    diagnostics, "a peak with 2:4 sparsity is twice the dense one");
    }
  }
  // Half the width gives at most twice the rate; more means another density or a narrower accumulator.
  for (const auto* narrow : {&peak.fp8, &peak.int8}) {
    if (!*narrow || (*narrow)->value <= (2 + 2 * kPeakTolerance) * peak.bf16->value) continue;
    contradiction((*narrow)->place,
                  fmt::format("an 8-bit peak of {} is more than twice the bf16 peak of {}", to_text((*narrow)->value),
                              to_text(peak.bf16->value)),
                  diagnostics, "give dense peaks, with 32-bit accumulation");
  }
}

void check_array(const ChipRecord& chip, Diagnostics& diagnostics) {
  const bool is_systolic = chip.matrix_class == MatrixClass::systolic;
  if (is_systolic && !chip.array) {
    diagnostics.error("missing-key", chip.header.place, "'array' is missing from Chip, which is of class systolic",
                      "array: {rows, columns, dataflow, vector_peak} of each of its compute_units");
  }
  if (!chip.array) return;
  if (!is_systolic) {
    contradiction(chip.array->place, "only a chip of class systolic has arrays", diagnostics,
                  "remove it, or write matrix_class: systolic");
  }
  if (!chip.dense_peak.bf16) return;
  const double multipliers = static_cast<double>(chip.array->rows.value * chip.array->columns.value);
  const FlopsPerSecond implied(2 * static_cast<double>(chip.compute_units.value) * multipliers *
                               chip.matrix_clock.value.si());
  if (std::abs(chip.dense_peak.bf16->value / implied - 1) > kPeakTolerance) {
    contradiction(chip.dense_peak.bf16->place,
                  fmt::format("{} arrays of {} x {} at {} give {}, not {}", chip.compute_units.value,
                              chip.array->rows.value, chip.array->columns.value, to_text(chip.matrix_clock.value),
                              to_text(implied), to_text(chip.dense_peak.bf16->value)),
                  diagnostics, "a multiplier does 2 FLOP per clock");
  }
}

void check_scheme(const CompressionScheme& scheme, Diagnostics& diagnostics) {
  constexpr double kWideBits = 16;
  if (const double bits = bits_per_element(scheme); bits >= kWideBits) {
    contradiction(scheme.place, fmt::format("{:.3g} bits in all: that is no less than bf16", bits), diagnostics,
                  "codes, mask and scales count; larger groups share a scale among more numbers");
  }
  const bool is_pruned = scheme.sparsity.value > 0;
  if (is_pruned && scheme.mask == PruningMask::none) {
    contradiction(scheme.place, "pruned numbers need a mask that says which", diagnostics, "mask: bitmap or entropy");
  }
  if (!is_pruned && scheme.mask != PruningMask::none) {
    contradiction(scheme.place, "a mask without pruned numbers", diagnostics, "mask: none, or a sparsity above 0");
  }
  if (scheme.coding == Coding::binary && scheme.code_bits.value != std::floor(scheme.code_bits.value)) {
    contradiction(scheme.code_bits.place, "binary coding has a whole number of planes", diagnostics);
  }
}

void check_compression(const CompressionRecord& compression, Diagnostics& diagnostics) {
  check_scheme(compression.weights, diagnostics);
  if (compression.kv_cache) check_scheme(*compression.kv_cache, diagnostics);
  if (compression.lookup && compression.weights.coding != Coding::binary) {
    contradiction(compression.weights.place, "tables are indexed by signs: lookup needs binary coding", diagnostics,
                  "coding: binary, or remove lookup");
  }
}

}  // namespace

void check_physics(const ChipRecord& chip, Diagnostics& diagnostics) {
  check_memory(chip.memory, diagnostics);
  check_peaks(chip, diagnostics);
  check_array(chip, diagnostics);
  if (chip.compression) check_compression(*chip.compression, diagnostics);
  check_order("idle_power", chip.idle_power, "static_power", chip.static_power, diagnostics);
  if (chip.static_power.value >= chip.power_limit.value) {
    contradiction(chip.static_power.place,
                  fmt::format("static_power ({}) leaves nothing of power_limit ({})", to_text(chip.static_power.value),
                              to_text(chip.power_limit.value)),
                  diagnostics);
  }
  if (chip.matrix_class != MatrixClass::systolic && !chip.exponentials_per_clock_per_unit) {
    diagnostics.error("missing-key", chip.header.place, "'exponentials_per_clock_per_unit' is missing from Chip",
                      "the softmax of prompts is limited by it on chips of class async and sync");
  }
}

void check_physics(const FamilyRecord& family, Diagnostics& diagnostics) {
  const auto require_energy = [&](bool has_product, bool has_energy, std::string_view product, std::string_view key) {
    if (!has_product || has_energy) return;
    diagnostics.error("missing-key", family.header.place_of("energy"),
                      fmt::format("'{}' is missing from energy, and there is '{}'", key, product));
  };
  require_energy(family.gemm_fp8.has_value(), family.energy.fp8.has_value(), "gemm_fp8", "fp8");
  require_energy(family.gemm_int8.has_value(), family.energy.int8.has_value(), "gemm_int8", "int8");
  require_energy(family.gemm_fp4.has_value(), family.energy.fp4.has_value(), "gemm_fp4", "fp4");
}

void check_physics(const ServerRecord& server, Diagnostics& diagnostics) {
  if (server.chips.value > 1 && !server.link) {
    diagnostics.error("missing-key", server.header.place,
                      fmt::format("'link' is missing from Server, which has {} chips", server.chips.value),
                      "link: how the chips reach each other, from `orrery list link`; PCIe counts");
  }
  if (server.link_bandwidth && !server.link) {
    diagnostics.error("missing-key", server.link_bandwidth->place,
                      "'link' is missing from Server, which has a link_bandwidth");
  }
  check_order("host.idle_power", server.host.idle_power, "host.peak_power", server.host.peak_power, diagnostics);
}

}  // namespace orrery
