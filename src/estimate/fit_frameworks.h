#pragma once

#include <string>
#include <vector>

#include "orrery/estimate/deployment_table.h"

namespace orrery {

/// Where the runs come from, for the sources of the entries.
struct DeploymentSource {
  std::string title;
  std::string publisher;
  std::string date;
  std::string fit_date;
};

/// Fits the constants of every framework on the runs of its fitting half (DeploymentRow::is_for_fitting), drawn toward
/// FrameworkTimes::kPriors, and bands from the same half, each deployment judged by constants that it took no part
/// in. Robust: the mean of |ln(estimate / measured)|, of TTFT with a third of the weight and only up to 5 s. Runs that
/// cannot be answered are left out. Deterministic.
std::vector<FrameworkRecord> fit_frameworks(const MeasurementTable& table, const Catalog& catalog,
                                            const ChipTable& chips, const DeploymentSource& source,
                                            Diagnostics& diagnostics);

}  // namespace orrery
