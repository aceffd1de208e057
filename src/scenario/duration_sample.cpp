#include "orrery/scenario/duration_sample.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr double kSecondsPerPicosecond = 1e-12;

/// Percentiles of ascending fractions by selection, without sorting what lies between them. Linear interpolation
/// between order statistics, as numpy does by default.
class Percentiles {
 public:
  explicit Percentiles(std::vector<std::int64_t>& values) : values_(values), from_(values.begin()) {}

  /// Pre: no smaller than the fraction before.
  double at(double fraction) {
    const double rank = fraction * static_cast<double>(values_.size() - 1);
    const auto below = static_cast<std::ptrdiff_t>(rank);
    const auto position = values_.begin() + below;
    std::nth_element(from_, position, values_.end());
    from_ = position;
    const auto low = static_cast<double>(*position);
    const auto next = position + 1;
    const double high = next == values_.end() ? low : static_cast<double>(*std::min_element(next, values_.end()));
    return (low + (rank - static_cast<double>(below)) * (high - low)) * kSecondsPerPicosecond;
  }

 private:
  std::vector<std::int64_t>& values_;
  std::vector<std::int64_t>::iterator from_;
};

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
  Int128 sum = 0;
  for (const std::int64_t value : values_) sum += value;
  result.count = static_cast<std::int64_t>(values_.size());
  result.mean = static_cast<double>(sum) / static_cast<double>(result.count) * kSecondsPerPicosecond;
  Percentiles percentiles(values_);
  result.p50 = percentiles.at(0.50);
  result.p90 = percentiles.at(0.90);
  result.p95 = percentiles.at(0.95);
  result.p99 = percentiles.at(0.99);
  result.max = percentiles.at(1);
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
