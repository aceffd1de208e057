#pragma once

#include <optional>
#include <vector>

#include "orrery/network/radio_cell.h"
#include "orrery/scenario/catalog.h"

namespace orrery {

/// A cell, with what its users need of it.
struct RadioAccess {
  RadioCell cell;
  std::optional<RadioCell> anchor;       ///< the LTE cell that controls it
  std::optional<BytesPerSecond> uplink;  ///< of one user: measured, else the highest; none where neither is known
};

/// Compiles a cell and the anchor that it names. Nothing when a problem was reported.
std::optional<RadioAccess> radio_access(const RadioRecord& record, const Catalog& catalog,
                                        std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics);

}  // namespace orrery
