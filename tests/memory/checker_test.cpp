#include "orrery/memory/checker.h"

#include <algorithm>
#include <functional>

#include "checked_stream.h"

// The rules of state, by hand. The distances are in checker_rules_test.cpp.
namespace orrery {
namespace {

using enum DramCommand;

std::string broken_on(const char* standard, const Stream& stream, std::int32_t ranks = 1) {
  return broken(checked(example_device(standard, ranks), stream));
}

DramDevice with_timing(DramDevice device, std::string_view name, std::int64_t clocks) {
  for (auto& [timing, value] : device.timings) {
    if (timing == name) value = clocks;
  }
  return device;
}

TEST(Checker, SaysWhatWhereAndHowMuch) {
  const CommandChecker checker = checked(example_device("ddr4"), {{0, ACT, 0, 1, 2, 5}, {15, RD, 0, 1, 2, 5}});
  const RuleReport report = report_of(checker, "tRCDrd");
  EXPECT_EQ(report.first,
            "RD at tick 15 (12.500 ns) to rank 0, bank group 1, bank 2, row 5 is 15 ticks after ACT at tick 0, and 16 "
            "are needed");
  EXPECT_EQ(report.first_tick, 15);
  EXPECT_EQ(report.first_previous_tick, 0);
  EXPECT_EQ(report.first_required, 16);
  EXPECT_EQ(report.evaluated, 1);
  EXPECT_EQ(report.smallest_slack, -1);
  EXPECT_EQ(checker.violations(), 1);
}

TEST(Checker, CountsHowOftenARuleAppliedAndItsSmallestSlack) {
  const CommandChecker checker = checked(example_device("ddr4"), {{0, ACT}, {20, RD}, {29, RD}, {36, RD}});
  EXPECT_EQ(checker.violations(), 0) << sentences(checker);
  EXPECT_EQ(report_of(checker, "tCCD_L").evaluated, 2);
  EXPECT_EQ(report_of(checker, "tCCD_L").smallest_slack, 1);
  EXPECT_EQ(report_of(checker, "tRCDrd").smallest_slack, 4);
  EXPECT_EQ(report_of(checker, "tRC").evaluated, 0);
}

TEST(Checker, NamesCommandsOutsideOfTheDevice) {
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 1}}), "address");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 0, 4}}), "address");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 0, 0, 4}}), "address");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 0, 0, 0, 65536}}), "address");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 0, 0, 0, -1}}), "address");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {16, RD, 0, 0, 0, 0, 128}}), "address");
}

TEST(Checker, NamesCommandsThatTheStandardDoesNotHave) {
  EXPECT_EQ(broken_on("ddr4", {{0, REFpb}}), "command-set");
  EXPECT_EQ(broken_on("ddr5", {{0, REFpb}}), "command-set");
  EXPECT_EQ(broken_on("hbm3", {{0, REFsb}}), "command-set");
  EXPECT_EQ(broken_on("gddr6", {{0, CAS}}), "command-set");
}

TEST(Checker, NamesCommandsOutOfOrder) { EXPECT_EQ(broken_on("hbm2", {{10, PRE}, {9, WR}}), "tick-order, row-open"); }

// ---- rows ----

TEST(CheckerRows, ColumnsNeedTheirRowOpen) {
  EXPECT_EQ(broken_on("ddr4", {{0, RD}}), "row-open");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 0, 0, 0, 5}, {20, RD, 0, 0, 0, 6}}), "row-open");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 0, 0, 1, 5}, {20, WR, 0, 0, 0, 5}}), "row-open");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {20, RDA}, {26, RD}}), "row-open");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {39, PREab}, {40, RD}}), "row-open");
  EXPECT_EQ(broken_on("ddr5", {{0, ACT, 0, 3, 1}, {78, PREsb, 0, 0, 1}, {80, RD, 0, 3, 1}}), "row-open");
  EXPECT_EQ(broken_on("ddr5", {{0, ACT, 0, 3, 1}, {78, PREsb, 0, 0, 2}, {80, RD, 0, 3, 1}}), "");
}

TEST(CheckerRows, ARowClosedEarlyIsNamed) {
  const Stream legal = {{0, ACT}, {16, RD}, {22, RD}, {39, PRE}};
  EXPECT_EQ(broken_on("ddr4", legal), "");
  Stream early = legal;
  std::swap(early[2].command, early[3].command);
  EXPECT_EQ(broken_on("ddr4", early), "tRAS, tRTP, row-open");
}

