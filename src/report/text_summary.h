#pragma once

#include <string>

#include "orrery/report/text_table.h"
#include "orrery/scenario/results.h"

namespace orrery {

/// The page that a person reads after a run: what was simulated, latencies, throughput, pools, energy, cost,
/// carbon, SLOs, provenance and speed, in about 45 lines of 100 columns at most. Lists that would be longer end in how
/// many more there are; json_summary() has them all.
std::string text_summary(const Results& results, const TextStyle& style);

}  // namespace orrery
