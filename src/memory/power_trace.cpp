#include "orrery/memory/power_trace.h"

#include <algorithm>

#include "orrery/base/result.h"

namespace orrery {

using enum DramCommand;

namespace {

std::int32_t bank_distance(const DramDevice& device, DramCommand from, DramCommand to) {
  return device.distance[static_cast<std::size_t>(TimingScope::bank)][static_cast<std::size_t>(from)]
                        [static_cast<std::size_t>(to)];
}

}  // namespace

PowerTrace::PowerTrace(const DramDevice& device, const EnergyModel& model, std::int64_t window_ticks, double toggle)
    : device_(device), model_(model), window_ticks_(window_ticks), toggle_(toggle) {
  ORRERY_CHECK(window_ticks >= 1);
  ranks_.resize(static_cast<std::size_t>(device.ranks));
  for (Rank& rank : ranks_) rank.banks.resize(static_cast<std::size_t>(device.banks_per_rank()));
}

void PowerTrace::issued(const IssuedCommand& command) {
  while (command.tick >= from_ + window_ticks_) end_window(from_ + window_ticks_);
  Rank& rank = ranks_[command.rank];
  advance(rank, command.tick);
  ++rank.activity.commands[static_cast<std::size_t>(command.command)];
  apply(rank, command);
}

void PowerTrace::finish(std::int64_t end) {
  while (end > from_ + window_ticks_) end_window(from_ + window_ticks_);
  for (Rank& rank : ranks_) {
    advance(rank, end);
    account_for_rows_beyond_the_end(rank);
  }
  end_window(end);
}

/// Accounts for the ticks until `tick`, with the rows that close by themselves on the way.
void PowerTrace::advance(Rank& rank, std::int64_t tick) const {
  while (rank.closing > 0) {
    const auto next = std::min_element(rank.banks.begin(), rank.banks.end(), [](const Bank& a, const Bank& b) {
      return (a.is_open ? a.opened_until : kOpen) < (b.is_open ? b.opened_until : kOpen);
    });
    if (next->opened_until > tick) break;
    pass(rank, std::max(next->opened_until, rank.now));
    next->is_open = false;
    --rank.open;
    --rank.closing;
  }
  pass(rank, tick);
}

/// Accounts for ticks in which nothing changes.
void PowerTrace::pass(Rank& rank, std::int64_t tick) const {
  const std::int64_t ticks = tick - rank.now;
  rank.now = tick;
  switch (rank.power) {
    case Power::standby:
      rank.activity.any_bank_open_ticks += rank.open > 0 ? ticks : 0;
      rank.activity.open_bank_ticks += rank.open * ticks;
      return;
    case Power::power_down:
      (rank.open > 0 ? rank.activity.active_power_down_ticks : rank.activity.power_down_ticks) += ticks;
      return;
    case Power::self_refresh:
      rank.activity.self_refresh_ticks += ticks;
      return;
  }
}

void PowerTrace::apply(Rank& rank, const IssuedCommand& command) const {
  const std::size_t at = static_cast<std::size_t>(std::int64_t{command.group} * device_.banks_per_group + command.bank);
  switch (command.command) {
    case ACT:
      return open(rank, rank.banks[at], command.tick);
    case RD:
    case RDA:
    case WR:
    case WRA: {
      const DramCommand column = is_read(command.command) ? RD : WR;
      Bank& bank = rank.banks[at];
      bank.may_close_from = std::max(bank.may_close_from, command.tick + bank_distance(device_, column, PRE));
      if (command.command == RDA || command.command == WRA) close(rank, bank, command);
      return;
    }
    case PRE:
      return close(rank, rank.banks[at], command);
    case PREab:
      for (Bank& bank : rank.banks) close(rank, bank, command);
      return;
    case PREsb:
      for (std::size_t i = command.bank; i < rank.banks.size();
           i += static_cast<std::size_t>(device_.banks_per_group)) {
        close(rank, rank.banks[i], command);
      }
      return;
    case PDE:
      rank.power = Power::power_down;
      return;
    case SRE:
      rank.power = Power::self_refresh;
      return;
    case PDX:
    case SRX:
      rank.power = Power::standby;
      return;
    default:
      return;
  }
}

void PowerTrace::open(Rank& rank, Bank& bank, std::int64_t tick) const {
  if (!bank.is_open) ++rank.open;
  bank = {true, kOpen, tick + bank_distance(device_, ACT, PRE)};
}

/// At once, or when the row may be closed where it closes by itself. Leaves alone what is closed or about to be.
void PowerTrace::close(Rank& rank, Bank& bank, const IssuedCommand& command) const {
  if (!bank.is_open || bank.opened_until != kOpen) return;
  if (command.command == RDA || command.command == WRA) {
    bank.opened_until = std::max(bank.may_close_from, command.tick);
    ++rank.closing;
    return;
  }
  bank.is_open = false;
  --rank.open;
}

void PowerTrace::account_for_rows_beyond_the_end(Rank& rank) const {
  std::int64_t last = rank.now;
  for (const Bank& bank : rank.banks) {
    if (!bank.is_open || bank.opened_until == kOpen) continue;
    rank.activity.open_bank_ticks += bank.opened_until - rank.now;
    last = std::max(last, bank.opened_until);
  }
  rank.activity.any_bank_open_ticks += last - rank.now;
}

void PowerTrace::end_window(std::int64_t tick) {
  PowerWindow window{from_, tick, {}};
  for (Rank& rank : ranks_) {
    advance(rank, tick);
    window.energy += model_.of(rank.activity, tick - from_, toggle_);
    rank.activity = {};
  }
  windows_.push_back(window);
  from_ = tick;
}

}  // namespace orrery
