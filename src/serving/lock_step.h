#pragma once

#include <algorithm>
#include <span>

#include "orrery/serving/replica.h"

namespace orrery {

/// Lanes of one engine that begin and end every step together, since their experts lie on the chips of all: each pads
/// its tokens to the largest number of any, and one without requests runs along (V-73). One lane alone is a Replica,
/// and keeps its runs of steps in closed form. Approximation: attention and what else a lane does for itself add to the
/// time of the longest one.
class LockStep {
 public:
  /// Pre: not empty; the lanes outlive it, have no handover to other engines, and equal costs, `cost`.
  LockStep(std::span<Replica> lanes, const StepCost& cost) : lanes_(lanes), cost_(cost) {}

  SimTime next_event() const {
    if (lanes_.size() == 1) return lanes_[0].next_event();
    SimTime first = SimTime::never();
    for (const Replica& lane : lanes_) first = std::min(first, lane.next_event());
    return first;
  }
  void advance() { lanes_.size() == 1 ? lanes_[0].advance() : advance_together(); }
  void submit(std::size_t lane, std::uint32_t request) { lanes_[lane].submit(request); }
  std::span<const Replica> lanes() const { return lanes_; }

 private:
  void advance_together();

  std::span<Replica> lanes_;
  const StepCost& cost_;
};

}  // namespace orrery
