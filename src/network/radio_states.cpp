#include "orrery/network/radio_states.h"

#include "orrery/network/delay_distribution.h"

namespace orrery {

StateDelay state_delay(const RadioRecord& radio, const std::optional<RadioCell>& anchor, Seconds quiet,
                       Direction direction) {
  StateDelay delay;
  const RadioStates& states = radio.states;
  if (quiet >= states.inactivity.value) {
    delay.wake_up = states.wake_up.value;
    if (anchor) {
      delay.anchor = Seconds(milliseconds(uplink_delays(anchor->calendar(), anchor->errors()).mean()) * 1e-3);
    }
  } else if (states.drx_cycle && quiet >= states.drx_inactivity->value && direction == Direction::downlink) {
    delay.drx = states.drx_cycle->value / 2;
  }
  return delay;
}

}  // namespace orrery
