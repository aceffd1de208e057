#pragma once

#include <string>

#include "orrery/estimate/serving_accuracy.h"
#include "orrery/report/text_table.h"

namespace orrery {

std::string serving_accuracy_text(const ServingAccuracy& accuracy, const TextStyle& style);
/// A section of docs/ACCURACY.md.
std::string serving_accuracy_markdown(const ServingAccuracy& accuracy);
std::string serving_accuracy_json(const ServingAccuracy& accuracy, const std::vector<RowProblem>& problems);

}  // namespace orrery
