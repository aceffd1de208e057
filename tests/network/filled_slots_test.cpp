#include "orrery/network/filled_slots.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(FilledSlots, TheirShareIsTheLoad) {
  const FilledSlots filled(0.3, 1);
  int count = 0;
  for (std::int64_t slot = 0; slot < 100'000; ++slot) count += filled.has(slot, Direction::downlink) ? 1 : 0;
  EXPECT_NEAR(count / 1e5, 0.3, 0.005);
}

TEST(FilledSlots, AHigherLoadFillsTheSameSlotsAndMore) {
  const FilledSlots some(0.2, 5);
  const FilledSlots more(0.6, 5);
  for (std::int64_t slot = 0; slot < 10'000; ++slot) {
    EXPECT_LE(some.has(slot, Direction::uplink), more.has(slot, Direction::uplink)) << slot;
  }
}

TEST(FilledSlots, DirectionsAndSeedsDiffer) {
  const FilledSlots filled(0.5, 1);
  const FilledSlots other(0.5, 2);
  int directions = 0;
  int seeds = 0;
  for (std::int64_t slot = 0; slot < 1000; ++slot) {
    directions += filled.has(slot, Direction::uplink) != filled.has(slot, Direction::downlink) ? 1 : 0;
    seeds += filled.has(slot, Direction::uplink) != other.has(slot, Direction::uplink) ? 1 : 0;
  }
  EXPECT_GT(directions, 400);
  EXPECT_GT(seeds, 400);
}

}  // namespace
}  // namespace orrery
