#pragma once

#include <string>
#include <vector>

#include "orrery/calibration/evaluate.h"
#include "orrery/estimate/deployment_table.h"

namespace orrery {

/// Errors of the estimates of some runs.
struct ServingErrors {
  ErrorSummary tpot;
  ErrorSummary ttft;       ///< of runs whose measured TTFT is 5 s or less: beyond, the queue is what was measured
  double tpot_inside = 0;  ///< share of the runs inside the 80 % band
  double ttft_inside = 0;
};

/// The runs of one group, by what the report shows them by.
struct ServingGroup {
  std::string by;  ///< "framework", "gpu", "model", "precision", "mode", "concurrency"
  std::string name;
  ServingErrors calibrated;  ///< with all that is known of the chip
  ServingErrors datasheet;   ///< as if none of the chip's kernels had been measured
};

struct ServingAccuracy {
  std::string file;
  std::size_t rows = 0;
  std::size_t scoreable = 0;
  std::size_t answered = 0;          ///< of those
  ServingGroup fitted;               ///< runs that the frameworks' constants were fitted on
  ServingGroup unseen;               ///< the others
  std::vector<ServingGroup> groups;  ///< of the others
};

/// One run, read and estimated.
struct ScoredRun {
  DeploymentRow row;
  std::vector<std::pair<std::string, std::string>> labels;  ///< what the report groups it by
  ServingEstimate calibrated;
  ServingEstimate datasheet;
};

/// Estimates every scoreable row twice. Rows that cannot be answered go to `problems`.
/// Fails when a column is missing. Pre: the catalog's chips and frameworks were read without errors.
Result<ServingAccuracy> evaluate_serving(const MeasurementTable& table, const Catalog& catalog, const ChipTable& chips,
                                         std::vector<RowProblem>& problems, Diagnostics& diagnostics);

}  // namespace orrery
