#include "orrery/memory/checker.h"

#include <fmt/format.h>

#include "orrery/base/result.h"

namespace orrery {
namespace {

using enum DramCommand;

constexpr CommandSet kOfOneBank = command_set(ACT, ACT2, PRE, RD, RDA, WR, WRA, REFpb, RFMpb);
constexpr CommandSet kOfOneSlice = command_set(PREsb, REFsb);

CheckedStandard known_standard(const DramDevice& device) {
  const auto standard = checked_standard(device.standard);
  ORRERY_CHECK(standard.has_value());
  ORRERY_CHECK(standard->ticks_per_clock == device.ticks_per_clock);
  return *standard;
}

}  // namespace

CommandChecker::CommandChecker(const DramDevice& device, const CheckerOptions& options)
    : standard_(known_standard(device)),
      ranks_(device.ranks),
      groups_(device.bank_groups),
      banks_per_group_(device.banks_per_group),
      rows_(device.rows),
      columns_(device.columns),
      rising_edge_(options.rising_edge),
      nanoseconds_per_tick_(device.nanoseconds(1)),
      has_data_clock_(device.data_clock),
      banks_(static_cast<std::size_t>(device.banks())),
      rank_states_(static_cast<std::size_t>(device.ranks)),
      activations_(static_cast<std::size_t>(device.ranks), {kNever, kNever, kNever, kNever}),
      oldest_activation_(static_cast<std::size_t>(device.ranks)),
      ledger_(device, options.refresh, tally_) {
  const auto ticks = [&](std::string_view timing) {
    return clocks_of(device, timing).value_or(0) * device.ticks_per_clock;
  };
  ORRERY_CHECK(clocks_of(device, "CL") && clocks_of(device, "CWL"));
  burst_ticks_ = standard_.burst_clocks * device.ticks_per_clock;
  read_latency_ = ticks("CL");
  write_latency_ = ticks("CWL");
  window_ = ticks("FAW");
  closing_activation_ = ticks("RAS") + ticks("RP");
  data_clock_after_ = clocks_of(device, "WCKPST").value_or(1) * device.ticks_per_clock;
  second_within_ = clocks_of(device, "AAD").value_or(8) * device.ticks_per_clock;

  std::size_t rows = 0;
  const std::int32_t sizes[] = {device.banks(), ranks_ * banks_per_group_, ranks_ * groups_, ranks_, 1};
  for (std::size_t scope = 0; scope < first_row_.size(); ++scope) {
    first_row_[scope] = rows;
    rows += static_cast<std::size_t>(sizes[scope]);
  }
  last_.resize(rows);
  for (auto& row : last_) row.fill(kNever);
  add_checks(device);
  add_rules();
}

void CommandChecker::add_checks(const DramDevice& device) {
  for (const TimingRule& rule : timing_rules(device, standard_)) {
    const CommandSet from_set = rule.from & standard_.commands;
    const CommandSet to_set = rule.to & standard_.commands;
    if (from_set == 0 || to_set == 0) continue;
    if (rule.scope == RuleScope::other_rank && ranks_ == 1) continue;
    const auto index = static_cast<std::int16_t>(tally_.add(rule.name));
    for (int t = 0; t < kDramCommands; ++t) {
      const auto to = static_cast<DramCommand>(t);
      if (!holds(to_set, to)) continue;
      auto& checks = (rule.scope == RuleScope::other_rank ? other_rank_checks_ : checks_)[static_cast<std::size_t>(t)];
      for (int f = 0; f < kDramCommands; ++f) {
        const auto from = static_cast<DramCommand>(f);
        if (!holds(from_set, from)) continue;
        // Clocks count from last tick to last tick.
        const std::int64_t distance = rule.clocks * device.ticks_per_clock + (ticks_of(from) - 1) - (ticks_of(to) - 1);
        checks.push_back({static_cast<std::int32_t>(distance), index, from, rule.scope});
      }
    }
  }
}

void CommandChecker::add_rules() {
  rule_.address = tally_.add("address");
  rule_.command_set = tally_.add("command-set");
  rule_.tick_order = tally_.add("tick-order");
  rule_.bus = tally_.add("command-bus");
  rule_.data_bus = tally_.add("data-bus");
  rule_.row_open = tally_.add("row-open");
  rule_.row_closed = tally_.add("row-closed");
  rule_.power = tally_.add("power-state");
  rule_.closing_activation = tally_.add("tRAS");
  if (standard_.rising != 0) rule_.edge = tally_.add("clock-edge");
  if (window_ > 0) rule_.window = tally_.add("tFAW");
  if (has_data_clock_) rule_.data_clock = tally_.add("WCK sync");
  if (standard_.activates_in_two) {
    rule_.second = tally_.add("ACT2 deadline");
    rule_.second_within = tally_.add("tAAD");
  }
}

CommandChecker::Place CommandChecker::place_of(const IssuedCommand& command) const {
  const auto rank = static_cast<std::size_t>(command.rank);
  const auto groups = static_cast<std::size_t>(groups_);
  const auto banks = static_cast<std::size_t>(banks_per_group_);
  Place place;
  place.bank = (rank * groups + command.group) * banks + command.bank;
  place.row = {first_row_[0] + place.bank, first_row_[1] + rank * banks + command.bank,
               first_row_[2] + rank * groups + command.group, first_row_[3] + rank, first_row_[4]};
  return place;
}

void CommandChecker::issued(const IssuedCommand& command) {
  if (!is_known(command)) return;
  const Place place = place_of(command);
  check_bus(command);
  if (standard_.rising != 0) check_edge(command, place);
  check_distances(command, place);
  check_power(command);
  apply(command, place);
  record(command, place);
  ledger_.issued(command, tally_);
}

bool CommandChecker::is_known(const IssuedCommand& command) {
  const bool is_there = command.rank < ranks_ && command.group < groups_ && command.bank < banks_per_group_ &&
                        command.row >= 0 && command.row < rows_ && command.column >= 0 && command.column < columns_;
  state(rule_.address, is_there, command, "is outside of the device");
  const bool exists = holds(standard_.commands, command.command);
  state(rule_.command_set, exists, command, "is no command of the standard");
  if (last_tick_ != kNever && tally_.evaluate(rule_.tick_order, command.tick - last_tick_)) {
    tally_.explain(rule_.tick_order, command.tick, last_tick_, 0,
                   fmt::format("{} comes after a command at tick {}", words(command), last_tick_));
  }
  last_tick_ = command.tick;
  return is_there && exists;
}

void CommandChecker::check_bus(const IssuedCommand& command) {
  Bus& bus = buses_[standard_.has_two_buses && is_column(command.command) ? 1 : 0];
  if (bus.free_at != kNever && tally_.evaluate(rule_.bus, command.tick - bus.free_at)) {
    tally_.explain(rule_.bus, command.tick, bus.last.tick, bus.free_at - bus.last.tick,
                   fmt::format("{} finds the command bus taken by {} until tick {}", words(command), words(bus.last),
                               bus.free_at));
  }
  bus = {command.tick + ticks_of(command.command), command};
}

void CommandChecker::check_edge(const IssuedCommand& command, const Place& place) {
  const bool rises = (command.tick - rising_edge_) % standard_.ticks_per_clock == 0;
  const bool one_bank = holds(kOfOneBank, command.command);
  if (holds(standard_.rising, command.command)) {
    state(rule_.edge, rises, command, "starts on the falling edge");
  } else if (!rises && holds(command_set(PRE, PREab), command.command)) {
    const bool paired = command.tick == pairing_edge_;
    const bool other_bank = pairing_bank_ >= 0 && pairing_bank_ != static_cast<std::int64_t>(place.bank);
    state(rule_.edge, !paired || (one_bank && other_bank), command,
          "starts on the falling edge that belongs to the row command before it");
  }
  if (rises && !is_column(command.command)) {
    pairing_edge_ = command.tick + (command.command == ACT ? 3 : 1);
    pairing_bank_ = one_bank ? static_cast<std::int64_t>(place.bank) : -1;
  }
}

void CommandChecker::check_distances(const IssuedCommand& command, const Place& place) {
  const auto to = static_cast<std::size_t>(command.command);
  for (const Check& check : checks_[to]) {
    const std::int64_t previous =
        last_[place.row[static_cast<std::size_t>(check.scope)]][static_cast<std::size_t>(check.from)];
    if (previous == kNever) continue;
    if (tally_.evaluate(check.rule, command.tick - previous - check.distance))
      distance_broken(check, command, previous);
  }
  for (const Check& check : other_rank_checks_[to]) {
    for (std::int32_t rank = 0; rank < ranks_; ++rank) {
      if (rank == command.rank) continue;
      const std::int64_t previous = last_[first_row_[static_cast<std::size_t>(RuleScope::rank)] +
                                          static_cast<std::size_t>(rank)][static_cast<std::size_t>(check.from)];
      if (previous == kNever) continue;
      if (tally_.evaluate(check.rule, command.tick - previous - check.distance))
        distance_broken(check, command, previous);
    }
  }
  if (command.command == ACT) check_window(command);
}

void CommandChecker::check_window(const IssuedCommand& command) {
  const std::size_t at = standard_.is_stack ? 0 : command.rank;
  std::size_t& oldest = oldest_activation_[at];
  const std::int64_t previous = activations_[at][oldest];
  activations_[at][oldest] = command.tick;
  oldest = (oldest + 1) % activations_[at].size();
  if (window_ == 0 || previous == kNever) return;
  if (!tally_.evaluate(rule_.window, command.tick - previous - window_)) return;
  tally_.explain(rule_.window, command.tick, previous, window_,
                 fmt::format("{} is {} ticks after the fourth ACT before it, at tick {}, and {} are needed",
                             words(command), command.tick - previous, previous, window_));
}

void CommandChecker::record(const IssuedCommand& command, const Place& place) {
  const auto put = [&](RuleScope scope) {
    last_[place.row[static_cast<std::size_t>(scope)]][static_cast<std::size_t>(command.command)] = command.tick;
  };
  put(RuleScope::unit);
  put(RuleScope::rank);
  if (holds(kOfOneBank | kOfOneSlice, command.command)) put(RuleScope::slice);
  if (holds(kOfOneBank, command.command)) {
    put(RuleScope::group);
    put(RuleScope::bank);
  }
}

void CommandChecker::finish(std::int64_t end_tick) {
  ledger_.finish(end_tick, tally_);
  for (const Rank& rank : rank_states_) {
    if (rank.owes_second < 0) continue;
    const std::int64_t activated = last_[first_row_[0] + static_cast<std::size_t>(rank.owes_second)][0];
    if (!tally_.evaluate(rule_.second, activated + second_within_ - end_tick)) continue;
    tally_.explain(rule_.second, end_tick, activated, second_within_,
                   fmt::format("ACT at tick {} has no ACT2 by the end at tick {}", activated, end_tick));
  }
}

void CommandChecker::distance_broken(const Check& check, const IssuedCommand& command, std::int64_t previous) {
  tally_.explain(check.rule, command.tick, previous, check.distance,
                 fmt::format("{} is {} ticks after {} at tick {}, and {} are needed", words(command),
                             command.tick - previous, enum_name(check.from), previous, check.distance));
}

void CommandChecker::state(int rule, bool holds, const IssuedCommand& command, const char* what) {
  if (tally_.evaluate(rule, holds ? 0 : -1)) state_broken(rule, command, what);
}

void CommandChecker::state_broken(int rule, const IssuedCommand& command, const char* what) {
  tally_.explain(rule, command.tick, command.tick, 0, fmt::format("{} {}", words(command), what));
}

std::string CommandChecker::words(const IssuedCommand& command) const {
  std::string place = fmt::format("rank {}", command.rank);
  if (holds(kOfOneBank, command.command)) {
    place += fmt::format(", bank group {}, bank {}", command.group, command.bank);
  } else if (holds(kOfOneSlice, command.command)) {
    place += fmt::format(", bank {} of each group", command.bank);
  }
  if (command.command == ACT || is_column(command.command)) place += fmt::format(", row {}", command.row);
  return fmt::format("{} at tick {} ({:.3f} ns) to {}", enum_name(command.command), command.tick,
                     static_cast<double>(command.tick) * nanoseconds_per_tick_, place);
}

SharedBusChecker::SharedBusChecker(const DramDevice& device) : standard_(known_standard(device)) {
  rule_ = tally_.add("shared-command-bus");
}

void SharedBusChecker::issued(int unit, const IssuedCommand& command) {
  Bus& bus = buses_[standard_.has_two_buses && is_column(command.command) ? 1 : 0];
  if (tally_.evaluate(rule_, command.tick - bus.free_at)) {
    tally_.explain(rule_, command.tick, bus.last.tick, bus.free_at - bus.last.tick,
                   fmt::format("{} of unit {} at tick {} finds the command bus taken by {} of unit {} until tick {}",
                               enum_name(command.command), unit, command.tick, enum_name(bus.last.command), bus.unit,
                               bus.free_at));
  }
  bus = {command.tick + standard_.ticks[static_cast<std::size_t>(command.command)], unit, command};
}

}  // namespace orrery
