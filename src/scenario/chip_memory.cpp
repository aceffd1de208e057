#include "orrery/scenario/chip_memory.h"

#include "orrery/chip/memory_attachment.h"

namespace orrery {

std::optional<PartWithStandard> load_part(const AnyReference& reference, const Catalog& catalog,
                                          Diagnostics& diagnostics) {
  auto part = catalog.load<MemoryPartRecord>(reference, diagnostics);
  if (!part) return std::nullopt;
  auto standard = catalog.load<StandardRecord>(part->record.standard, diagnostics);
  if (!standard) return std::nullopt;
  std::vector<ProvenanceItem> provenance = std::move(part->provenance);
  provenance.insert(provenance.end(), standard->provenance.begin(), standard->provenance.end());
  return PartWithStandard{std::move(part->record), std::move(standard->record), std::move(provenance)};
}

std::optional<ChipMemoryDevice> load_chip_memory(const ChipRecord& chip, const Catalog& catalog,
                                                 Diagnostics& diagnostics) {
  auto loaded = load_part(*chip.memory.part, catalog, diagnostics);
  if (!loaded) return std::nullopt;
  auto device = attach_memory(chip.memory, loaded->standard, loaded->part, diagnostics);
  if (!device) return std::nullopt;
  const std::int64_t units = memory_units(chip.memory, *device);
  return ChipMemoryDevice{std::move(*device), units, std::move(loaded->provenance)};
}

}  // namespace orrery
