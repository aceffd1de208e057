#include "orrery/network/control_channel.h"

#include <algorithm>
#include <vector>

#include "orrery/base/random_stream.h"

namespace orrery {

double streams_at_control_limit(const RadioCell& cell, const StreamLoad& load) {
  return cell.control_slots_per_second() * cell.pdcch_per_slot() / load.entries_per_second();
}

ControlRun run_control_channel(const RadioCell& cell, const StreamLoad& load, std::int64_t streams, Seconds seconds,
                               std::uint64_t seed) {
  const SlotPattern& pattern = cell.calendar().timing().pattern;
  const auto gap = static_cast<double>(ticks_of(Seconds(1 / load.packets_per_second())));
  std::vector<double> phases;
  for (std::int64_t i = 0; i < streams; ++i) {
    phases.push_back(gap * RandomStream(seed, "network", "stream phases", static_cast<std::uint64_t>(i)).uniform());
  }
  std::sort(phases.begin(), phases.end());  // packets of a round come in this order, and rounds follow one another

  ControlRun run;
  const int entries = load.acknowledged ? 2 : 1;
  const auto rounds = static_cast<std::int64_t>(static_cast<double>(ticks_of(seconds)) / gap);
  std::int64_t slot = 0;
  int taken = 0;
  double waits = 0;
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (const double phase : phases) {
      const auto ready = static_cast<RadioTicks>(phase + gap * static_cast<double>(round));
      const std::int64_t first = pattern.downlink_from(pattern.slot_from(ready));
      if (first > slot) {
        slot = first;
        taken = 0;
      }
      for (int entry = 0; entry < entries; ++entry) {
        if (taken == cell.pdcch_per_slot()) {
          slot = pattern.downlink_from(slot + 1);
          taken = 0;
        }
        ++taken;
      }
      run.backlog = slot - first;
      waits += static_cast<double>(run.backlog * pattern.slot());
      ++run.packets;
    }
  }
  run.mean_wait = run.packets > 0 ? waits / static_cast<double>(run.packets) : 0;
  return run;
}

std::int64_t steady_streams(const RadioCell& cell, const StreamLoad& load, Seconds seconds, std::uint64_t seed) {
  const double slots = seconds.si() * slots_per_second(cell.calendar().timing().pattern.mu());
  constexpr double kTenthOfOnePercent = 0.001;
  const auto is_steady = [&](std::int64_t streams) {
    return static_cast<double>(run_control_channel(cell, load, streams, seconds, seed).backlog) <
           kTenthOfOnePercent * slots;
  };
  std::int64_t low = 0;
  std::int64_t high = 1;
  while (is_steady(high)) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const std::int64_t middle = (low + high) / 2;
    (is_steady(middle) ? low : high) = middle;
  }
  return low;
}

}  // namespace orrery
