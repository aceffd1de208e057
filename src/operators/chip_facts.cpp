#include "orrery/operators/chip_facts.h"

namespace orrery {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double rate_of(const std::optional<Sourced<FlopsPerSecond>>& peak) { return peak ? peak->value.si() : kNone; }

}  // namespace

ChipFacts chip_facts(const ChipRecord& chip, const AchievableShares& shares) {
  ChipFacts facts;
  facts.id = chip.header.id;
  facts.generation = chip.family.id.substr(0, chip.family.id.find('-'));
  facts.matrix_class = chip.matrix_class;
  facts.units = static_cast<double>(chip.compute_units.value);
  facts.clock_Hz = chip.matrix_clock.value.si();
  if (chip.exponentials_per_clock_per_unit) facts.exponentials_per_clock = chip.exponentials_per_clock_per_unit->value;
  facts.bf16_flops = rate_of(chip.dense_peak.bf16);
  facts.fp8_flops = rate_of(chip.dense_peak.fp8);
  facts.int8_flops = rate_of(chip.dense_peak.int8);
  facts.fp4_flops = rate_of(chip.dense_peak.fp4);
  facts.bandwidth_Bps = chip.memory.bandwidth.value.si();
  for (std::size_t kind = 0; kind < shares.size(); ++kind) facts.memory_share[kind] = shares[kind].of_pin_rate();
  facts.l2_bytes = chip.l2_cache.value.si();
  facts.power_limit_W = chip.power_limit.value.si();
  facts.link_Bps = chip.link_bandwidth ? chip.link_bandwidth->value.si() : kNone;
  return facts;
}

}  // namespace orrery
