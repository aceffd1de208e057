#pragma once

#include "orrery/scenario/scenario_record.h"
#include "orrery/scenario/system.h"

namespace orrery {

/// Joins pools to those that compute their prompts: finds them, checks that they go together, and prices the path
/// between them. Reports every pool that is named and cannot be used, and every service of a pool that has none.
/// `pool_nodes` are the pools of the scenario, for places. Pools that were not compiled are left out of the system.
void join_prefill(const ScenarioRecord& scenario, const Node& pool_nodes, const Catalog& catalog, System& system,
                  Diagnostics& diagnostics);

}  // namespace orrery
