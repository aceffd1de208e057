#include "orrery/memory/refresh_schedule.h"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

#include "catalog_devices.h"

namespace orrery {
namespace {

using enum DramCommand;

struct Fixture {
  Fixture(std::string_view part, RefreshMode mode, std::int32_t postponed, std::int64_t ranks = 1) {
    DeviceOptions options;
    options.ranks = ranks;
    device = catalog_device(part, options);
    settings.refresh = mode;
    settings.postponed = postponed;
  }
  std::int64_t interval() const { return device.refresh[static_cast<std::size_t>(settings.refresh)]->interval; }
  DramDevice device;
  ControllerSettings settings;
};

TEST(RefreshSchedule, WithoutRefreshNothingFallsDue) {
  const Fixture setup("ddr4-2400", RefreshMode::none, 0);
  RefreshSchedule schedule(setup.device, setup.settings);
  EXPECT_EQ(schedule.next_due(), RefreshSchedule::kNever);
  EXPECT_FALSE(schedule.take(0, 0, true));
}

TEST(RefreshSchedule, OneIsOwedAfterEachInterval) {
  const Fixture setup("ddr4-2400", RefreshMode::all_bank, 0);
  RefreshSchedule schedule(setup.device, setup.settings);
  EXPECT_EQ(schedule.next_due(), setup.interval());
  EXPECT_FALSE(schedule.take(0, 0, false));
  schedule.fall_due(setup.interval());
  EXPECT_TRUE(schedule.owes());
  EXPECT_EQ(schedule.next_due(), 2 * setup.interval());
  const auto work = schedule.take(0, 0xffff, false);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->command, REFab);
  EXPECT_EQ(work->banks, 0xffffU);
  EXPECT_FALSE(schedule.owes());
  EXPECT_FALSE(schedule.take(0, 0, false));
}

TEST(RefreshSchedule, MissedIntervalsAddUp) {
  const Fixture setup("ddr4-2400", RefreshMode::all_bank, 0);
  RefreshSchedule schedule(setup.device, setup.settings);
  schedule.fall_due(3 * setup.interval() + 5);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(schedule.take(0, 0, false)) << i;
  EXPECT_FALSE(schedule.take(0, 0, false));
}

TEST(RefreshSchedule, BusyBanksMayWaitAsLongAsTheStandardAllows) {
  const Fixture setup("ddr4-2400", RefreshMode::all_bank, 8);
  RefreshSchedule schedule(setup.device, setup.settings);
  for (int i = 1; i <= 8; ++i) {
    schedule.fall_due(i * setup.interval());
    EXPECT_FALSE(schedule.take(0, 1, false)) << i;
  }
  schedule.fall_due(9 * setup.interval());
  EXPECT_TRUE(schedule.take(0, 1, false));
  EXPECT_FALSE(schedule.take(0, 1, false));
  EXPECT_TRUE(schedule.take(0, 0, false));  // idle ones get theirs at once
}

TEST(RefreshSchedule, IdleBanksMayBeAheadAsFar) {
  const Fixture setup("ddr4-2400", RefreshMode::all_bank, 8);
  RefreshSchedule schedule(setup.device, setup.settings);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(schedule.take(0, 0, true)) << i;
  EXPECT_FALSE(schedule.take(0, 0, true));
  schedule.fall_due(setup.interval());
  EXPECT_FALSE(schedule.owes());
  EXPECT_TRUE(schedule.take(0, 0, true));
}

TEST(RefreshSchedule, EachBankHasItsTurnInARoundAndIdleOnesFirst) {
  const Fixture setup("hbm3-6400", RefreshMode::per_bank, 8);
  RefreshSchedule schedule(setup.device, setup.settings);
  const std::uint64_t busy = 0b1111;
  std::uint64_t refreshed = 0;
  for (int i = 1; i <= 16; ++i) {
    schedule.fall_due(i * setup.interval());
    const auto work = schedule.take(0, i <= 12 ? busy : 0, false);
    ASSERT_TRUE(work) << i;
    EXPECT_EQ(work->command, REFpb);
    EXPECT_EQ(std::popcount(work->banks), 1);
    EXPECT_EQ(refreshed & work->banks, 0U) << "twice in a round";
    EXPECT_EQ((work->banks & busy) == 0, i <= 12);
    refreshed |= work->banks;
  }
  EXPECT_EQ(refreshed, 0xffffU);
}

TEST(RefreshSchedule, ASameBankRefreshTakesOneBankOfEachGroup) {
  const Fixture setup("ddr5-4800", RefreshMode::same_bank, 0);
  RefreshSchedule schedule(setup.device, setup.settings);
  std::uint64_t refreshed = 0;
  for (int i = 1; i <= 4; ++i) {
    schedule.fall_due(i * setup.interval());
    const auto work = schedule.take(0, 0, false);
    ASSERT_TRUE(work);
    EXPECT_EQ(work->command, REFsb);
    EXPECT_EQ(std::popcount(work->banks), 8);
    EXPECT_EQ(std::popcount(work->banks & 0xf), 1);
    refreshed |= work->banks;
  }
  EXPECT_EQ(refreshed, 0xffffffffU);
}

TEST(RefreshSchedule, RanksOfAModuleAreStaggered) {
  const Fixture setup("ddr4-2400", RefreshMode::all_bank, 0, 4);
  RefreshSchedule schedule(setup.device, setup.settings);
  std::vector<std::int64_t> due;
  for (int i = 0; i < 4; ++i) {
    due.push_back(schedule.next_due());
    schedule.fall_due(schedule.next_due());
    const auto work = schedule.take(i, 0, false);
    ASSERT_TRUE(work);
    EXPECT_EQ(work->rank, i);
    EXPECT_EQ(work->banks, std::uint64_t{0xffff} << (16 * i));
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(due[i], setup.interval() * static_cast<std::int64_t>(i + 1) / 4);
}

TEST(RefreshSchedule, HeatShortensTheInterval) {
  Fixture setup("ddr4-2400", RefreshMode::all_bank, 0);
  setup.settings.refresh_interval_factor = 0.5;
  EXPECT_EQ(RefreshSchedule(setup.device, setup.settings).next_due(), setup.interval() / 2);
}

TEST(RefreshSchedule, AnActivationTooManyAsksForManagement) {
  Fixture setup("hbm3-6400", RefreshMode::none, 0);
  setup.settings.activations_per_management = 3;
  RefreshSchedule schedule(setup.device, setup.settings);
  for (int round = 0; round < 2; ++round) {
    EXPECT_FALSE(schedule.count_activation(5));
    EXPECT_FALSE(schedule.count_activation(5));
    EXPECT_FALSE(schedule.count_activation(6) && round == 0);
    EXPECT_TRUE(schedule.count_activation(5));
    const MaintenanceWork work = schedule.management(5);
    EXPECT_EQ(work.command, RFMpb);
    EXPECT_EQ(work.banks, std::uint64_t{1} << 5);
  }
}

TEST(RefreshSchedule, ManagementIsOfTheRankWhereTheDeviceHasNoOther) {
  Fixture setup("ddr5-4800", RefreshMode::none, 0);
  setup.settings.activations_per_management = 2;
  RefreshSchedule schedule(setup.device, setup.settings);
  schedule.count_activation(5);
  schedule.count_activation(9);
  EXPECT_TRUE(schedule.count_activation(5));
  const MaintenanceWork work = schedule.management(5);
  EXPECT_EQ(work.command, RFMab);
  EXPECT_EQ(work.banks, 0xffffffffU);
  EXPECT_FALSE(schedule.count_activation(9)) << "all banks begin anew";
}

TEST(RefreshSchedule, NothingFallsDueWhileARankRefreshesItselfAndNothingIsOwedAfterwards) {
  const Fixture setup("ddr4-2400", RefreshMode::all_bank, 0);
  RefreshSchedule schedule(setup.device, setup.settings);
  schedule.fall_due(5 * setup.interval());
  schedule.suspend(0);
  EXPECT_FALSE(schedule.owes());
  EXPECT_EQ(schedule.next_due(), RefreshSchedule::kNever);
  schedule.resume(0, 1'000'000);
  EXPECT_FALSE(schedule.owes());
  EXPECT_EQ(schedule.next_due(), 1'000'000 + setup.interval());
}

}  // namespace
}  // namespace orrery