TEST(CheckerRows, TwoCommandsSwappedAreNamed) {
  EXPECT_EQ(broken_on("ddr4", {{0, RD}, {16, ACT}, {55, PRE}}), "row-open");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 0, 0, 0, 1}, {39, ACT, 0, 0, 0, 2}, {55, PRE}}), "tRC, tRAS, row-closed");
  EXPECT_EQ(broken_on("hbm2", {{0, REFpb}, {20, ACT}}), "tRFCpb");
}

TEST(CheckerRows, ActivationAndRefreshNeedThemClosed) {
  EXPECT_EQ(broken_on("ddr4", {{0, ACT, 0, 0, 0, 1}, {60, ACT, 0, 0, 0, 2}}), "row-closed");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {60, REFab}}), "row-closed");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {60, REFab, 1}}, 2), "");
  EXPECT_EQ(broken_on("hbm2", {{0, ACT}, {60, REFpb}}), "row-closed");
  EXPECT_EQ(broken_on("hbm2", {{0, ACT}, {60, REFpb, 0, 0, 1}}), "");
  EXPECT_EQ(broken_on("ddr5", {{0, ACT, 0, 7, 3}, {120, REFsb, 0, 0, 3}}), "row-closed");
  EXPECT_EQ(broken_on("ddr5", {{0, ACT, 0, 7, 3}, {120, REFsb, 0, 0, 2}}), "");
}

// ---- buses ----

TEST(CheckerBus, TwoCommandsOnOneBusAreNamed) {
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {39, PRE}, {39, ACT, 0, 1}}), "command-bus");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {39, PRE}, {40, ACT, 0, 1}}), "");
  EXPECT_EQ(broken_on("ddr5", {{0, ACT}, {1, PRE, 0, 1}}), "command-bus");
  EXPECT_EQ(broken_on("ddr5", {{0, ACT}, {2, PRE, 0, 1}}), "");
  EXPECT_EQ(broken_on("hbm3", {{0, ACT}, {2, PRE, 0, 1}}), "command-bus");
  EXPECT_EQ(broken_on("lpddr6", {{0, PRE}, {1, REFab, 1}}, 2), "command-bus");
}

TEST(CheckerBus, RowAndColumnBusesAreApart) {
  EXPECT_EQ(broken_on("hbm2", {{0, ACT}, {15, RD}, {15, ACT, 0, 1}, {16, PRE, 0, 2}}), "command-bus");
  EXPECT_EQ(broken_on("hbm2", {{0, ACT}, {15, RD}, {15, ACT, 0, 1}, {17, PRE, 0, 2}}), "");
  EXPECT_EQ(broken_on("gddr7", {{0, ACT}, {30, RD}, {30, ACT, 0, 0, 1}}), "");
  EXPECT_EQ(broken_on("gddr6", {{0, ACT}, {27, RD}, {27, ACT, 0, 1}}), "command-bus");
}

TEST(CheckerBus, UnitsOfAChannelTakeTurns) {
  const auto broken_by = [](const char* standard, std::vector<std::pair<int, IssuedCommand>> commands) {
    SharedBusChecker checker(example_device(standard));
    for (const auto& [unit, command] : commands) checker.issued(unit, command);
    return checker.violations();
  };
  EXPECT_EQ(broken_by("hbm2", {{0, {0, ACT}}, {1, {2, ACT}}, {0, {20, RD}}, {1, {20, ACT, 0, 1}}, {1, {21, RD}}}), 0);
  EXPECT_EQ(broken_by("hbm2", {{0, {0, ACT}}, {1, {1, ACT}}}), 1);
  EXPECT_EQ(broken_by("hbm2", {{0, {20, RD}}, {1, {20, WR}}}), 1);
  EXPECT_EQ(broken_by("hbm3", {{0, {0, ACT}}, {1, {2, PRE}}}), 1);
  EXPECT_EQ(broken_by("hbm3", {{0, {0, ACT}}, {1, {3, PRE}}}), 0);
  EXPECT_EQ(broken_by("hbm3", {{0, {0, REFpb}}, {1, {1, PRE}}}), 0);

  SharedBusChecker checker(example_device("hbm2"));
  checker.issued(0, {4, ACT});
  checker.issued(1, {5, PRE});
  ASSERT_EQ(checker.reports().size(), 1u);
  EXPECT_EQ(checker.reports()[0].rule, "shared-command-bus");
  EXPECT_EQ(checker.reports()[0].first,
            "PRE of unit 1 at tick 5 finds the command bus taken by ACT of unit 0 until tick 6");
}

