#pragma once

#include <bit>
#include <cstddef>
#include <vector>

#include "orrery/base/sim_time.h"

namespace orrery {

/// An event queue over a fixed set of sources that each have at most one pending event: replicas,
/// sites, channels. Events are ordered by (time, source). Changing a source's time costs
/// log2(sources), wherever it stands; reading the first event costs nothing.
class SourceQueue {
 public:
  /// All sources start without an event.
  explicit SourceQueue(std::size_t sources)
      : leaves_(std::bit_ceil(sources == 0 ? std::size_t{1} : sources)),
        times_(sources, SimTime::never()),
        winners_(2 * leaves_) {
    for (std::size_t i = 0; i < leaves_; ++i) winners_[leaves_ + i] = i;
    for (std::size_t node = leaves_ - 1; node > 0; --node) winners_[node] = winner(node);
  }

  /// Sets the time of a source's next event; SimTime::never() for none.
  void set(std::size_t source, SimTime time) {
    times_[source] = time;
    for (std::size_t node = (leaves_ + source) / 2; node > 0; node /= 2) winners_[node] = winner(node);
  }
  /// The source whose event comes first; meaningless when first_time() is never.
  std::size_t first_source() const { return winners_[1]; }
  SimTime first_time() const { return time_of(winners_[1]); }

 private:
  SimTime time_of(std::size_t source) const { return source < times_.size() ? times_[source] : SimTime::never(); }
  std::size_t winner(std::size_t node) const {
    const std::size_t left = winners_[2 * node];
    const std::size_t right = winners_[2 * node + 1];
    return time_of(right) < time_of(left) ? right : left;
  }

  std::size_t leaves_;
  std::vector<SimTime> times_;
  std::vector<std::size_t> winners_;  // node i's children are 2i and 2i + 1; the leaves are the sources
};

}  // namespace orrery
