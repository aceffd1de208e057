#pragma once

#include <optional>
#include <vector>

#include "orrery/scenario/system.h"

namespace orrery {

/// Finds a pool's drafter and checks that it goes with the model, the chips and the engine. `node` is the mapping
/// `speculation`, for places. Nothing when a problem was reported. Pre: the pool's model, chip and limits are there.
std::optional<SystemSpeculation> load_speculation(const SystemPool& pool, const Chip& chip, const Node& node,
                                                  const Catalog& catalog, std::vector<ProvenanceItem>& provenance,
                                                  Diagnostics& diagnostics);

/// Prices its passes and the verification. Pre: all else of the pool is compiled; the pool has one.
void price_speculation(SystemPool& pool, const Chip& chip);

}  // namespace orrery