TEST(CheckerBus, HalfClocksHaveEdges) {
  EXPECT_EQ(broken_on("hbm3", {{1, ACT}}), "clock-edge");
  EXPECT_EQ(broken_on("hbm3", {{1, REFab}}), "clock-edge");
  EXPECT_EQ(broken_on("hbm3", {{0, ACT}, {65, RD}}), "clock-edge");
  EXPECT_EQ(broken_on("hbm3", {{0, ACT}, {95, PRE}}), "");
  // After a command of one bank, only another bank may be closed on the edge that belongs to it.
  EXPECT_EQ(broken_on("hbm3", {{0, REFpb}, {1, PRE, 0, 0, 1}}), "");
  EXPECT_EQ(broken_on("hbm3", {{0, REFpb}, {1, PRE}}), "clock-edge");
  EXPECT_EQ(broken_on("hbm3", {{0, REFpb}, {1, PREab}}), "clock-edge");
  EXPECT_EQ(broken_on("hbm3", {{0, REFpb}, {3, PREab}}), "");
  EXPECT_EQ(broken_on("hbm3", {{0, ACT}, {3, PRE, 0, 0, 1}}), "");
  EXPECT_EQ(broken_on("hbm3", {{0, ACT}, {92, PRE}, {93, PRE, 0, 0, 1}}), "tPPD");
  // After a command of all banks, none may.
  EXPECT_EQ(broken_on("hbm3", {{0, REFab, 1}, {1, PRE}}, 2), "clock-edge");

  const CheckerOptions odd = {.refresh = {}, .rising_edge = 1};
  EXPECT_EQ(broken(checked(example_device("hbm3"), {{1, ACT}, {65, RD}}, odd)), "");
  EXPECT_EQ(broken(checked(example_device("hbm3"), {{0, ACT}}, odd)), "clock-edge");
}

TEST(CheckerBus, BurstsDoNotOverlap) {
  const DramDevice device = with_timing(example_device("ddr4"), "RTW", 1);
  const Stream before = {{0, ACT}, {4, ACT, 0, 1}};
  const auto broken_by = [&](std::int64_t read, std::int64_t write) {
    Stream stream = before;
    stream.push_back({read, RD});
    stream.push_back({write, WR, 0, 1});
    return broken(checked(device, stream));
  };
  // Data of a read at 20 takes ticks 36 to 39; that of a write starts 12 ticks after the write.
  EXPECT_EQ(broken_by(20, 28), "");
  EXPECT_EQ(broken_by(20, 27), "data-bus");
  EXPECT_EQ(broken_by(20, 21), "data-bus");
}

TEST(CheckerBus, BurstsDoNotOverlapOldOnes) {
  const DramDevice device = with_timing(example_device("hbm2"), "RTW", 1);
  const Stream open = {{0, ACT}, {4, ACT, 0, 1}};
  const auto broken_by = [&](std::int64_t first_read, std::int64_t second_read, std::int64_t write) {
    Stream stream = open;
    for (const std::int64_t tick : {first_read, second_read}) stream.push_back({tick, RD});
    stream.push_back({write, WR, 0, 1});
    return broken(checked(device, stream));
  };
  // Reads at 20 and 30 take ticks 34, 35, 44 and 45; a write at t takes t + 5 and t + 6.
  EXPECT_EQ(broken_by(20, 30, 31), "");
  EXPECT_EQ(broken_by(22, 30, 31), "data-bus");
  EXPECT_EQ(broken_by(23, 30, 31), "data-bus");
  EXPECT_EQ(broken_by(24, 30, 31), "");
  EXPECT_EQ(broken_by(20, 30, 38), "data-bus");
  EXPECT_EQ(broken_by(20, 30, 41), "");
}

// ---- activation in two commands ----

