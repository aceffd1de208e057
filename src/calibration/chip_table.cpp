#include "orrery/calibration/chip_table.h"

#include <fmt/format.h>

#include "orrery/base/nearest_name.h"

namespace orrery {

ChipTable ChipTable::read(const Catalog& catalog, Diagnostics& diagnostics) {
  ChipTable table;
  for (const std::string& id : catalog.ids("chip")) {
    auto chip = catalog.load<ChipRecord>(AnyReference{id, {}}, diagnostics);
    if (!chip) continue;
    auto entry = std::make_unique<Entry>();
    entry->record = std::move(chip->record);
    entry->provenance = std::move(chip->provenance);
    const auto add_provenance = [&](const std::vector<ProvenanceItem>& items) {
      entry->provenance.insert(entry->provenance.end(), items.begin(), items.end());
    };
    if (auto family = catalog.load<FamilyRecord>(entry->record->family, diagnostics)) {
      entry->family = std::move(family->record);
      add_provenance(family->provenance);
    }
    if (entry->record->memory.part) {
      entry->memory = load_chip_memory(*entry->record, catalog, diagnostics);
      if (!entry->memory) continue;
      add_provenance(entry->memory->provenance);
    }
    entry->provenance_without_link = entry->provenance.size();
    if (entry->record->link) {
      if (auto link = catalog.load<LinkRecord>(*entry->record->link, diagnostics)) {
        entry->link = std::move(link->record);
        add_provenance(link->provenance);
      }
    }
    table.names_.emplace_back(id, entry.get());
    for (const std::string& alias : entry->record->aliases) table.names_.emplace_back(alias, entry.get());
    table.entries_.emplace(id, std::move(entry));
  }
  return table;
}

void ChipTable::add(ChipFacts facts, std::vector<std::string> aliases) {
  auto entry = std::make_unique<Entry>();
  names_.emplace_back(facts.id, entry.get());
  for (std::string& alias : aliases) names_.emplace_back(std::move(alias), entry.get());
  const std::string id = facts.id;
  entry->facts = std::move(facts);
  entries_.emplace(id, std::move(entry));
}

/// Pre: the caller holds the mutex.
void ChipTable::compile(Entry& entry) const {
  AchievableShares shares;
  if (entry.memory) shares = shares_->cache.of(entry.memory->device, entry.memory->units);
  entry.facts = chip_facts(*entry.record, shares);
  if (entry.family) entry.chip.emplace(*entry.record, *entry.family, entry.link, shares);
}

const ChipFacts* ChipTable::find(std::string_view name) const {
  for (const auto& [known, entry] : names_) {
    if (known != name) continue;
    const std::lock_guard lock(shares_->mutex);
    if (!entry->facts) compile(*entry);
    return &*entry->facts;
  }
  return nullptr;
}

const ChipTable::Entry* ChipTable::entry_of(const ChipFacts& facts) const {
  const auto found = entries_.find(facts.id);
  return found == entries_.end() ? nullptr : found->second.get();
}

const Chip* ChipTable::chip(const ChipFacts& facts) const {
  const Entry* entry = entry_of(facts);
  return entry != nullptr && entry->chip ? &*entry->chip : nullptr;
}

bool ChipTable::is_assumed(const ChipFacts& facts) const {
  const Entry* entry = entry_of(facts);
  return entry != nullptr && entry->record && entry->record->header.status == Status::assumed;
}

std::span<const ProvenanceItem> ChipTable::provenance(const ChipFacts& facts, bool with_link) const {
  const Entry* entry = entry_of(facts);
  if (entry == nullptr || !entry->family) return {};
  return std::span(entry->provenance).first(with_link ? entry->provenance.size() : entry->provenance_without_link);
}

std::string ChipTable::hint(std::string_view name) const {
  std::vector<std::string> names;
  for (const auto& [known, chip] : names_) names.push_back(known);
  const std::string nearest = did_you_mean(std::string(name), names);
  return nearest.empty() ? "" : fmt::format(" ({})", nearest);
}

}  // namespace orrery
