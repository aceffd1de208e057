#include "orrery/calibration/chip_facts.h"

#include <fmt/format.h>

#include <limits>

#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double rate_of(const std::optional<Sourced<FlopsPerSecond>>& peak) { return peak ? peak->value.si() : kNone; }

}  // namespace

ChipFacts chip_facts(const ChipRecord& chip) {
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
  facts.l2_bytes = chip.l2_cache.value.si();
  facts.power_limit_W = chip.power_limit.value.si();
  facts.link_Bps = chip.link_bandwidth ? chip.link_bandwidth->value.si() : kNone;
  return facts;
}

ChipTable ChipTable::read(const Catalog& catalog, Diagnostics& diagnostics) {
  ChipTable table;
  for (const std::string& id : catalog.ids("chip")) {
    const auto entry = catalog.load<ChipRecord>(AnyReference{id, {}}, diagnostics);
    if (!entry) continue;
    table.add(chip_facts(entry->record), entry->record.aliases);
    if (entry->record.header.status == Status::assumed) table.assumed_.insert(id);
    const auto family = catalog.load<FamilyRecord>(entry->record.family, diagnostics);
    if (!family) continue;
    const auto link = entry->record.link ? catalog.load<LinkRecord>(*entry->record.link, diagnostics) : std::nullopt;
    table.compiled_.emplace(id, Chip(entry->record, family->record, link ? std::optional(link->record) : std::nullopt));
    auto& [provenance, without_link] = table.provenance_[id];
    provenance = entry->provenance;
    provenance.insert(provenance.end(), family->provenance.begin(), family->provenance.end());
    without_link = provenance.size();
    if (link) provenance.insert(provenance.end(), link->provenance.begin(), link->provenance.end());
  }
  return table;
}

void ChipTable::add(ChipFacts facts, std::vector<std::string> aliases) {
  chips_.push_back(std::make_unique<const ChipFacts>(std::move(facts)));
  names_.emplace_back(chips_.back()->id, chips_.back().get());
  for (std::string& alias : aliases) names_.emplace_back(std::move(alias), chips_.back().get());
}

const Chip* ChipTable::chip(const ChipFacts& facts) const {
  const auto found = compiled_.find(facts.id);
  return found == compiled_.end() ? nullptr : &found->second;
}

std::span<const ProvenanceItem> ChipTable::provenance(const ChipFacts& facts, bool with_link) const {
  const auto found = provenance_.find(facts.id);
  if (found == provenance_.end()) return {};
  const auto& [provenance, without_link] = found->second;
  return std::span(provenance).first(with_link ? provenance.size() : without_link);
}

const ChipFacts* ChipTable::find(std::string_view name) const {
  for (const auto& [known, chip] : names_) {
    if (known == name) return chip;
  }
  return nullptr;
}

std::string ChipTable::hint(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& [known, chip] : names_) names.push_back(known);
  const std::string nearest = did_you_mean(std::string(name), names);
  return nearest.empty() ? "" : fmt::format(" ({})", nearest);
}

}  // namespace orrery
