#pragma once

#include <optional>
#include <vector>

#include "orrery/chip/chip_record.h"
#include "orrery/memory/achievable.h"
#include "orrery/scenario/catalog.h"

namespace orrery {

/// A memory part with the standard that it obeys.
struct PartWithStandard {
  MemoryPartRecord part;
  StandardRecord standard;
  std::vector<ProvenanceItem> provenance;  ///< of both
};
/// Nothing when a problem was reported.
std::optional<PartWithStandard> load_part(const AnyReference& part, const Catalog& catalog, Diagnostics& diagnostics);

/// The memory of a chip at command level, from the catalog.
struct ChipMemoryDevice {
  DramDevice device;       ///< one package
  std::int64_t units = 1;  ///< of all packages
  std::vector<ProvenanceItem> provenance;
};

/// Loads the part that the chip names. Pre: it names one. Nothing when a problem was reported.
std::optional<ChipMemoryDevice> load_chip_memory(const ChipRecord& chip, const Catalog& catalog,
                                                 Diagnostics& diagnostics);

}  // namespace orrery
