#include "orrery/scenario/duration_sample.h"

#include "orrery/base/percentiles.h"

namespace orrery {
namespace {

constexpr double kSecondsPerPicosecond = 1e-12;

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
  result.p50 = percentiles.at(0.50) * kSecondsPerPicosecond;
  result.p90 = percentiles.at(0.90) * kSecondsPerPicosecond;
  result.p95 = percentiles.at(0.95) * kSecondsPerPicosecond;
  result.p99 = percentiles.at(0.99) * kSecondsPerPicosecond;
  result.max = percentiles.at(1) * kSecondsPerPicosecond;
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
