#include "orrery/scenario/duration_sample.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr double kSecondsPerPicosecond = 1e-12;

/// Linear interpolation between order statistics, as numpy does by default.
double percentile(const std::vector<std::int64_t>& sorted, double fraction) {
  const double rank = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const double share = rank - static_cast<double>(below);
  const auto low = static_cast<double>(sorted[below]);
  const auto high = static_cast<double>(sorted[std::min(below + 1, sorted.size() - 1)]);
  return (low + share * (high - low)) * kSecondsPerPicosecond;
}

}  // namespace

void DurationSample::add(std::int64_t ps) {
  if (values_.size() < kExactLimit) {
    values_.push_back(ps);
    return;
  }
  if (values_.size() == kExactLimit && histogram_.count() == 0) {
    for (const std::int64_t value : values_) histogram_.add(value);
  }
  histogram_.add(ps);
}

Distribution DurationSample::summary() {
  if (histogram_.count() > 0) return summarize(histogram_);
  Distribution result;
  if (values_.empty()) return result;
  std::sort(values_.begin(), values_.end());
  Int128 sum = 0;
  for (const std::int64_t value : values_) sum += value;
  result.count = static_cast<std::int64_t>(values_.size());
  result.mean = static_cast<double>(sum) / static_cast<double>(result.count) * kSecondsPerPicosecond;
  result.p50 = percentile(values_, 0.50);
  result.p90 = percentile(values_, 0.90);
  result.p95 = percentile(values_, 0.95);
  result.p99 = percentile(values_, 0.99);
  result.max = static_cast<double>(values_.back()) * kSecondsPerPicosecond;
  return result;
}

Distribution summarize(const LogHistogram& histogram) {
  const auto at = [&](double fraction) { return histogram.quantile(fraction) * kSecondsPerPicosecond; };
  return {histogram.count(),
          histogram.mean() * kSecondsPerPicosecond,
          at(0.50),
          at(0.90),
          at(0.95),
          at(0.99),
          static_cast<double>(histogram.largest()) * kSecondsPerPicosecond};
}

}  // namespace orrery
