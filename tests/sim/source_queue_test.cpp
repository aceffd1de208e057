#include "orrery/sim/source_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace orrery {
namespace {

TEST(SourceQueue, StartsWithoutEvents) {
  EXPECT_EQ(SourceQueue(1).first_time(), SimTime::never());
  EXPECT_EQ(SourceQueue(5).first_time(), SimTime::never());
}

TEST(SourceQueue, EqualTimesGoToTheFirstSource) {
  SourceQueue queue(6);
  for (const std::size_t source : {4U, 2U, 5U}) queue.set(source, SimTime(10));
  EXPECT_EQ(queue.first_source(), 2U);
  queue.set(2, SimTime::never());
  EXPECT_EQ(queue.first_source(), 4U);
}

TEST(SourceQueue, AlwaysShowsTheSmallestOfManyChangingTimes) {
  std::mt19937_64 random(11);
  for (const std::size_t sources : {1U, 2U, 3U, 7U, 64U, 65U}) {
    SourceQueue queue(sources);
    std::vector<SimTime> times(sources, SimTime::never());
    for (int change = 0; change < 3000; ++change) {
      const std::size_t source = random() % sources;
      times[source] = random() % 5 == 0 ? SimTime::never() : SimTime(static_cast<std::int64_t>(random() % 100));
      queue.set(source, times[source]);
      std::size_t first = 0;
      for (std::size_t i = 1; i < sources; ++i) {
        if (times[i] < times[first]) first = i;
      }
      ASSERT_EQ(queue.first_time(), times[first]);
      if (times[first] < SimTime::never()) {
        ASSERT_EQ(queue.first_source(), first);
      }
    }
  }
}

}  // namespace
}  // namespace orrery
