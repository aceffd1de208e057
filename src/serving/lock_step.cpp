#include "orrery/serving/lock_step.h"

namespace orrery {

void LockStep::advance_together() {
  const std::int64_t now = next_event().ps();
  bool has_work = false;
  for (Replica& lane : lanes_) {
    lane.settle(now);
    has_work |= lane.select(now);
  }
  if (!has_work) {
    for (Replica& lane : lanes_) lane.stand_by();
    return;
  }
  std::int64_t tokens = 0;
  std::int64_t own_ps = 0;
  for (Replica& lane : lanes_) {
    const Replica::StepTime step = lane.time_of_step();
    tokens = std::max(tokens, step.tokens);
    own_ps = std::max(own_ps, step.own_ps);
  }
  const std::int64_t duration = cost_.tokens_ps[static_cast<std::size_t>(tokens)] + own_ps;
  for (Replica& lane : lanes_) lane.begin_common_step(now, duration, tokens);
}

}  // namespace orrery
