#include "orrery/base/sim_time.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(SimTime, SecondsAreRoundedToTheNearestPicosecond) {
  EXPECT_EQ(to_sim_time(Seconds(1)).ps(), 1'000'000'000'000);
  EXPECT_EQ(to_sim_time(Seconds(0)).ps(), 0);
  EXPECT_EQ(to_sim_time(Seconds(312.6e-12)).ps(), 313);
  EXPECT_EQ(to_sim_time(Seconds(312.4e-12)).ps(), 312);
}

TEST(SimTime, TheLongestSpanFits) {
  const SimTime longest = to_sim_time(kLongestSimTime);
  EXPECT_EQ(longest.ps(), 9'200'000'000'000'000'000);
  EXPECT_LT(longest, SimTime::never());
}

TEST(SimTime, NothingIsLaterThanNever) { EXPECT_GT(SimTime::never(), SimTime(9'223'372'036'854'775'806)); }

TEST(SimTime, SumsAreExact) {
  const SimTime day = to_sim_time(Seconds(86400));
  EXPECT_EQ((day + SimTime(1)).ps() - day.ps(), 1);
  EXPECT_EQ((day - SimTime(1)) + SimTime(1), day);
  EXPECT_DOUBLE_EQ(day.seconds().si(), 86400);
}

TEST(SimTimeDeathTest, TimesThatDoNotFitAreABugOfOurs) {
  EXPECT_EXIT(to_sim_time(Seconds(-1e-12)), testing::ExitedWithCode(1), "internal error");
  EXPECT_EXIT(to_sim_time(Seconds(9.3e6)), testing::ExitedWithCode(1), "internal error");
  EXPECT_EXIT(to_sim_time(Seconds(0.0 / 0.0)), testing::ExitedWithCode(1), "internal error");
}

}  // namespace
}  // namespace orrery
