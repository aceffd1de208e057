#include <fmt/format.h>

#include <algorithm>

#include "orrery/memory/checker.h"

// What the commands do to banks, data bus, data clock and power, and what they ask of them.
namespace orrery {

using enum DramCommand;

void CommandChecker::check_power(const IssuedCommand& command) {
  Rank& rank = rank_states_[command.rank];
  const Power asked = command.command == PDX   ? Power::down
                      : command.command == SRX ? Power::refreshing_itself
                                               : Power::up;
  state(rule_.power, rank.power == asked, command,
        asked != Power::up          ? "leaves a state that the rank is not in"
        : rank.power == Power::down ? "comes in power-down"
                                    : "comes in self-refresh");
  if (command.command == PDX || command.command == SRX) rank.power = Power::up;
  if (command.command != PDE && command.command != SRE) return;
  state(rule_.power, command.tick >= rank.data_end, command, "comes while data is on its way");
  if (command.command == SRE) state(rule_.power, rank.open_banks == 0, command, "finds an open row");
  rank.power = command.command == PDE ? Power::down : Power::refreshing_itself;
}

void CommandChecker::apply(const IssuedCommand& command, const Place& place) {
  Rank& rank = rank_states_[command.rank];
  if (rank.owes_second >= 0 && command.command != ACT2) check_owed_second(command, place);
  const std::size_t first_bank = static_cast<std::size_t>(command.rank) * static_cast<std::size_t>(groups_) *
                                 static_cast<std::size_t>(banks_per_group_);
  switch (command.command) {
    case ACT:
      return activate(command, place);
    case ACT2:
      return activate_second(command, place);
    case RD:
    case RDA:
    case WR:
    case WRA:
      return column(command, place);
    case PRE:
      return close(place.bank, command.rank, false);
    case PREab:
      for (std::size_t i = 0; i < banks_.size() / rank_states_.size(); ++i) close(first_bank + i, command.rank, false);
      return;
    case PREsb:
      return close_slice(command);
    case REFab:
    case REFpb:
    case REFsb:
    case RFMab:
    case RFMpb:
      return refresh(command, place);
    case CAS:
      rank.clock_start = command.tick + ticks_of(CAS);
      return;
    case PDE:
    case PDX:
    case SRE:
    case SRX:
      return;
  }
}

void CommandChecker::activate(const IssuedCommand& command, const Place& place) {
  Bank& bank = banks_[place.bank];
  Rank& rank = rank_states_[command.rank];
  state(rule_.row_closed, bank.open_row < 0, command, "finds another row open");
  if (bank.closed_by_itself) {
    // The precharge inside the device waits for tRAS.
    const std::int64_t previous = last_[place.row[0]][static_cast<std::size_t>(ACT)];
    if (tally_.evaluate(rule_.closing_activation, command.tick - previous - closing_activation_)) {
      tally_.explain(rule_.closing_activation, command.tick, previous, closing_activation_,
                     fmt::format("{} is {} ticks after ACT at tick {} of a row that closed by itself, and tRAS + tRP "
                                 "are {}",
                                 words(command), command.tick - previous, previous, closing_activation_));
    }
  }
  if (bank.open_row < 0) ++rank.open_banks;
  bank = {command.row, false};
  if (standard_.activates_in_two) rank.owes_second = static_cast<std::int64_t>(place.bank);
}

void CommandChecker::activate_second(const IssuedCommand& command, const Place& place) {
  Rank& rank = rank_states_[command.rank];
  if (rank.owes_second != static_cast<std::int64_t>(place.bank)) {
    state(rule_.second, false, command, "has no ACT to complete");
    return;
  }
  rank.owes_second = -1;
  const std::int64_t previous = last_[place.row[0]][static_cast<std::size_t>(ACT)];
  const std::int64_t slack = previous + second_within_ - command.tick;
  for (const int rule : {rule_.second, rule_.second_within}) {
    if (!tally_.evaluate(rule, slack)) continue;
    tally_.explain(rule, command.tick, previous, second_within_,
                   fmt::format("{} is {} ticks after ACT at tick {}, and {} are allowed", words(command),
                               command.tick - previous, previous, second_within_));
  }
}

/// ACT2 names no bank on its bus, so no other activation may come between, and the bank itself can take nothing else.
void CommandChecker::check_owed_second(const IssuedCommand& command, const Place& place) {
  constexpr CommandSet kAllBanks = command_set(PREab, REFab, RFMab, SRE, PDE);
  constexpr CommandSet kOneBank = command_set(PRE, RD, RDA, WR, WRA, REFpb, RFMpb);
  const bool same_bank = rank_states_[command.rank].owes_second == static_cast<std::int64_t>(place.bank);
  if (holds(kAllBanks | command_set(ACT), command.command) || (holds(kOneBank, command.command) && same_bank)) {
    state(rule_.second, false, command, "comes between ACT and its ACT2");
  }
}

void CommandChecker::column(const IssuedCommand& command, const Place& place) {
  Bank& bank = banks_[place.bank];
  Rank& rank = rank_states_[command.rank];
  state(rule_.row_open, bank.open_row == command.row, command,
        bank.open_row < 0 ? "finds no row open" : "finds another row open");
  if (has_data_clock_) check_data_clock(command, rank);
  check_data_bus(command, rank);
  if (command.command == RDA || command.command == WRA) close(place.bank, command.rank, true);
}

/// A CAS starts the data clock in the slot before; every burst keeps it for a while.
void CommandChecker::check_data_clock(const IssuedCommand& command, Rank& rank) {
  std::int64_t slack = rank.clock_end - 1 - command.tick;
  if (slack < 0) slack = rank.clock_start == command.tick ? 0 : -1;
  if (tally_.evaluate(rule_.data_clock, slack)) {
    state_broken(rule_.data_clock, command, "finds no data clock, and no CAS right before");
  }
  const std::int64_t latency = is_read(command.command) ? read_latency_ : write_latency_;
  rank.clock_end = std::max(rank.clock_end, command.tick + latency + burst_ticks_ + data_clock_after_);
}

void CommandChecker::check_data_bus(const IssuedCommand& command, Rank& rank) {
  const std::int64_t begin = command.tick + (is_read(command.command) ? read_latency_ : write_latency_);
  const std::int64_t end = begin + burst_ticks_;
  if (data_bus_end_ != kNever) {
    std::int64_t slack = begin - data_bus_end_;
    if (slack < 0) {  // it may yet fit in a gap between others
      slack = std::numeric_limits<std::int64_t>::max();
      for (const Burst& burst : bursts_) slack = std::min(slack, std::max(begin - burst.end, burst.begin - end));
    }
    if (tally_.evaluate(rule_.data_bus, slack)) {
      tally_.explain(rule_.data_bus, command.tick, data_bus_end_, 0,
                     fmt::format("data of {}, from tick {} to {}, meets another burst; the last one ends at {}",
                                 words(command), begin, end, data_bus_end_));
    }
  }
  bursts_[next_burst_] = {begin, end};
  next_burst_ = (next_burst_ + 1) % bursts_.size();
  data_bus_end_ = std::max(data_bus_end_, end);
  rank.data_end = std::max(rank.data_end, end);
}

void CommandChecker::refresh(const IssuedCommand& command, const Place& place) {
  bool closed = true;
  if (command.command == REFpb || command.command == RFMpb) {
    closed = banks_[place.bank].open_row < 0;
  } else if (command.command == REFsb) {
    for (std::int32_t group = 0; group < groups_; ++group) {
      closed = closed && banks_[slice_bank(command, group)].open_row < 0;
    }
  } else {
    closed = rank_states_[command.rank].open_banks == 0;
  }
  state(rule_.row_closed, closed, command, "finds an open row");
}

void CommandChecker::close(std::size_t bank, std::size_t rank, bool by_itself) {
  if (banks_[bank].open_row < 0) return;
  --rank_states_[rank].open_banks;
  banks_[bank] = {-1, by_itself};
}

void CommandChecker::close_slice(const IssuedCommand& command) {
  for (std::int32_t group = 0; group < groups_; ++group) close(slice_bank(command, group), command.rank, false);
}

}  // namespace orrery
