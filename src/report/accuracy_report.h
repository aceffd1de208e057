#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orrery/calibration/evaluate.h"
#include "orrery/calibration/power_check.h"
#include "orrery/estimate/serving_accuracy.h"
#include "orrery/report/text_table.h"

namespace orrery {

/// What `orrery validate` found, and how the rows were treated.
struct AccuracyReport {
  std::vector<OperatorAccuracy> operators;
  std::vector<PowerAccuracy> power;
  std::optional<ServingAccuracy> serving;
  std::vector<RowProblem> problems;
};

std::string accuracy_text(const AccuracyReport& report, const TextStyle& style);
/// docs/ACCURACY.md
std::string accuracy_markdown(const AccuracyReport& report);
std::string accuracy_json(const AccuracyReport& report);

}  // namespace orrery
