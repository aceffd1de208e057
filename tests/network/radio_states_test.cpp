#include "orrery/network/radio_states.h"

#include <gtest/gtest.h>

#include "example_cells.h"
#include "orrery/network/delay_distribution.h"

namespace orrery {
namespace {

StateDelay delay(double quiet_s, Direction direction, bool anchored = false) {
  const std::optional<RadioCell> anchor = anchored ? std::optional(compiled(catalog_radio("lte-20mhz"))) : std::nullopt;
  return state_delay(catalog_radio("skt-5g"), anchor, Seconds(quiet_s), direction);
}

TEST(RadioStates, TrafficKeepsTheUserAwake) {
  EXPECT_EQ(delay(0.02, Direction::downlink).total(), Seconds(0));
  EXPECT_EQ(delay(0.02, Direction::uplink).total(), Seconds(0));
}

TEST(RadioStates, ASlowFirstTokenFindsTheUserAsleep) {
  EXPECT_DOUBLE_EQ(delay(0.8, Direction::downlink).drx.si(), 0.08);
  EXPECT_EQ(delay(0.099, Direction::downlink).total(), Seconds(0));
}

TEST(RadioStates, AnUplinkRequestWakesAtOnce) { EXPECT_EQ(delay(5, Direction::uplink).total(), Seconds(0)); }

TEST(RadioStates, AReleasedUserWakesUpAndThenDoesNotWaitForACycle) {
  const StateDelay idle = delay(30, Direction::downlink);
  EXPECT_DOUBLE_EQ(idle.wake_up.si(), 0.1);
  EXPECT_EQ(idle.drx, Seconds(0));
  EXPECT_EQ(idle.anchor, Seconds(0));
}

TEST(RadioStates, WithoutStandaloneTheLegIsAddedByAnExchangeOnLte) {
  const RadioCell lte = compiled(catalog_radio("lte-20mhz"));
  const StateDelay idle = delay(30, Direction::uplink, true);
  EXPECT_NEAR(idle.anchor.si() * 1e3, milliseconds(uplink_delays(lte.calendar(), lte.errors()).mean()), 1e-9);
  EXPECT_EQ(delay(5, Direction::uplink, true).anchor, Seconds(0));
}

}  // namespace
}  // namespace orrery
