#include "orrery/memory/memory_run.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <compare>
#include <map>
#include <numeric>
#include <thread>

namespace orrery {
namespace {

/// What one unit leaves behind.
struct UnitAnswer {
  UnitActivity activity;
  std::int64_t overhead = 0;
  std::vector<RuleReport> rules;
  std::vector<PowerWindow> power;
};

/// Passes commands on to all that want them.
class SinkFan final : public CommandSink {
 public:
  void add(CommandSink* sink) {
    if (sink != nullptr) sinks_.push_back(sink);
  }
  CommandSink* only_if_wanted() { return sinks_.empty() ? nullptr : this; }
  void issued(const IssuedCommand& command) override {
    for (CommandSink* sink : sinks_) sink->issued(command);
  }

 private:
  std::vector<CommandSink*> sinks_;
};

UnitAnswer run_unit(const MemoryQuestion& question, const std::optional<EnergyModel>& energy, std::int64_t unit) {
  ControllerSettings settings = question.settings;
  settings.turn = static_cast<std::int32_t>(unit % question.device.units_sharing_commands);
  std::optional<CommandChecker> checker;
  if (question.check) checker.emplace(question.device, checker_options(question.device, settings));
  std::optional<PowerTrace> power;
  if (energy && question.power_window_ticks > 0) {
    power.emplace(question.device, *energy, question.power_window_ticks, question.toggle);
  }
  SinkFan fan;
  if (checker) fan.add(&*checker);
  if (power) fan.add(&*power);
  if (question.sinks) fan.add(question.sinks(unit));
  const auto source = question.sources(unit);
  UnitAnswer answer{
      simulate_unit(question.device, settings, question.injection, *source, fan.only_if_wanted()), 0, {}, {}};
  answer.overhead = source->overhead_bursts();
  if (checker) {
    checker->finish(answer.activity.end_tick);
    answer.rules = checker->reports();
  }
  if (power) {
    power->finish(answer.activity.end_tick);
    answer.power = power->windows();
  }
  return answer;
}

/// What a unit is asked for, in 128 bits, and its turn.
struct Fingerprint {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::int64_t turn = 0;
  friend auto operator<=>(const Fingerprint&, const Fingerprint&) = default;
};

Fingerprint fingerprint_of(AccessSource& source, std::int64_t turn) {
  constexpr std::uint64_t kFirstFactor = 0x9E3779B97F4A7C15;
  constexpr std::uint64_t kSecondFactor = 0xC2B2AE3D27D4EB4F;
  std::array<MemoryAccess, 1024> accesses;
  Fingerprint print{1, 2, turn};
  while (const std::size_t count = source.next(accesses)) {
    for (std::size_t i = 0; i < count; ++i) {
      const MemoryAccess& access = accesses[i];
      const std::uint64_t place =
          std::uint64_t{static_cast<std::uint32_t>(access.row)} << 32 | static_cast<std::uint32_t>(access.column);
      const std::uint64_t rest = static_cast<std::uint64_t>(access.tick) << 25 ^ std::uint64_t{access.rank} << 17 ^
                                 std::uint64_t{access.group} << 9 ^ std::uint64_t{access.bank} << 1 ^
                                 std::uint64_t{access.write};
      print.first = std::rotl((print.first ^ place) * kFirstFactor, 29) + rest;
      print.second = std::rotl((print.second ^ rest) * kSecondFactor, 31) + place;
    }
  }
  return print;
}

/// For each unit, the place of the first one that is asked for exactly the same in the same turn: it stands for both.
std::vector<std::size_t> stand_ins(const MemoryQuestion& question) {
  std::vector<std::size_t> places(question.units.size());
  std::iota(places.begin(), places.end(), 0);
  if (question.sinks || places.size() < 2) return places;
  std::map<Fingerprint, std::size_t> known;
  for (std::size_t& place : places) {
    const std::int64_t unit = question.units[place];
    const auto source = question.sources(unit);
    place =
        known.try_emplace(fingerprint_of(*source, unit % question.device.units_sharing_commands), place).first->second;
  }
  return places;
}

void add_rules(std::vector<RuleReport>& all, const std::vector<RuleReport>& more) {
  for (const RuleReport& report : more) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& known) { return known.rule == report.rule; });
    if (found == all.end()) {
      all.push_back(report);
      continue;
    }
    if (report.evaluated > 0 && (found->evaluated == 0 || report.smallest_slack < found->smallest_slack)) {
      found->smallest_slack = report.smallest_slack;
    }
    if (found->first.empty()) {
      found->first = report.first;
      found->first_tick = report.first_tick;
      found->first_previous_tick = report.first_previous_tick;
      found->first_required = report.first_required;
    }
    found->evaluated += report.evaluated;
    found->violations += report.violations;
  }
}

void add_power(std::vector<PowerWindow>& all, const std::vector<PowerWindow>& more) {
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (i == all.size()) all.push_back({more[i].from, more[i].to, {}});
    all[i].to = std::max(all[i].to, more[i].to);
    all[i].energy += more[i].energy;
  }
}

void add_unit(MemoryAnswer& all, const UnitAnswer& unit) {
  const UnitActivity& activity = unit.activity;
  ++all.units;
  all.end_tick = std::max(all.end_tick, activity.end_tick);
  all.reads += activity.reads;
  all.writes += activity.writes;
  all.forwarded += activity.forwarded;
  all.merged += activity.merged;
  all.row_hits += activity.row_hits;
  all.overhead += unit.overhead;
  all.most_refreshes_owed = std::max(all.most_refreshes_owed, activity.most_refreshes_owed);
  all.latency.merge(activity.latency);
  for (int i = 0; i < kDramCommands; ++i) {
    const auto command = static_cast<DramCommand>(i);
    const std::int64_t count = activity.commands(command);
    all.commands[static_cast<std::size_t>(i)] += count;
    if (is_column(command)) all.columns += count;
  }
  add_rules(all.rules, unit.rules);
  add_power(all.power, unit.power);
}

}  // namespace

std::int64_t MemoryAnswer::violations() const {
  std::int64_t count = 0;
  for (const RuleReport& report : rules) count += report.violations;
  return count;
}

CheckerOptions checker_options(const DramDevice& device, const ControllerSettings& settings) {
  CheckerOptions options;
  options.rising_edge = device.ticks_per_clock - 1;
  options.refresh.mode = settings.refresh;
  options.refresh.postponed = settings.postponed + 1;  // the one that is being made room for
  if (const auto& refresh = device.refresh[static_cast<std::size_t>(settings.refresh)]) {
    options.refresh.interval =
        static_cast<std::int64_t>(std::floor(refresh->interval * settings.refresh_interval_factor));
    options.refresh.postponed = std::max(options.refresh.postponed, refresh->postponed);
  }
  return options;
}

MemoryAnswer answer(const MemoryQuestion& question) {
  const auto energy = EnergyModel::from(question.device);
  const std::vector<std::size_t> stands_in = stand_ins(question);
  std::vector<UnitAnswer> answers(question.units.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < answers.size(); i = next++) {
      if (stands_in[i] == i) answers[i] = run_unit(question, energy, question.units[i]);
    }
  };
  {
    std::vector<std::jthread> others;
    const int threads = question.sinks ? 1 : std::min<int>(question.threads, static_cast<int>(answers.size()));
    for (int i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  MemoryAnswer all;
  if (energy) all.energy.emplace();
  for (const std::size_t place : stands_in) {
    const UnitAnswer& unit = answers[place];
    add_unit(all, unit);
    if (energy) *all.energy += energy->of(unit.activity, question.toggle);
  }
  return all;
}

}  // namespace orrery
