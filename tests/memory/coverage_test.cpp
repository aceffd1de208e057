#include <algorithm>

#include "trials.h"

// Every command of the engine goes through the checker, for every standard, way to refresh and page policy.
namespace orrery {
namespace {

constexpr SchedulingPolicy kPolicies[] = {SchedulingPolicy::row_hit_first, SchedulingPolicy::ramulator2};
constexpr std::int64_t kLeastCommands = 1'000'000;

ControllerSettings settings_of(const DramDevice& device, SchedulingPolicy policy) {
  return policy == SchedulingPolicy::row_hit_first ? default_settings(device) : ramulator2_settings(policy);
}

/// Runs a pattern through the checker; how many commands there were.
std::int64_t expect_no_violation(std::string_view pattern, const DramDevice& device, const ControllerSettings& settings,
                                 const PatternOptions& options, std::int64_t outstanding = 64) {
  CheckingSink sink(device, checker_options(device, settings));
  const UnitActivity activity = activity_of(pattern, device, settings, options, outstanding, &sink);
  sink.checker.finish(activity.end_tick);
  EXPECT_EQ(sink.checker.violations(), 0)
      << fmt::format("{} of {} ranks, {} under {}\n{}", device.part, device.ranks, pattern, enum_name(settings.policy),
                     violations_of(sink.checker));
  return sink.commands;
}

struct CoverageCase {
  std::string_view standard;
  RefreshMode refresh;
  PagePolicy page;
};
void PrintTo(const CoverageCase& one, std::ostream* out) {
  *out << one.standard << " " << enum_name(one.refresh) << " " << enum_name(one.page);
}

std::vector<CoverageCase> coverage_cases() {
  std::vector<CoverageCase> cases;
  for (const std::string_view standard : kCheckedStandards) {
    for (const RefreshMode refresh :
         {RefreshMode::none, RefreshMode::all_bank, RefreshMode::per_bank, RefreshMode::same_bank}) {
      const bool same_bank = standard == "ddr5";
      const bool per_bank = standard != "ddr4" && !same_bank;
      if ((refresh == RefreshMode::per_bank && !per_bank) || (refresh == RefreshMode::same_bank && !same_bank))
        continue;
      for (const PagePolicy page : kPagePolicies) cases.push_back({standard, refresh, page});
    }
  }
  return cases;
}

class Coverage : public testing::TestWithParam<CoverageCase> {};
INSTANTIATE_TEST_SUITE_P(All, Coverage, testing::ValuesIn(coverage_cases()), [](const auto& info) {
  std::string name =
      fmt::format("{}_{}_{}", info.param.standard, enum_name(info.param.refresh), enum_name(info.param.page));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(Coverage, AMillionCommandsBreakNoRule) {
  const auto& [standard, refresh, page] = GetParam();
  const std::vector<DramDevice> devices = checked_devices(standard);
  const auto per_run = 75'000 / std::ssize(devices);
  std::int64_t commands = 0;
  for (const DramDevice& device : devices) {
    EXPECT_EQ(refresh_modes(device).size(), standard == "ddr4" ? 2 : 3);
    for (const SchedulingPolicy policy : kPolicies) {
      ControllerSettings settings = settings_of(device, policy);
      set_refresh(settings, device, refresh);
      settings.page = page;
      for (const std::string_view pattern : kCheckedPatterns) {
        const std::int64_t blocks = pattern == "idle_bursts" ? per_run / 10 : per_run / (64 / device.access_bytes);
        commands += expect_no_violation(pattern, device, settings, {.blocks = blocks});
      }
    }
  }
  EXPECT_GE(commands, kLeastCommands);
}

class CoverageOfStandards : public testing::TestWithParam<std::string_view> {
 protected:
  const std::vector<DramDevice> devices_ = checked_devices(GetParam());
};
INSTANTIATE_TEST_SUITE_P(All, CoverageOfStandards, testing::ValuesIn(kCheckedStandards),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(CoverageOfStandards, RandomSequencesUnderRandomLoadsBreakNoRule) {
  for (const DramDevice& device : devices_) {
    for (const RefreshMode refresh : refresh_modes(device)) {
      for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        ControllerSettings settings = settings_of(device, kPolicies[seed % 2]);
        set_refresh(settings, device, refresh);
        settings.page = kPagePolicies[seed % 3];
        settings.read_entries = settings.write_entries = static_cast<std::int32_t>(4 << (seed % 5));
        settings.postponed = static_cast<std::int32_t>(splitmix64(seed) % 9);
        if (settings.policy != SchedulingPolicy::row_hit_first) settings.postponed = 0;
        const double load = 0.02 * static_cast<double>(1 + splitmix64(100 + seed) % 50);
        for (const std::string_view pattern : {"random", "mixed"}) {
          expect_no_violation(pattern, device, settings, {.blocks = 1'500, .load = load, .seed = seed}, 0);
        }
      }
    }
  }
}

TEST_P(CoverageOfStandards, ShortRunsOfManyKindsBreakNoRule) {
  for (const DramDevice& device : devices_) {
    for (const Trial& trial : trials_of(device, 400)) {
      CheckingSink sink(device, checker_options(device, trial.settings));
      const UnitActivity activity = activity_of(trial, device, 1'000, &sink);
      sink.checker.finish(activity.end_tick);
      EXPECT_EQ(sink.checker.violations(), 0) << fmt::format("{} of {} ranks, trial {}\n{}", device.part, device.ranks,
                                                             trial.seed, violations_of(sink.checker));
    }
  }
}

/// Where more is owed than the standard allows, because banks are too busy for so many refreshes, the engine says so.
TEST_P(CoverageOfStandards, HotMemoryIsRefreshedMoreOftenAndBreaksNoRuleButThoseThatItOwnsUpTo) {
  for (const DramDevice& device : devices_) {
    for (const RefreshMode refresh : refresh_modes(device)) {
      if (refresh == RefreshMode::none) continue;
      ControllerSettings settings = default_settings(device);
      set_refresh(settings, device, refresh);
      for (const auto& [temperature, factor] : device.hot_refresh) {
        settings.refresh_interval_factor = factor;
        if (!check_settings(device, settings)) continue;
        const std::int32_t allowed = device.refresh[static_cast<std::size_t>(refresh)]->postponed;
        for (const std::string_view pattern : {"stream", "random", "mixed", "idle_bursts"}) {
          CheckingSink sink(device, checker_options(device, settings));
          const UnitActivity activity =
              activity_of(pattern, device, settings, {.blocks = pattern == "idle_bursts" ? 500 : 5'000}, 64, &sink);
          sink.checker.finish(activity.end_tick);
          for (const RuleReport& rule : sink.checker.reports()) {
            const bool owned_up = activity.most_refreshes_owed >= allowed && rule.rule.starts_with("refresh-");
            EXPECT_TRUE(rule.violations == 0 || owned_up) << device.part << ", " << pattern << ": " << rule.first;
          }
        }
      }
    }
  }
}

TEST_P(CoverageOfStandards, RefreshManagementBreaksNoRule) {
  for (const DramDevice& device : devices_) {
    ControllerSettings settings = default_settings(device);
    settings.activations_per_management = 32;
    const bool managed = device.commands[static_cast<std::size_t>(DramCommand::RFMab)].exists;
    EXPECT_EQ(check_settings(device, settings).has_value(), managed) << device.part;
    if (!managed) continue;
    for (const RefreshMode refresh : refresh_modes(device)) {
      set_refresh(settings, device, refresh);
      for (const std::string_view pattern : {"random", "mixed", "ping_pong"}) {
        expect_no_violation(pattern, device, settings, {.blocks = 5'000});
      }
    }
  }
}

TEST_P(CoverageOfStandards, UnitsThatTakeTurnsNeverMeetOnTheirCommandBuses) {
  for (const DramDevice& device : devices_) {
    if (device.units_sharing_commands < 2) continue;
    for (const RefreshMode refresh : refresh_modes(device)) {
      for (const std::string_view pattern : kCheckedPatterns) {
        std::vector<CommandList> units(2);
        for (std::int32_t turn = 0; turn < 2; ++turn) {
          ControllerSettings settings = default_settings(device);
          set_refresh(settings, device, refresh);
          settings.turn = turn;
          const PatternOptions options{.blocks = pattern == "idle_bursts" ? 400 : 3'000,
                                       .seed = static_cast<std::uint64_t>(turn)};
          activity_of(pattern, device, settings, options, 64, &units[static_cast<std::size_t>(turn)]);
        }
        SharedBusChecker checker(device);
        auto first = units[0].commands.begin();
        auto second = units[1].commands.begin();
        while (first != units[0].commands.end() || second != units[1].commands.end()) {
          const bool is_first =
              second == units[1].commands.end() || (first != units[0].commands.end() && first->tick <= second->tick);
          checker.issued(is_first ? 0 : 1, is_first ? *first++ : *second++);
        }
        EXPECT_EQ(checker.violations(), 0) << device.part << " " << pattern << ": " << checker.reports()[0].first;
      }
    }
  }
}

}  // namespace
}  // namespace orrery
