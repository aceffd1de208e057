#pragma once

#include <span>
#include <string>
#include <string_view>

#include "orrery/base/result.h"
#include "orrery/report/json_summary.h"

namespace orrery {

/// What `--require METRIC<=VALUE` asks for.
struct Requirement {
  enum class Relation { at_most, below, at_least, above };

  std::string text;  ///< as given
  std::string path;  ///< of a metric
  Relation relation = Relation::at_most;
  double limit = 0;  ///< in the unit of the metric
};

/// Reads "latency_s.ttft.p95<=1 s" against the metrics that a run has (their values do not matter). The
/// limit carries a unit where the metric has one; a plain metric takes a number or a percentage.
/// Fails with the reason, and the nearest path where there is none of that name.
Result<Requirement> parse_requirement(std::string_view text, std::span<const Metric> metrics);

/// What is wrong: "latency_s.ttft.p95 is 1.23 s, required <= 1 s"; empty when the requirement is met.
/// A metric without a value meets no requirement.
std::string unmet(const Requirement& requirement, std::span<const Metric> metrics);

}  // namespace orrery