TEST(CheckerSecondActivation, NothingComesBetween) {
  const std::string name = "ACT2 deadline";
  EXPECT_EQ(broken_on("lpddr5", {{0, ACT2}}), name);
  EXPECT_EQ(broken_on("lpddr5", {{0, ACT}, {1, ACT2, 0, 1}}), name);
  EXPECT_EQ(broken_on("lpddr5", {{0, ACT}, {4, ACT, 0, 1}, {5, ACT2, 0, 1}}), name);
  EXPECT_EQ(broken_on("lpddr5", {{0, ACT}, {14, CAS}, {15, RD}}), name);
  EXPECT_EQ(broken_on("lpddr5", {{0, ACT}, {40, PRE}}), name);
  EXPECT_EQ(broken_on("lpddr5", {{0, ACT}, {40, PREab}}), name);
  EXPECT_EQ(broken_on("lpddr5", {{0, ACT}, {3, PRE, 0, 1}, {5, ACT2}}), "");
  EXPECT_EQ(broken_on("lpddr5", {{0, ACT}, {3, ACT, 1}, {5, ACT2}, {6, ACT2, 1}}, 2), "");
}

TEST(CheckerSecondActivation, MustCome) {
  CommandChecker checker(example_device("lpddr5"), {});
  checker.issued({0, ACT});
  checker.finish(8);
  EXPECT_EQ(broken(checker), "");
  CommandChecker longer(example_device("lpddr5"), {});
  longer.issued({0, ACT});
  longer.finish(9);
  EXPECT_EQ(broken(longer), "ACT2 deadline");
}

// ---- data clock ----

TEST(CheckerDataClock, StartsByACommandRightBefore) {
  const Stream open = {{0, ACT}, {1, ACT2}};
  const auto broken_after = [&](Stream more) {
    Stream stream = open;
    stream.insert(stream.end(), more.begin(), more.end());
    return broken_on("lpddr5", stream);
  };
  EXPECT_EQ(broken_after({{20, CAS}, {21, RD}}), "");
  EXPECT_EQ(broken_after({{21, RD}}), "WCK sync");
  EXPECT_EQ(broken_after({{20, CAS}, {22, RD}}), "WCK sync");
  EXPECT_EQ(broken_after({{20, CAS}, {21, PRE, 0, 1}, {22, RD}}), "WCK sync");
  // A read at 21 keeps it until 21 + 17 + 2 + 1 = 41, a write at 21 until 33.
  EXPECT_EQ(broken_after({{20, CAS}, {21, RD}, {40, RD}}), "");
  EXPECT_EQ(broken_after({{20, CAS}, {21, RD}, {41, RD}}), "WCK sync");
  EXPECT_EQ(broken_after({{20, CAS}, {21, RD}, {40, CAS}, {41, RD}}), "");
  EXPECT_EQ(broken_after({{20, CAS}, {21, WR}, {32, WR}}), "");
  EXPECT_EQ(broken_after({{20, CAS}, {21, WR}, {33, WR}}), "WCK sync");
}

TEST(CheckerDataClock, IsOneOfEachRank) {
  const Stream open = {{0, ACT}, {1, ACT2}, {2, ACT, 1}, {3, ACT2, 1}, {20, CAS}, {21, RD}};
  Stream without = open;
  without.push_back({30, RD, 1});
  EXPECT_EQ(broken_on("lpddr5", without, 2), "WCK sync");
  Stream with = open;
  with.push_back({29, CAS, 1});
  with.push_back({30, RD, 1});
  EXPECT_EQ(broken_on("lpddr5", with, 2), "");
}

TEST(CheckerDataClock, CommandsOfTwoTicksFollowAtTwo) {
  EXPECT_EQ(broken_on("lpddr6", {{0, ACT}, {2, ACT2}, {60, CAS}, {62, RD}}), "");
  EXPECT_EQ(broken_on("lpddr6", {{0, ACT}, {2, ACT2}, {60, CAS}, {63, RD}}), "WCK sync");
  EXPECT_EQ(broken_on("lpddr6", {{0, ACT}, {2, ACT2}, {60, CAS}, {62, RD}, {126, RD}}), "");  // 62 + 56 + 6 + 3 - 1
  EXPECT_EQ(broken_on("lpddr6", {{0, ACT}, {2, ACT2}, {60, CAS}, {62, RD}, {127, RD}}), "WCK sync");
}

// ---- power ----

