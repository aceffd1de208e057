#include "orrery/memory/controller_settings.h"

#include <gtest/gtest.h>

#include <cmath>

#include "catalog_devices.h"

namespace orrery {
namespace {

std::string problem(std::string_view part, auto change) {
  const DramDevice device = catalog_device(part);
  ControllerSettings settings = default_settings(device);
  change(settings);
  const auto checked = check_settings(device, settings);
  return checked ? "" : checked.error();
}

TEST(ControllerSettings, TheDefaultsFitEveryDevice) {
  for (const std::string_view part : {"ddr4-2400", "ddr5-4800", "hbm2e-3200", "hbm3-6400", "hbm4-8000", "lpddr5-6400",
                                      "lpddr6-10667", "gddr6-14000", "gddr7-28000"}) {
    EXPECT_EQ(problem(part, [](ControllerSettings&) {}), "") << part;
    EXPECT_EQ(problem(part, [](ControllerSettings& s) { s = ramulator2_settings(SchedulingPolicy::ramulator2); }), "");
  }
}

TEST(ControllerSettings, TheDefaultsPostponeAsManyRefreshesAsTheStandardAllowsButOneInHand) {
  EXPECT_EQ(default_settings(catalog_device("ddr4-2400")).postponed, 7);
  EXPECT_EQ(default_settings(catalog_device("ddr5-4800")).postponed, 3);
  EXPECT_EQ(default_settings(catalog_device("ddr4-2400")).age_cap, 2'400);  // 2 us
}

TEST(ControllerSettings, ThoseOfRamulatorRefreshOnTimeAndAlone) {
  const ControllerSettings settings = ramulator2_settings(SchedulingPolicy::ramulator2_row_hit);
  EXPECT_EQ(settings.policy, SchedulingPolicy::ramulator2_row_hit);
  EXPECT_EQ(settings.refresh, RefreshMode::all_bank);
  EXPECT_EQ(settings.postponed, 0);
  EXPECT_FALSE(settings.takes_turns);
}

TEST(ControllerSettings, ARefreshThatTheDeviceLacksListsWhatItHas) {
  EXPECT_EQ(problem("ddr4-2400", [](ControllerSettings& s) { s.refresh = RefreshMode::per_bank; }),
            "ddr4 has no per-bank refresh, but: none, all-bank");
  EXPECT_EQ(problem("ddr5-4800", [](ControllerSettings& s) { s.refresh = RefreshMode::per_bank; }),
            "ddr5 has no per-bank refresh, but: none, all-bank, same-bank");
  EXPECT_EQ(problem("hbm3-6400", [](ControllerSettings& s) { s.refresh = RefreshMode::same_bank; }),
            "hbm3 has no same-bank refresh, but: none, all-bank, per-bank");
}

TEST(ControllerSettings, ManagementNeedsItsCommands) {
  EXPECT_EQ(problem("ddr4-2400", [](ControllerSettings& s) { s.activations_per_management = 8; }),
            "ddr4 has no refresh management");
  EXPECT_EQ(problem("ddr5-4800", [](ControllerSettings& s) { s.activations_per_management = 8; }), "");
}

TEST(ControllerSettings, QueuesHoldSomething) {
  for (const std::int32_t entries : {0, -1, 4097}) {
    EXPECT_EQ(problem("ddr4-2400", [&](ControllerSettings& s) { s.read_entries = entries; }),
              "a queue has 1 to 4096 entries");
    EXPECT_EQ(problem("ddr4-2400", [&](ControllerSettings& s) { s.write_entries = entries; }),
              "a queue has 1 to 4096 entries");
  }
}

TEST(ControllerSettings, WatermarksAreInOrder) {
  const auto with = [](double low, double high) {
    return problem("ddr4-2400", [&](ControllerSettings& s) { s.write_low = low, s.write_high = high; });
  };
  EXPECT_EQ(with(0, 0.5), "");
  for (const auto& [low, high] : {std::pair{0.5, 0.5}, {0.8, 0.2}, {-0.1, 0.5}, {0.2, 1.0}, {NAN, 0.5}, {0.2, NAN}}) {
    EXPECT_EQ(with(low, high), "watermarks are shares of the write queue: 0 <= low < high < 1");
  }
}

TEST(ControllerSettings, TheIntervalOfRefreshesOnlyShrinks) {
  for (const double factor : {0.0, -1.0, 1.01, static_cast<double>(NAN)}) {
    EXPECT_NE(problem("ddr4-2400", [&](ControllerSettings& s) { s.refresh_interval_factor = factor; }), "") << factor;
  }
}

}  // namespace
}  // namespace orrery
