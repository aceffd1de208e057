#include <fmt/format.h>

#include <map>

#include "catalog_devices.h"

// What the engine must give by arithmetic alone: section 9 of the memory reference.
namespace orrery {
namespace {

class Oracle : public testing::TestWithParam<std::string_view> {
 protected:
  std::int64_t clocks(std::string_view timing) const { return device_.timing(timing); }
  std::int64_t burst_clocks() const { return device_.burst_ticks / device_.ticks_per_clock; }
  /// What all-bank refresh leaves, in percent.
  double refreshed_percent() const {
    return 100.0 * (1 - static_cast<double>(clocks("RTP") + clocks("RP") + clocks("RFCab") + clocks("RCDrd")) /
                            static_cast<double>(clocks("REFI")));
  }
  static ControllerSettings compatible(std::int32_t entries = 64) {
    ControllerSettings settings = ramulator2_settings(SchedulingPolicy::ramulator2);
    settings.read_entries = settings.write_entries = entries;
    return settings;
  }
  static ControllerSettings unrefreshed(ControllerSettings settings) {
    settings.refresh = RefreshMode::none;
    return settings;
  }
  ControllerSettings best() const {
    ControllerSettings settings = default_settings(device_);
    settings.takes_turns = false;
    settings.refresh = RefreshMode::all_bank;
    return settings;
  }

  static MemoryAccess read(std::int32_t row, std::int32_t column = 0) {
    MemoryAccess access;
    access.row = row;
    access.column = column;
    return access;
  }

  // Latencies of a unit that was idle, in ticks: a tick in the queue, and to the next rising edge where commands start
  // there; distances count from last tick to last tick; LPDDR starts its data clock in the slot before.
  std::int64_t open_latency() const { return on_slot(1) + data_clock() + data_time(); }
  std::int64_t closed_latency() const { return activated_latency(on_slot(1)); }
  std::int64_t other_row_latency() const {
    const bool any_edge = device_.commands[static_cast<std::size_t>(DramCommand::PRE)].edge == ClockEdge::any;
    return activated_latency(on_slot((any_edge ? 1 : on_slot(1)) + distance("RP", DramCommand::PRE, DramCommand::ACT)));
  }

  const DramDevice device_ = catalog_device(GetParam());

