#pragma once

#include <string>

#include "orrery/base/json_writer.h"
#include "orrery/estimate/serving_accuracy.h"
#include "orrery/report/text_table.h"

namespace orrery {

std::string serving_accuracy_text(const ServingAccuracy& accuracy, const TextStyle& style);
/// A section of docs/ACCURACY.md.
std::string serving_accuracy_markdown(const ServingAccuracy& accuracy);
/// One object of a JSON document.
void write_serving_accuracy(JsonWriter& json, const ServingAccuracy& accuracy);

}  // namespace orrery
