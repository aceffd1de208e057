#pragma once

#include <cmath>
#include <compare>
#include <cstdint>
#include <limits>

#include "orrery/base/quantity.h"
#include "orrery/base/result.h"

namespace orrery {

/// A point in simulated time or a span of it: whole picoseconds, up to 106.75 days.
class SimTime {
 public:
  static constexpr double kPicosecondsPerSecond = 1e12;

  constexpr SimTime() = default;
  constexpr explicit SimTime(std::int64_t picoseconds) : ps_(picoseconds) {}
  constexpr std::int64_t ps() const { return ps_; }
  constexpr Seconds seconds() const { return Seconds(static_cast<double>(ps_) * 1e-12); }
  /// Later than every event: "never".
  static constexpr SimTime never() { return SimTime(std::numeric_limits<std::int64_t>::max()); }

  friend constexpr SimTime operator+(SimTime a, SimTime b) { return SimTime(a.ps_ + b.ps_); }
  friend constexpr SimTime operator-(SimTime a, SimTime b) { return SimTime(a.ps_ - b.ps_); }
  friend constexpr auto operator<=>(SimTime a, SimTime b) = default;

 private:
  std::int64_t ps_ = 0;
};

/// The longest span that SimTime can hold.
inline constexpr Seconds kLongestSimTime{9.2e6};

/// Rounds to the nearest picosecond. Pre: 0 <= t <= kLongestSimTime.
inline SimTime to_sim_time(Seconds t) {
  ORRERY_CHECK(t.si() >= 0 && t <= kLongestSimTime);
  return SimTime(std::llround(t.si() * SimTime::kPicosecondsPerSecond));
}

}  // namespace orrery