 private:
  std::int64_t on_slot(std::int64_t tick) const { return device_.ticks_per_clock == 2 ? tick | 1 : tick; }
  std::int64_t distance(std::string_view timing, DramCommand from, DramCommand to) const {
    const auto length = [&](DramCommand command) { return device_.commands[static_cast<std::size_t>(command)].ticks; };
    return clocks(timing) * device_.ticks_per_clock + length(from) - length(to);
  }
  std::int64_t data_clock() const { return device_.data_clock ? 1 : 0; }
  std::int64_t data_time() const { return device_.read_latency + device_.burst_ticks; }
  std::int64_t activated_latency(std::int64_t activation) const {
    return on_slot(activation + distance("RCDrd", DramCommand::ACT, DramCommand::RD)) + data_clock() + data_time();
  }
};
INSTANTIATE_TEST_SUITE_P(Parts, Oracle, testing::ValuesIn(kRamulatorParts), [](const auto& info) {
  std::string name(info.param);
  std::erase(name, '-');
  return name;
});

TEST_P(Oracle, AStreamWithoutRefreshKeepsTheDataBusBusy) {
  for (const ControllerSettings& settings : {compatible(), best()}) {
    const double percent = percent_of_peak(activity_of("stream", device_, unrefreshed(settings), {.blocks = 500'000}));
    EXPECT_GE(percent, 99.9) << enum_name(settings.policy);
    RecordProperty(std::string(enum_name(settings.policy)), fmt::format("{:.3f}", percent));
  }
}

TEST_P(Oracle, RefreshTakesFromAStreamWhatItsTimesSay) {
  ControllerSettings settings = best();
  settings.postponed = 0;
  for (const ControllerSettings& each : {compatible(), settings}) {
    const double percent = percent_of_peak(activity_of("stream", device_, each, {.blocks = 500'000}));
    EXPECT_NEAR(percent, refreshed_percent(), 0.3) << enum_name(each.policy);
    RecordProperty(std::string(enum_name(each.policy)), fmt::format("{:.3f} ({:.3f})", percent, refreshed_percent()));
  }
}

TEST_P(Oracle, RandomReadsAreBoundByActivations) {
  const std::map<std::string, std::pair<std::int32_t, double>> cases = {
      {"ddr4", {64, 0.5}}, {"ddr5", {64, 0.5}}, {"hbm3", {256, 0.5}}, {"hbm4", {256, 0.5}}, {"gddr6", {64, 0.7}}};
  const auto found = cases.find(device_.standard);
  if (found == cases.end()) return;  // HBM2 and LPDDR5 are bound by more than one thing
  const auto [entries, bar] = found->second;
  const double of_a_row = 64.0 / device_.access_bytes;
  const double apart = std::max(static_cast<double>(clocks("RRD_S")), static_cast<double>(clocks("FAW")) / 4);
  const double bound = std::min(1.0, of_a_row * static_cast<double>(burst_clocks()) / apart) * refreshed_percent();
  const double percent =
      percent_of_peak(activity_of("random", device_, compatible(entries), {.blocks = 200'000}, entries));
  EXPECT_NEAR(percent, bound, bar);
  RecordProperty("percent", fmt::format("{:.3f} ({:.3f})", percent, bound));
}

/// Reads one by one, each when the unit has long been idle.
class OneByOne final : public AccessSource {
 public:
  OneByOne(std::vector<MemoryAccess> accesses, std::int64_t gap) : accesses_(std::move(accesses)) {
    for (std::size_t i = 0; i < accesses_.size(); ++i) accesses_[i].tick = static_cast<std::int64_t>(i) * gap;
  }
  std::size_t next(std::span<MemoryAccess> accesses) override {
    const std::size_t count = std::min(accesses.size(), accesses_.size() - done_);
    std::copy_n(accesses_.begin() + static_cast<std::ptrdiff_t>(done_), count, accesses.begin());
    done_ += count;
    return count;
  }

 private:
  std::vector<MemoryAccess> accesses_;
  std::size_t done_ = 0;
};

TEST_P(Oracle, AnUnloadedReadTakesTheSumOfItsTimings) {
  const auto latency = [&](const std::vector<MemoryAccess>& accesses, const ControllerSettings& settings) {
    OneByOne source(accesses, 10'000 * device_.ticks_per_clock);
    return simulate_unit(device_, unrefreshed(settings), {1}, source).latency.sum();
  };
  for (const ControllerSettings& settings : {compatible(), best()}) {
    const std::int64_t first = latency({read(5)}, settings);
    EXPECT_EQ(first, closed_latency()) << enum_name(settings.policy);
    EXPECT_EQ(latency({read(5), read(5, 1)}, settings) - first, open_latency()) << enum_name(settings.policy);
    EXPECT_EQ(latency({read(5), read(6)}, settings) - first, other_row_latency()) << enum_name(settings.policy);
  }
}

TEST_P(Oracle, RowsThatAlternateInOneBankTakeARowCycleEach) {
  std::vector<MemoryAccess> accesses;
  for (std::int32_t i = 0; i < 2'000; ++i) accesses.push_back(read(i % 2));
  OneByOne source(std::move(accesses), 0);
  const UnitActivity activity = simulate_unit(device_, unrefreshed(compatible()), {1}, source);
  const double period = static_cast<double>(activity.end_tick) / 2'000;
  // Each read enters when the data of the last one end; a row cycle is shorter on all devices but DDR4.
  const std::int64_t serial = (other_row_latency() + device_.ticks_per_clock - 1) / device_.ticks_per_clock;
  const std::int64_t expected = std::max(clocks("RC"), serial) * device_.ticks_per_clock;
  EXPECT_NEAR(period, static_cast<double>(expected), 0.1);
  RecordProperty("period", fmt::format("{:.2f} ({})", period, expected));
}

TEST(OracleOfDdr4, PingPongTakesAsLongAsByTheLiteralStepper) {
  const UnitActivity activity = activity_of("ping_pong", catalog_device("ramulator2-ddr4-2400"),
                                            ramulator2_settings(SchedulingPolicy::ramulator2), {.blocks = 2'000}, 1);
  EXPECT_EQ(activity.end_tick, 115'178);
}

TEST_P(Oracle, RefreshesComeOncePerInterval) {
  for (const RefreshMode mode : {RefreshMode::all_bank, RefreshMode::per_bank, RefreshMode::same_bank}) {
    const auto& refresh = device_.refresh[static_cast<std::size_t>(mode)];
    if (!refresh) continue;
    for (const std::int32_t postponed : {0, refresh->postponed}) {
      for (const std::string_view pattern : {"stream", "random", "idle_bursts"}) {
        ControllerSettings settings = best();
        settings.refresh = mode;
        settings.postponed = postponed;
        const std::int64_t blocks = pattern == "idle_bursts" ? 2'000 : 50'000;
        const UnitActivity activity = activity_of(pattern, device_, settings, {.blocks = blocks});
        const std::int64_t due = activity.end_tick / refresh->interval;
        EXPECT_NEAR(static_cast<double>(activity.commands(refresh->command)), static_cast<double>(due), postponed + 1)
            << pattern << " " << enum_name(mode) << " " << postponed;
      }
    }
  }
}

// ---- conservation

/// Sums over the commands of a run, by themselves.
struct Ledger {
  explicit Ledger(const DramDevice& device) : opened(static_cast<std::size_t>(device.banks()), -1) {}
  std::vector<std::int64_t> opened;  ///< by bank; -1: closed
  std::int64_t open_ticks = 0;
  std::int64_t columns = 0;

  void close(std::size_t bank, std::int64_t tick) {
    if (opened[bank] >= 0) open_ticks += tick - opened[bank];
    opened[bank] = -1;
  }
};
Ledger ledger_of(const DramDevice& device, const std::vector<IssuedCommand>& commands, std::int64_t end) {
  Ledger ledger(device);
  for (const IssuedCommand& command : commands) {
    const auto bank = static_cast<std::size_t>(
        (command.rank * device.bank_groups + command.group) * device.banks_per_group + command.bank);
    if (is_column(command.command)) ++ledger.columns;
    if (command.command == DramCommand::ACT) ledger.opened[bank] = command.tick;
    if (command.command == DramCommand::PRE) ledger.close(bank, command.tick);
    if (command.command != DramCommand::PREab) continue;
    for (std::size_t i = 0; i < ledger.opened.size(); ++i) ledger.close(i, command.tick);
  }
  for (std::size_t i = 0; i < ledger.opened.size(); ++i) ledger.close(i, std::max(end, ledger.opened[i]));
  return ledger;
}

TEST_P(Oracle, WhatGoesInComesOut) {
  for (const std::string_view pattern : {"stream", "random", "mixed", "turnaround", "ping_pong_write"}) {
    for (const ControllerSettings& settings : {compatible(), best()}) {
      CommandList list;
      constexpr std::int64_t kBlocks = 20'000;
      const UnitActivity activity = activity_of(pattern, device_, settings, {.blocks = kBlocks}, 64, &list);
      EXPECT_EQ(activity.reads + activity.writes, kBlocks * (64 / device_.access_bytes));
      EXPECT_EQ(activity.latency.count(), activity.reads);
      EXPECT_EQ(activity.commands(DramCommand::RD) + activity.forwarded, activity.reads);
      // Writes that wait at the end stay in the queue.
      const std::int64_t unwritten = activity.writes - activity.merged - activity.commands(DramCommand::WR);
      EXPECT_GE(unwritten, 0);
      EXPECT_LE(unwritten, settings.write_entries + device_.banks());
      const Ledger ledger = ledger_of(device_, list.commands, activity.end_tick);
      EXPECT_EQ(activity.data_ticks, ledger.columns * device_.burst_ticks);
      EXPECT_EQ(activity.ranks[0].open_bank_ticks, ledger.open_ticks) << pattern << " " << enum_name(settings.policy);
      EXPECT_LE(activity.ranks[0].any_bank_open_ticks, activity.end_tick);
      EXPECT_LE(activity.ranks[0].any_bank_open_ticks, activity.ranks[0].open_bank_ticks);
      EXPECT_EQ(static_cast<std::int64_t>(list.commands.size()), [&] {
        std::int64_t sum = 0;
        for (const std::int64_t count : activity.ranks[0].commands) sum += count;
        return sum;
      }());
    }
  }
}

/// Counts the reads under way, tick by tick: entered at their stamps, which closed loops make equal to returns.
TEST_P(Oracle, TheMeanNumberUnderWayIsThroughputTimesLatency) {
  for (const std::int64_t outstanding : {1, 16, 64}) {
    const UnitActivity activity = activity_of("random", device_, compatible(), {.blocks = 100'000}, outstanding);
    const double throughput = static_cast<double>(activity.reads) / static_cast<double>(activity.end_tick);
    const double under_way = throughput * activity.latency.mean();
    // A slot is filled again in the tick in which its data return; only the last reads leave it empty.
    EXPECT_NEAR(under_way / static_cast<double>(outstanding), 1, 0.001) << outstanding;
  }
}

}  // namespace
}  // namespace orrery