TEST(CheckerPower, NothingButTheWayOut) {
  EXPECT_EQ(broken_on("ddr4", {{0, PDE}, {20, ACT}}), "power-state");
  EXPECT_EQ(broken_on("ddr4", {{0, PDE}, {20, SRX}}), "power-state");
  EXPECT_EQ(broken_on("ddr4", {{0, PDE}, {20, ACT, 1}}, 2), "");
  EXPECT_EQ(broken_on("ddr4", {{0, SRE}, {20, REFab}}), "power-state");
  EXPECT_EQ(broken_on("ddr4", {{0, SRE}, {20, PDX}}), "power-state");
  EXPECT_EQ(broken_on("ddr4", {{0, PDX}}), "power-state");
  EXPECT_EQ(broken_on("ddr4", {{0, SRX}}), "power-state");
  EXPECT_EQ(broken_on("ddr4", {{0, PDE}, {20, PDX}, {30, PDE}}), "");
}

TEST(CheckerPower, IsEnteredIdle) {
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {60, SRE}}), "power-state");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {60, PDE}}), "");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {20, RD}, {39, PDE}}), "power-state");
  EXPECT_EQ(broken_on("ddr4", {{0, ACT}, {20, RD}, {40, PDE}}), "");
}

// ---- refresh ----

/// Refresh number k = 0, 1... of a rank at (k + 1) x interval + delay, but for those to leave out.
Stream refreshes(std::int64_t interval, int count, std::int64_t delay, const std::vector<int>& without,
                 const std::function<IssuedCommand(int)>& command) {
  Stream stream;
  for (int k = 0; k < count; ++k) {
    if (std::find(without.begin(), without.end(), k) != without.end()) continue;
    stream.push_back(command(k));
    stream.back().tick = (k + 1) * interval + delay;
  }
  return stream;
}

std::string broken_until(const DramDevice& device, const Stream& stream, const RefreshDuty& duty, std::int64_t end) {
  CommandChecker checker = checked(device, stream, {.refresh = duty, .rising_edge = 0});
  checker.finish(end);
  return broken(checker);
}

TEST(CheckerRefresh, OneDroppedIsNamed) {
  const DramDevice device = example_device("ddr4");
  const RefreshDuty duty{.mode = RefreshMode::all_bank, .postponed = 1};
  const auto all = [](int) { return IssuedCommand{0, REFab}; };
  const std::int64_t end = 21 * 9364 + 1;
  EXPECT_EQ(broken_until(device, refreshes(9364, 20, 60, {}, all), duty, end), "");
  EXPECT_EQ(broken_until(device, refreshes(9364, 20, 60, {11}, all), duty, end), "refresh-late, refresh-count");
  EXPECT_EQ(broken_until(device, refreshes(9364, 20, 60, {19}, all), duty, end), "refresh-late, refresh-count");
  EXPECT_EQ(broken_until(device, {}, duty, end), "refresh-late, refresh-count");
  EXPECT_EQ(broken_until(device, {}, {}, end), "");
}

TEST(CheckerRefresh, DebtIsAllowedUpToItsLimit) {
  const DramDevice device = example_device("ddr4");
  const RefreshDuty duty{.mode = RefreshMode::all_bank, .postponed = 8};
  // The first of them is due by 9 x REFI at the latest.
  Stream late;
  for (int k = 0; k < 9; ++k) late.push_back({9 * 9364 + k * 433, REFab});
  EXPECT_EQ(broken_until(device, late, duty, late.back().tick), "");
  for (IssuedCommand& command : late) ++command.tick;
  EXPECT_EQ(broken_until(device, late, duty, late.back().tick), "refresh-late");
}

TEST(CheckerRefresh, TooManyAreNamed) {
  const DramDevice device = example_device("ddr4");
  const RefreshDuty duty{.mode = RefreshMode::all_bank, .postponed = 2};
  Stream ahead;
  for (int k = 0; k < 3; ++k) ahead.push_back({k * 433, REFab});
  EXPECT_EQ(broken_until(device, ahead, duty, 9364), "");
  ahead.push_back({3 * 433, REFab});
  EXPECT_EQ(broken_until(device, ahead, duty, 9364), "refresh-count");
}

