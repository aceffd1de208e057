#pragma once

#include <optional>

#include "orrery/network/radio_cell.h"

namespace orrery {

/// What a user's sleep adds before data flows.
struct StateDelay {
  Seconds wake_up;  ///< from idle to connected
  Seconds anchor;   ///< one exchange of request and grant on the LTE cell that controls this one
  Seconds drx;      ///< sleep while connected; of downlink only, since a user who wants to send wakes at once

  Seconds total() const { return wake_up + anchor + drx; }
};

/// Mean delay of data that comes after `quiet` without traffic: released users wake up, sleeping ones are reached half
/// a cycle later in the mean. `anchor` is the LTE cell of one that is not standalone: its secondary leg is added anew
/// after a release. Source: TS 38.321, section 5.7 (DRX); TS 37.340, section 10.2 (secondary node addition).
StateDelay state_delay(const RadioRecord& radio, const std::optional<RadioCell>& anchor, Seconds quiet,
                       Direction direction);

}  // namespace orrery
