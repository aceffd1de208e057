#include "orrery/fleet/daily_arrivals.h"

#include <algorithm>

#include "orrery/base/result.h"

namespace orrery {
namespace {

constexpr std::size_t kMinutes = 1440;  // of a day
constexpr double kMinute = 60;          // seconds

}  // namespace

DailyArrivals::DailyArrivals(const DailyCurve& curve, Hertz mean_rate, Seconds starts_at, Seconds duration,
                             RandomStream stream)
    : curve_(&curve), end_(duration.si()), stream_(stream) {
  ORRERY_CHECK(mean_rate > Hertz(0) && duration >= Seconds(0));
  minutes_.reserve(kMinutes);
  for (std::size_t i = 0; i < kMinutes; ++i) {
    const auto from = static_cast<double>(i) * kMinute;
    const DailyCurve::Bounds bounds = curve.bounds(Seconds(from), Seconds(from + kMinute));
    minutes_.push_back(
        {mean_rate.si() * bounds.most * kMinute, bounds.most, bounds.most > 0 ? bounds.least / bounds.most : 0});
  }
  const double start = time_of_day(starts_at).si();
  midnight_ = -start;
  minute_ = std::min(static_cast<std::size_t>(start / kMinute), kMinutes - 1);
  position_ = start / kMinute - static_cast<double>(minute_);
}

bool DailyArrivals::is_kept(const Minute& minute, double time_of_day) {
  const double draw = stream_.uniform();
  return draw < minute.sure || draw * minute.most < curve_->at(Seconds(time_of_day));
}

std::optional<Seconds> DailyArrivals::next() {
  if (over_) return std::nullopt;
  double gap = stream_.exponential();  // in candidates
  for (;;) {
    const Minute& minute = minutes_[minute_];
    const double left = (1 - position_) * minute.candidates;
    if (gap < left) {
      position_ += gap / minute.candidates;
      const double time = (static_cast<double>(minute_) + position_) * kMinute;
      if (midnight_ + time > end_) break;
      if (is_kept(minute, time)) return Seconds(std::max(0.0, midnight_ + time));  // never before the start by rounding
      gap = stream_.exponential();
      continue;
    }
    gap -= left;
    position_ = 0;
    if (++minute_ == kMinutes) {
      minute_ = 0;
      midnight_ += kDay.si();
    }
    if (midnight_ + static_cast<double>(minute_) * kMinute > end_) break;
  }
  over_ = true;
  return std::nullopt;
}

}  // namespace orrery
