#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orrery/scenario/system.h"

namespace orrery {

/// Binds one pool to its catalog entries, checks that they go together and prepares its tables.
/// `node` is the pool's own mapping, for places; `folder` is where a config.json's path starts.
/// Nothing when a problem was reported.
std::optional<SystemPool> compile_pool(const Named<PoolRecord>& pool, const Node& node, const std::string& folder,
                                       const Catalog& catalog, AchievableShareCache& shares,
                                       std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics);

/// Appends the items whose path is not there yet: an entry that two pools share counts once.
void add_provenance(std::vector<ProvenanceItem>& all, const std::vector<ProvenanceItem>& items);

}  // namespace orrery
