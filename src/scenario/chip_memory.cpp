#include "orrery/scenario/chip_memory.h"

#include "orrery/chip/memory_attachment.h"

namespace orrery {

std::optional<ChipMemoryDevice> load_chip_memory(const ChipRecord& chip, const Catalog& catalog,
                                                 Diagnostics& diagnostics) {
  const auto part = catalog.load<MemoryPartRecord>(*chip.memory.part, diagnostics);
  if (!part) return std::nullopt;
  const auto standard = catalog.load<StandardRecord>(part->record.standard, diagnostics);
  if (!standard) return std::nullopt;
  auto device = attach_memory(chip.memory, standard->record, part->record, diagnostics);
  if (!device) return std::nullopt;
  const std::int64_t units = memory_units(chip.memory, *device);
  return ChipMemoryDevice{std::move(*device), units, part->provenance, standard->provenance};
}

}  // namespace orrery
