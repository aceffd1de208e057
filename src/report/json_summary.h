#pragma once

#include <optional>
#include <string>
#include <vector>

#include "orrery/base/unit.h"
#include "orrery/scenario/results.h"

namespace orrery {

/// Of the object that `run --json` prints. It grows when a field is renamed or changes its meaning, not
/// when one is added.
inline constexpr int kSummarySchemaVersion = 1;

enum class SummaryTiming { included, left_out };

/// The object that `run --json` prints and summary.json keeps; its fields are named in docs/METRICS.md.
/// Units stand in the names (`_s`, `_J`, `_usd`, `_g`, `_W`). A figure that does not exist, as the TPOT of
/// a run without answers of two tokens, is null. Without `wall_s` and `cpu_s` equal runs give equal text.
std::string json_summary(const Results& results, SummaryTiming timing = SummaryTiming::included);

/// One number of the summary under its path: "latency_s.ttft.p95".
struct Metric {
  std::string path;
  std::optional<double> value;  ///< nothing where the summary holds null
  Dimension dimension{};        ///< the value is in SI units of it; all zero for counts and shares
};

/// Every number of the summary, in its order, but for those of `slo`.
std::vector<Metric> summary_metrics(const Results& results);

}  // namespace orrery
