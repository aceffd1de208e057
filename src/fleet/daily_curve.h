#pragma once

#include <vector>

#include "orrery/base/quantity.h"
#include "orrery/fleet/daily_curve_record.h"

namespace orrery {

inline constexpr Seconds kDay{86400};

/// The time of day: what is left of a time after whole days. In [0, kDay), of negative times as well.
Seconds time_of_day(Seconds time);

/// A day's curve of demand, divided by its mean: 1 is the mean of the day, 2 twice as much.
///
/// Times are local times of the users in seconds since some midnight, of any sign; the curve repeats every day. A peak
/// is the sum of its images on all days, so that the curve has no step at midnight; images further away than 6.2
/// widths, which add less than 2e-17 of the height, are left out. Valid: entries that check_physics() found nothing in.
/// Days are alike: no weekends, no holidays.
class DailyCurve {
 public:
  explicit DailyCurve(const DailyCurveRecord& record);

  /// Demand at a time over the mean of the day.
  double at(Seconds time) const;
  /// Mean of the curve as the record states it, before the division: closed form,
  /// floor + (sum of sqrt(pi) * height * width + sum of height * length) / 24 h.
  double mean_before_division() const { return mean_; }
  /// Exact integral of at() from one time to another (erf): a mean rate times this is an expected count. kDay over any
  /// whole day; negative where `to` is before `from`.
  Seconds integral(Seconds from, Seconds to) const;

  /// What at() stays between, both ends included.
  struct Bounds {
    double least = 0;
    double most = 0;
  };
  /// Of all times from `from` up to, not including, `to`. The sum of the bounds of each term: never too narrow, and as
  /// wide as the terms differ. Pre: 0 <= from < to <= kDay.
  Bounds bounds(Seconds from, Seconds to) const;

 private:
  struct Bell {  // one image of a peak
    double centre;
    double width;
    double height;
  };
  struct Step {  // a stretch, or the part of it on one side of midnight
    double from;
    double to;
    double height;
  };
  double up_to(double time) const;  // integral before the division, from midnight to a time of the same day

  double floor_ = 0;
  double mean_ = 0;
  std::vector<Bell> bells_;
  std::vector<Step> steps_;
};

}  // namespace orrery
