#include <algorithm>
#include <cstdlib>
#include <numeric>

#include "orrery/scenario/trace_rows.h"

namespace orrery {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000'000;  // in picoseconds
constexpr std::int64_t kLastPicosecond = static_cast<std::int64_t>(kLongestSimTime.si()) * 1000 * kMillisecond;
constexpr std::size_t kFewestTicks = 10;
constexpr std::int64_t kJitter = 500;  // a tick may be late or early by the interval over this

std::int64_t nearest_multiple(std::int64_t value, std::int64_t interval) {
  return (value + interval / 2) / interval * interval;
}

/// The interval at which the clock of a trace ticks, or 0 where it shows none: the greatest step that
/// divides every time, or, for a clock that is a little early or late, the step that is most frequent
/// between neighbouring ticks, if every time lies within a 500th of it of one of its multiples.
/// Fewer than 10 ticks, or no two requests in one, are no evidence of a coarse clock.
std::int64_t tick_interval(const std::vector<std::int64_t>& times) {
  std::int64_t divisor = 0;
  std::vector<std::int64_t> steps;
  for (std::size_t i = 1; i < times.size(); ++i) {
    divisor = std::gcd(divisor, times[i]);
    if (times[i] != times[i - 1]) steps.push_back(times[i] - times[i - 1]);
  }
  if (times.empty() || steps.size() + 1 < kFewestTicks || steps.size() + 1 == times.size()) return 0;
  divisor = std::gcd(divisor, times.front());
  // A tick that reaches beyond the longest run cannot be spread.
  const std::int64_t widest = kLastPicosecond - times.back();
  if (divisor > kMillisecond) return divisor <= widest ? divisor : 0;
  std::sort(steps.begin(), steps.end());
  std::int64_t interval = 0;
  std::ptrdiff_t most = 0;
  for (auto first = steps.begin(); first != steps.end();) {
    const auto last = std::upper_bound(first, steps.end(), *first);
    if (last - first > most) {
      most = last - first;
      interval = *first;
    }
    first = last;
  }
  if (interval <= kMillisecond || interval > widest) return 0;
  const bool fits = std::all_of(times.begin(), times.end(), [&](std::int64_t time) {
    return std::abs(time - nearest_multiple(time, interval)) <= interval / kJitter;
  });
  return fits ? interval : 0;
}

/// Puts request i of the k of a tick at (i + 0.5) / k of the interval that begins with the tick:
/// left on their tick they would be bursts that nobody sent.
void spread(std::vector<std::int64_t>& times, std::int64_t interval) {
  for (std::size_t first = 0; first < times.size();) {
    const std::int64_t tick = nearest_multiple(times[first], interval);
    std::size_t last = first;
    while (last < times.size() && nearest_multiple(times[last], interval) == tick) ++last;
    const auto count = static_cast<double>(last - first);
    for (std::size_t i = first; i < last; ++i) {
      const double share = (static_cast<double>(i - first) + 0.5) / count;
      times[i] = tick + static_cast<std::int64_t>(share * static_cast<double>(interval));
    }
    first = last;
  }
}

}  // namespace

SimTime spread_over_ticks(std::vector<std::int64_t>& times) {
  const std::int64_t interval = tick_interval(times);
  if (interval > 0) spread(times, interval);
  return SimTime(interval);
}

}  // namespace orrery
