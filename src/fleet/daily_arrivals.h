#pragma once

#include <optional>
#include <vector>

#include "orrery/base/random_stream.h"
#include "orrery/fleet/daily_curve.h"

namespace orrery {

/// Arrivals of a Poisson process whose rate follows a day's curve, one by one in time order.
///
/// Thinning, minute by minute of the day: candidates arrive at the upper bound of the rate in their minute, and the
/// share rate / bound of them is kept, so that the process is exact and not only exact on a grid. A minute in which
/// nobody asks has no candidates. A candidate below the lower bound of its minute is kept without a look at the curve.
/// Source: Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", Naval Research Logistics
/// Quarterly 26 (1979).
///
/// Equal arguments give equal arrivals, and a longer duration begins with those of a shorter one.
class DailyArrivals {
 public:
  /// `mean_rate` is that of a whole day. `starts_at`: the users' local time when the run starts; `duration` from there.
  /// Pre: mean_rate > 0, duration >= 0; the curve outlives this.
  DailyArrivals(const DailyCurve& curve, Hertz mean_rate, Seconds starts_at, Seconds duration, RandomStream stream);

  /// The next arrival, counted from the start of the run; nothing once none is left within the duration.
  std::optional<Seconds> next();

 private:
  struct Minute {
    double candidates;  // expected in the whole minute
    double most;        // of the curve
    double sure;        // share of the candidates that is kept whatever the moment
  };
  bool is_kept(const Minute& minute, double time_of_day);

  const DailyCurve* curve_;
  std::vector<Minute> minutes_;
  double end_;       // seconds after the start
  double midnight_;  // the one before the current minute, in seconds after the start
  std::size_t minute_ = 0;
  double position_ = 0;  // in the current minute, 0 to 1
  bool over_ = false;
  RandomStream stream_;
};

}  // namespace orrery
