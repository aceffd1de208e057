#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "catalog_devices.h"
#include "orrery/memory/achievable.h"

// What must hold of any memory, whatever its numbers are.
namespace orrery {
namespace {

constexpr std::string_view kParts[] = {"ddr4-2400",   "ddr5-4800",    "hbm2e-3200",  "hbm3-6400",  "hbm4-8000",
                                       "lpddr5-6400", "lpddr6-10667", "gddr6-14000", "gddr7-28000"};
constexpr std::string_view kPatterns[] = {"stream", "random", "mixed", "turnaround", "ping_pong_write"};

class EngineProperties : public testing::TestWithParam<std::string_view> {
 protected:
  const DramDevice device_ = catalog_device(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Parts, EngineProperties, testing::ValuesIn(kParts), [](const auto& info) {
  std::string name(info.param);
  std::erase(name, '-');
  return name;
});

TEST_P(EngineProperties, EqualSeedsGiveEqualResults) {
  for (const std::string_view pattern : kPatterns) {
    const auto run = [&](std::uint64_t seed) {
      CommandList list;
      const UnitActivity activity =
          activity_of(pattern, device_, default_settings(device_), {.blocks = 5'000, .seed = seed}, 64, &list);
      EXPECT_TRUE(std::is_sorted(list.commands.begin(), list.commands.end(),
                                 [](const auto& a, const auto& b) { return a.tick < b.tick; }));
      return std::pair(activity.latency, list.commands);
    };
    EXPECT_EQ(run(3), run(3)) << pattern;
    EXPECT_EQ(run(3).second == run(4).second, pattern != "random" && pattern != "mixed") << pattern;
  }
}

TEST_P(EngineProperties, ListeningToCommandsChangesNothing) {
  for (const std::string_view pattern : kPatterns) {
    CommandList list;
    const ControllerSettings settings = default_settings(device_);
    const UnitActivity heard = activity_of(pattern, device_, settings, {.blocks = 5'000}, 64, &list);
    const UnitActivity unheard = activity_of(pattern, device_, settings, {.blocks = 5'000});
    EXPECT_EQ(heard.end_tick, unheard.end_tick) << pattern;
    EXPECT_EQ(heard.latency, unheard.latency) << pattern;
    for (std::size_t rank = 0; rank < heard.ranks.size(); ++rank) {
      EXPECT_EQ(heard.ranks[rank].commands, unheard.ranks[rank].commands);
      EXPECT_EQ(heard.ranks[rank].open_bank_ticks, unheard.ranks[rank].open_bank_ticks);
    }
  }
}

TEST_P(EngineProperties, ShortcutsForRequestsThatComeAloneChangeNothing) {
  // A rule that never applies keeps the engine from its shortcuts, and nothing else.
  constexpr std::int32_t kNeverReached = 1 << 30;
  ControllerSettings without_refresh_shortcut = default_settings(device_), without_shortcuts = without_refresh_shortcut;
  without_refresh_shortcut.power_down_after = kNeverReached;
  without_shortcuts.activations_per_management = kNeverReached;
  int compared = 0;
  for (ControllerSettings settings : {without_refresh_shortcut, without_shortcuts}) {
    if (!check_settings(device_, settings)) continue;
    for (const RefreshMode mode : {RefreshMode::all_bank, RefreshMode::per_bank, RefreshMode::same_bank}) {
      if (!device_.refresh[static_cast<std::size_t>(mode)]) continue;
      set_refresh(settings, device_, mode);
      ControllerSettings plain = default_settings(device_);
      set_refresh(plain, device_, mode);
      for (const double load : {0.002, 0.01, 0.05, 0.2}) {
        for (const std::string_view pattern : {"random", "mixed"}) {
          CommandList expected, actual;
          const PatternOptions options{.blocks = 2'000, .load = load};
          const UnitActivity slow = activity_of(pattern, device_, settings, options, 0, &expected);
          const UnitActivity fast = activity_of(pattern, device_, plain, options, 0, &actual);
          ASSERT_EQ(actual.commands, expected.commands) << pattern << " at " << load << ", " << enum_name(mode);
          ASSERT_EQ(fast.latency, slow.latency) << pattern << " at " << load << ", " << enum_name(mode);
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 0);
}

TEST_P(EngineProperties, MoreOutstandingReadsNeverCostBandwidth) {
  for (const std::string_view pattern : {"stream", "random"}) {
    double before = 0;
    for (const std::int64_t outstanding : {1, 2, 4, 8, 16, 32, 64, 128}) {
      ControllerSettings settings = default_settings(device_);
      settings.read_entries = settings.write_entries = 128;
      const double percent = percent_of_peak(activity_of(pattern, device_, settings, {.blocks = 20'000}, outstanding));
      EXPECT_GE(percent, before * 0.99) << pattern << " " << outstanding;
      before = percent;
    }
  }
}

TEST_P(EngineProperties, AHigherPinRateWithEqualTimesIsNeverSlower) {
  for (const std::string_view pattern : kPatterns) {
    double before = 1e300;
    for (const double factor : {0.5, 1.0, 2.0}) {
      // Every timing keeps its nanoseconds, rounded up to whole clocks; what is tied to bursts keeps its clocks.
      DeviceOptions options;
      const double rate = std::round(static_cast<double>(device_.rate_kbit_per_s) * factor / 1000) * 1000;
      options.pin_rate = BytesPerSecond(rate * 1e3 / 8);
      const auto scaled = [&](std::int64_t clocks) {
        const double exact = static_cast<double>(clocks) * rate / static_cast<double>(device_.rate_kbit_per_s);
        return std::max<std::int64_t>(device_.timing("CCD_S"), std::llround(std::ceil(exact - 1e-6)));
      };
      for (const auto& [name, clocks] : device_.timings) {
        const bool keeps = name == "CCD_S" || name == "PPD" || name == "nBL_max" || name == "AAD" || name == "WCKPST" ||
                           name == "CS" || name == "CCD_R";
        if (keeps) continue;
        options.timings.emplace_back(name, scaled(clocks));
        // The parts of a row cycle may round up to one clock more than the cycle.
        if (name == "RC")
          options.timings.back().second =
              std::max(scaled(clocks), scaled(device_.timing("RAS")) + scaled(device_.timing("RP")) - 1);
      }
      const DramDevice device = catalog_device(GetParam(), options);
      ControllerSettings settings = default_settings(device);
      settings.refresh = RefreshMode::none;
      settings.takes_turns = false;
      const double nanoseconds =
          device.nanoseconds(static_cast<double>(activity_of(pattern, device, settings, {.blocks = 20'000}).end_tick));
      // Greedy schedules are not monotone: a command that comes earlier may take the place of a better one.
      EXPECT_LE(nanoseconds, before * 1.02) << pattern << " at " << factor;
      before = nanoseconds;
    }
  }
}

TEST_P(EngineProperties, RefreshOnlyEverCosts) {
  for (const std::string_view pattern : {"stream", "random", "mixed"}) {
    ControllerSettings settings = default_settings(device_);
    settings.postponed = 0;
    const auto ticks = [&](RefreshMode mode, double factor) {
      settings.refresh = mode;
      settings.refresh_interval_factor = factor;
      return static_cast<double>(activity_of(pattern, device_, settings, {.blocks = 50'000}).end_tick);
    };
    const double unrefreshed = ticks(RefreshMode::none, 1);
    double before = unrefreshed;
    for (const double factor : {1.0, 0.5, 0.25}) {
      const double refreshed = ticks(RefreshMode::all_bank, factor);
      EXPECT_GE(refreshed, before * 0.995) << pattern << " " << factor;
      before = refreshed;
    }
  }
}

TEST_P(EngineProperties, AchievableSharesAreShares) {
  for (const AchievableShare& share : achievable_shares(device_, device_.units())) {
    for (const double part : {share.row_misses, share.turnarounds, share.refresh}) {
      EXPECT_GT(part, 0);
      EXPECT_LE(part, 1.02);  // a refresh may happen to put requests into a better order
    }
    EXPECT_GT(share.of_pin_rate(), 0.2);
  }
  const AchievableShares shares = achievable_shares(device_, device_.units());
  const auto& stream = shares[static_cast<std::size_t>(AccessKind::weight_stream)];
  EXPECT_EQ(stream.turnarounds, 1);
  EXPECT_GT(stream.row_misses, 0.9);
}

TEST_P(EngineProperties, AchievableSharesFallWithTheCostOfRefresh) {
  double before = 2;
  for (const double factor : {0.5, 1.0, 1.5, 2.0}) {
    DeviceOptions options;
    for (const std::string name : {"RFCab", "RFCpb", "RFCsb"}) {
      for (const auto& [timing, clocks] : device_.timings) {
        if (timing != name) continue;
        options.timings.emplace_back(name, std::llround(static_cast<double>(clocks) * factor));
      }
    }
    const DramDevice device = catalog_device(GetParam(), options);
    const double share =
        achievable_shares(device, device.units())[static_cast<std::size_t>(AccessKind::weight_stream)].refresh;
    EXPECT_LE(share, before + 0.005) << factor;
    before = share;
  }
}

TEST(AchievableShareCache, GivesWhatIsComputedAndTellsDevicesApart) {
  AchievableShareCache cache;
  const DramDevice hbm = catalog_device("hbm3-6400");
  const DramDevice ddr = catalog_device("ddr4-2400");
  const double first = cache.of(hbm, 32)[0].of_pin_rate();
  EXPECT_EQ(first, achievable_shares(hbm, 32)[0].of_pin_rate());
  EXPECT_EQ(cache.of(ddr, 1)[0].of_pin_rate(), achievable_shares(ddr, 1)[0].of_pin_rate());
  EXPECT_EQ(cache.of(hbm, 32)[0].of_pin_rate(), first);
}

}  // namespace
}  // namespace orrery
