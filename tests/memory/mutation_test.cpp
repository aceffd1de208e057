#include <map>
#include <set>

#include "trials.h"

// An engine that is wrong by one clock, or by one command, must be found out, by the rule that it breaks.
namespace orrery {
namespace {

using Timings = std::vector<std::pair<std::string, std::int64_t>>;

/// The same part with other timings.
std::optional<DramDevice> with_timings(const DramDevice& device, const Timings& timings) {
  DeviceOptions options;
  options.ranks = device.ranks;
  options.timings = timings;
  const MemoryPartRecord part = catalog_part(device.part);
  Diagnostics diagnostics;
  return compile_device(catalog_standard(part.standard.id), part, options, diagnostics);
}

std::set<std::string> broken_rules(const CommandChecker& checker) {
  std::set<std::string> rules;
  for (const RuleReport& report : checker.reports()) {
    if (report.violations > 0) rules.insert(report.rule);
  }
  return rules;
}

/// What the checker, which knows `truth`, says of an engine that goes by `belief`.
std::set<std::string> broken_rules(const Trial& trial, const DramDevice& belief, const DramDevice& truth,
                                   std::int64_t accesses) {
  CheckingSink sink(truth, checker_options(truth, trial.settings));
  const UnitActivity activity = activity_of(trial, belief, accesses, &sink);
  sink.checker.finish(activity.end_tick);
  return broken_rules(sink.checker);
}

/// Whether some trial has the wrong engine break the rule, and the right one not.
bool is_named(const std::string& rule, const DramDevice& belief, const DramDevice& truth) {
  for (const Trial& trial : trials_of(truth, 300)) {
    if (!broken_rules(trial, belief, truth, 600).contains(rule)) continue;
    if (!broken_rules(trial, truth, truth, 600).contains(rule)) return true;
  }
  return false;
}

/// The rule of a timing, and the timings that hide it: they are as long, so that it alone changes nothing.
struct Mutation {
  std::string rule;
  Timings timings;
};
std::optional<Mutation> mutation_of(const DramDevice& device, const std::string& name) {
  const auto at = [&](std::string_view timing) { return clocks_of(device, timing); };
  const std::int64_t clocks = *at(name);
  Mutation mutation{"t" + name, {{name, clocks - 1}}};
  const auto with = [&](const std::string& other) { mutation.timings.emplace_back(other, *at(other) - 1); };
  if (name == "RC" && clocks <= *at("RAS") + *at("RP")) {
    mutation.timings.emplace_back("RAS", clocks - 1 - *at("RP"));
  }
  if (name == "RC" && clocks <= *at("RCDrd") + *at("RTP") + *at("RP")) with("RTP");
  if (name == "FAW" && clocks <= 4 * *at("RRD_S")) with("RRD_S");
  if (name == "RRD_L" && clocks == *at("RRD_S")) with("RRD_S");
  if (name == "RFCab" && at("RFCpb") == clocks) with("RFCpb");
  // A write is late by CWL, and its data by nBL_max in their group: rules of what follows.
  if (name == "CWL") mutation.rule = "tWTR_L";
  if (name == "nBL_max") mutation.rule = "tWTR_L";
  // The catalog closes a row of LPDDR6 after BL/n_max, where the checker asks for the burst: 6 clocks to spare.
  if (name == "WR" && device.standard == "lpddr6") mutation.timings = {{name, clocks - 7}};
  if (name.starts_with("pbR2")) mutation.rule = name;
  // Deadlines: the wrong engine believes in a later one.
  if (name == "AAD") mutation.timings = {{name, clocks + 1}};
  if (name == "WCKPST") mutation = {"WCK sync", {{name, clocks + 1}}};
  // Nothing that commands could show: when data of reads return is the business of the reader. REFI is below.
  if (name == "CL" || name == "REFI") return std::nullopt;
  return mutation;
}

struct Unnamed {
  std::string_view standards;
  std::string_view timing;
  std::string_view why;
};
/// Timings that change no command of the engine; exact.
constexpr Unnamed kUnnamed[] = {
    {"ddr4 ddr5 hbm2 hbm3 hbm4 lpddr5 lpddr6 gddr6 gddr7", "CCD_S", "as long as the burst"},
    {"gddr6", "PPD", "as long as a precharge on the only command bus"},
    {"hbm4", "CCD_R", "as long as the burst"},
    {"hbm3 hbm4 lpddr5 lpddr6 gddr7", "RFMab", "the engine manages one bank at a time where the device can"},
    {"lpddr6", "RAS", "shorter than tRCDrd + tRTP, and than what a write takes"},
    {"lpddr6", "AAD", "the command bus is free in time"},
    {"lpddr5 lpddr6", "WTR_S", "the data clock has stopped by then, and is started for a read that could issue"},
};

class MutationTest : public testing::TestWithParam<std::string_view> {
 protected:
  const std::vector<DramDevice> devices_ = checked_devices(GetParam());
};
INSTANTIATE_TEST_SUITE_P(All, MutationTest, testing::ValuesIn(kCheckedStandards),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(MutationTest, EveryTimingThatIsOneClockShortIsNamed) {
  std::set<std::string> unnamed;
  for (const auto& [name, clocks] : devices_[0].timings) {
    bool named = false;
    for (auto device = devices_.rbegin(); device != devices_.rend() && !named; ++device) {
      const auto mutation = mutation_of(*device, name);
      if (!mutation) {
        named = true;
        continue;
      }
      const auto belief = with_timings(*device, mutation->timings);
      ASSERT_TRUE(belief.has_value()) << name << " of " << device->part;
      named = is_named(mutation->rule, *belief, *device);
    }
    if (!named) unnamed.insert(name);
  }
  std::set<std::string> expected;
  for (const Unnamed& row : kUnnamed) {
    if (is_among(GetParam(), row.standards)) expected.emplace(row.timing);
  }
  EXPECT_EQ(unnamed, expected);
}

TEST_P(MutationTest, DataReturnAClockEarlierWhereTheEngineBelievesSo) {
  const DramDevice& device = devices_[0];
  const auto belief = with_timings(device, {{"CL", device.timing("CL") - 1}});
  ASSERT_TRUE(belief.has_value());
  ControllerSettings settings = default_settings(device);
  settings.refresh = RefreshMode::none;
  const UnitActivity right = activity_of("random", device, settings, {.blocks = 100, .load = 0.001}, 0);
  const UnitActivity wrong = activity_of("random", *belief, settings, {.blocks = 100, .load = 0.001}, 0);
  EXPECT_EQ(right.latency.sum() - wrong.latency.sum(), right.reads * device.ticks_per_clock);
}

// ---- refresh

/// A stream of refreshes, long enough for a drift to show.
std::set<std::string> broken_refresh(const DramDevice& belief, const DramDevice& truth, RefreshMode mode) {
  ControllerSettings settings = default_settings(truth);
  settings.refresh = mode;
  settings.postponed = 0;
  CheckerOptions options = checker_options(truth, settings);
  options.refresh.postponed = 1;
  CheckingSink sink(truth, options);
  const UnitActivity activity = activity_of("random", belief, settings, {.blocks = 2'000, .load = 0.002}, 64, &sink);
  sink.checker.finish(activity.end_tick);
  return broken_rules(sink.checker);
}

TEST_P(MutationTest, RefreshesThatComeTooRarelyOrTooOftenAreNamed) {
  for (const DramDevice& device : devices_) {
    const std::int64_t interval = device.timing("REFI");
    const auto rare = with_timings(device, {{"REFI", interval + interval / 10}});
    const auto frequent = with_timings(device, {{"REFI", interval - interval / 10}});
    ASSERT_TRUE(rare && frequent) << device.part;
    for (const RefreshMode mode : refresh_modes(device)) {
      if (mode == RefreshMode::none) continue;
      EXPECT_EQ(broken_refresh(device, device, mode), std::set<std::string>{}) << device.part;
      EXPECT_TRUE(broken_refresh(*rare, device, mode).contains("refresh-late")) << device.part << enum_name(mode);
      EXPECT_TRUE(broken_refresh(*frequent, device, mode).contains("refresh-count")) << device.part << enum_name(mode);
    }
  }
}

// ---- single commands

/// Legal commands of a run, as a list, and the settings under which they came.
std::vector<IssuedCommand> commands_of(const DramDevice& device, const ControllerSettings& settings) {
  CommandList list;
  activity_of("random", device, settings, {.blocks = 10'000}, 64, &list);
  return list.commands;
}
std::set<std::string> broken_rules(const DramDevice& device, const ControllerSettings& settings,
                                   const std::vector<IssuedCommand>& commands) {
  CheckerOptions options = checker_options(device, settings);
  options.refresh.postponed = settings.postponed + 1;
  CommandChecker checker(device, options);
  for (const IssuedCommand& command : commands) checker.issued(command);
  checker.finish(commands.back().tick);
  return broken_rules(checker);
}

class OneCommand : public MutationTest {
 protected:
  void SetUp() override {
    settings_ = default_settings(device_);
    settings_.postponed = 0;
    commands_ = commands_of(device_, settings_);
    ASSERT_EQ(broken_rules(device_, settings_, commands_), std::set<std::string>{});
  }
  /// The first command of a kind after so many commands.
  std::vector<IssuedCommand>::iterator find(std::size_t from, auto is_wanted) {
    return std::find_if(commands_.begin() + static_cast<std::ptrdiff_t>(from), commands_.end(), is_wanted);
  }
  const DramDevice& device_ = devices_[0];
  ControllerSettings settings_;
  std::vector<IssuedCommand> commands_;
};
INSTANTIATE_TEST_SUITE_P(All, OneCommand, testing::ValuesIn(kCheckedStandards),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(OneCommand, ADroppedRefreshIsNamed) {
  const auto refresh = find(0, [](const IssuedCommand& command) { return is_refresh(command.command); });
  ASSERT_NE(refresh, commands_.end());
  commands_.erase(refresh);
  EXPECT_TRUE(broken_rules(device_, settings_, commands_).contains("refresh-late"));
}

TEST_P(OneCommand, ADroppedActivationIsNamed) {
  const auto act = find(300, [](const IssuedCommand& command) { return command.command == DramCommand::ACT; });
  ASSERT_NE(act, commands_.end());
  commands_.erase(act);
  EXPECT_TRUE(broken_rules(device_, settings_, commands_).contains("row-open"));
}

TEST_P(OneCommand, ARowThatClosesEarlyIsNamed) {
  // A precharge takes the place of the activation's first read or write.
  const auto act = find(300, [](const IssuedCommand& command) { return command.command == DramCommand::ACT; });
  const auto column = std::find_if(act, commands_.end(), [&](const IssuedCommand& command) {
    return is_column(command.command) && command.rank == act->rank && command.group == act->group &&
           command.bank == act->bank;
  });
  ASSERT_NE(column, commands_.end());
  column->command = DramCommand::PRE;
  column->row = column->column = 0;
  EXPECT_TRUE(broken_rules(device_, settings_, commands_).contains("tRAS"));
}

TEST_P(OneCommand, AWrongRowIsNamed) {
  const auto column = find(300, [](const IssuedCommand& command) { return is_column(command.command); });
  ASSERT_NE(column, commands_.end());
  column->row ^= 1;
  EXPECT_EQ(broken_rules(device_, settings_, commands_), std::set<std::string>{"row-open"});
}

TEST_P(OneCommand, TwoCommandsAtOnceOnABusAreNamed) {
  const auto column = find(300, [](const IssuedCommand& command) { return is_column(command.command); });
  ASSERT_NE(column, commands_.end());
  commands_.insert(column, *column);
  EXPECT_TRUE(broken_rules(device_, settings_, commands_).contains("command-bus"));
}

TEST_P(OneCommand, SwappedCommandsAreNamed) {
  // A precharge and the activation after it, which exchange their ticks.
  const auto pre = find(300, [](const IssuedCommand& command) { return command.command == DramCommand::PRE; });
  const auto act = std::find_if(pre, commands_.end(), [&](const IssuedCommand& command) {
    return command.command == DramCommand::ACT && command.rank == pre->rank && command.group == pre->group &&
           command.bank == pre->bank;
  });
  ASSERT_NE(act, commands_.end());
  std::swap(*pre, *act);
  std::swap(pre->tick, act->tick);
  const std::set<std::string> broken = broken_rules(device_, settings_, commands_);
  EXPECT_TRUE(broken.contains("row-closed") && broken.contains("row-open"));
}

TEST_P(OneCommand, TheWrongEdgeIsNamed) {
  if (device_.ticks_per_clock == 1) return;
  const auto column = find(300, [](const IssuedCommand& command) { return is_column(command.command); });
  ASSERT_NE(column, commands_.end());
  ++column->tick;
  EXPECT_TRUE(broken_rules(device_, settings_, commands_).contains("clock-edge"));
}

}  // namespace
}  // namespace orrery
