#include "orrery/calibration/chip_table.h"

#include <fmt/format.h>

#include "orrery/base/nearest_name.h"
#include "orrery/scenario/chip_memory.h"

namespace orrery {
ChipTable ChipTable::read(const Catalog& catalog, Diagnostics& diagnostics) {
  ChipTable table;
  AchievableShareCache shares;
  for (const std::string& id : catalog.ids("chip")) {
    const auto entry = catalog.load<ChipRecord>(AnyReference{id, {}}, diagnostics);
    if (!entry) continue;
    std::optional<ChipMemoryDevice> memory;
    AchievableShares memory_shares;
    if (entry->record.memory.part) {
      memory = load_chip_memory(entry->record, catalog, diagnostics);
      if (!memory) continue;
      memory_shares = shares.of(memory->device, memory->units);
    }
    table.add(chip_facts(entry->record, memory_shares), entry->record.aliases);
    if (entry->record.header.status == Status::assumed) table.assumed_.insert(id);
    const auto family = catalog.load<FamilyRecord>(entry->record.family, diagnostics);
    if (!family) continue;
    const auto link = entry->record.link ? catalog.load<LinkRecord>(*entry->record.link, diagnostics) : std::nullopt;
    table.compiled_.emplace(
        id, Chip(entry->record, family->record, link ? std::optional(link->record) : std::nullopt, memory_shares));
    auto& [provenance, without_link] = table.provenance_[id];
    provenance = entry->provenance;
    provenance.insert(provenance.end(), family->provenance.begin(), family->provenance.end());
    if (memory) provenance.insert(provenance.end(), memory->provenance.begin(), memory->provenance.end());
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
