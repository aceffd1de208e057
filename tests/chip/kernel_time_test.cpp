#include "orrery/chip/kernel_time.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

TEST(SoftMaximum, IsTheSumForOneAndNearTheLargerForMany) {
  EXPECT_DOUBLE_EQ(soft_maximum(Seconds(3), Seconds(4), 1).si(), 7);
  EXPECT_DOUBLE_EQ(soft_maximum(Seconds(3), Seconds(4), 2).si(), 5);
  EXPECT_NEAR(soft_maximum(Seconds(3), Seconds(4), 50).si(), 4, 1e-6);
  EXPECT_DOUBLE_EQ(soft_maximum(Seconds(0), Seconds(4), 2).si(), 4);
  EXPECT_DOUBLE_EQ(soft_maximum(Seconds(0), Seconds(0), 2).si(), 0);
}

TEST(PowerLimit, LeavesAKernelBelowItAlone) {
  const PowerLimited limited = limited_by_power(Seconds(2), Seconds(1), Joules(100), Joules(50), Watts(75));
  EXPECT_FALSE(limited.stretched);
  EXPECT_DOUBLE_EQ(limited.time.si(), 2);
  EXPECT_DOUBLE_EQ(limited.dynamic_energy.si(), 150);
}

TEST(PowerLimit, StretchesPureComputeByTheCubeRoot) {
  const PowerLimited limited = limited_by_power(Seconds(1), Seconds(1), Joules(800), Joules(0), Watts(100));
  EXPECT_TRUE(limited.stretched);
  EXPECT_NEAR(limited.time.si(), 2, 1e-6);              // clock at (100 / 800)^(1/3)
  EXPECT_NEAR(limited.dynamic_energy.si(), 200, 1e-3);  // a quarter per FLOP
}

TEST(PowerLimit, TrafficAloneIsSlowedDownToIt) {
  const PowerLimited limited = limited_by_power(Seconds(1), Seconds(0), Joules(0), Joules(300), Watts(100));
  EXPECT_DOUBLE_EQ(limited.time.si(), 3);
}

TEST(PowerLimit, IsNeverPassedAndNeverFasterForMoreEnergy) {
  for (double compute = 0.01; compute <= 1; compute *= 3) {
    for (double traffic = 0; traffic < 2000; traffic = traffic * 2 + 1) {
      Seconds before;
      for (double energy = 1; energy < 1e5; energy *= 1.5) {
        const PowerLimited limited =
            limited_by_power(Seconds(1), Seconds(compute), Joules(energy), Joules(traffic), Watts(250));
        ASSERT_LE((limited.dynamic_energy / limited.time).si(), 250 * (1 + 1e-12));
        ASSERT_GE(limited.time.si(), before.si() * (1 - 1e-8));
        before = limited.time;
      }
    }
  }
}

}  // namespace
}  // namespace orrery