TEST(CheckerRefresh, EveryRankHasItsOwn) {
  const DramDevice device = example_device("ddr4", 2);
  const RefreshDuty duty{.mode = RefreshMode::all_bank, .postponed = 1};
  const auto in_turn = [](int k) { return IssuedCommand{0, REFab, static_cast<std::uint8_t>(k % 2)}; };
  EXPECT_EQ(broken_until(device, refreshes(4682, 20, 60, {}, in_turn), duty, 21 * 4682), "");
  EXPECT_EQ(broken_until(device, refreshes(4682, 20, 60, {9}, in_turn), duty, 21 * 4682), "refresh-late");
}

TEST(CheckerRefresh, EveryBankHasItsTurn) {
  const DramDevice device = example_device("hbm2");
  const RefreshDuty duty{.mode = RefreshMode::per_bank, .postponed = 2};
  const std::int64_t interval = 3900 / 16;
  const auto turn = [](int k) {
    return IssuedCommand{0, REFpb, 0, static_cast<std::uint8_t>(k / 4 % 4), static_cast<std::uint8_t>(k % 4)};
  };
  EXPECT_EQ(broken_until(device, refreshes(interval, 160, 0, {}, turn), duty, 161 * interval), "");
  EXPECT_EQ(broken_until(device, refreshes(interval, 160, 0, {70}, turn), duty, 161 * interval), "refresh-late");
  // Bank 15 is never refreshed, bank 0 twice as often: the rank does not miss one.
  const auto unfair = [&](int k) { return turn(k % 16 == 15 ? 0 : k); };
  CommandChecker checker =
      checked(device, refreshes(interval, 160, 0, {}, unfair), {.refresh = duty, .rising_edge = 0});
  checker.finish(161 * interval);
  EXPECT_EQ(broken(checker), "refresh-late, refresh-count");
  EXPECT_NE(report_of(checker, "refresh-late").first.find("bank 15 of the rank in rank 0"), std::string::npos)
      << sentences(checker);
}

TEST(CheckerRefresh, SameBanksHaveTheirTurn) {
  const DramDevice device = example_device("ddr5");
  const RefreshDuty duty{.mode = RefreshMode::same_bank, .postponed = 1};
  const auto turn = [](int k) { return IssuedCommand{0, REFsb, 0, 0, static_cast<std::uint8_t>(k % 4)}; };
  EXPECT_EQ(broken_until(device, refreshes(2343, 40, 0, {}, turn), duty, 41 * 2343), "");
  EXPECT_EQ(broken_until(device, refreshes(2343, 40, 0, {17, 21}, turn), duty, 41 * 2343),
            "refresh-late, refresh-count");
}

TEST(CheckerRefresh, HeatAndPairsOfBanksChangeTheInterval) {
  const auto all = [](int) { return IssuedCommand{0, REFab}; };
  const RefreshDuty hot{.mode = RefreshMode::all_bank, .postponed = 1, .interval_factor = 0.5};
  EXPECT_EQ(broken_until(example_device("ddr4"), refreshes(4682, 20, 0, {}, all), hot, 20 * 4682), "");
  EXPECT_EQ(broken_until(example_device("ddr4"), refreshes(9364, 10, 0, {}, all), hot, 20 * 4682),
            "refresh-late, refresh-count");
  const RefreshDuty pairs{.mode = RefreshMode::per_bank, .postponed = 1, .interval = 391};
  const auto turn = [](int k) {
    return IssuedCommand{0, REFpb, 0, static_cast<std::uint8_t>(k / 4 % 4), static_cast<std::uint8_t>(k % 4)};
  };
  EXPECT_EQ(broken_until(example_device("lpddr5"), refreshes(391, 64, 0, {}, turn), pairs, 65 * 391), "");
}

TEST(CheckerRefresh, SelfRefreshStartsAnew) {
  const DramDevice device = example_device("ddr4");
  const RefreshDuty duty{.mode = RefreshMode::all_bank, .postponed = 1};
  const std::int64_t awake = 10'000'000;
  EXPECT_EQ(broken_until(device, {{100, SRE}, {awake, SRX}, {awake + 9000, REFab}}, duty, awake + 18000), "");
  EXPECT_EQ(broken_until(device, {{100, SRE}, {awake, SRX}}, duty, awake + 30000), "refresh-late, refresh-count");
  EXPECT_EQ(broken_until(device, {{100, SRE}}, duty, awake), "");
  EXPECT_EQ(broken_until(device, {{awake, SRE}}, duty, awake), "refresh-late, refresh-count");
}

}  // namespace
}  // namespace orrery
