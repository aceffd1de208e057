#include "orrery/memory/checker_refresh.h"

#include <fmt/format.h>

#include "orrery/base/result.h"
#include "orrery/memory/checker_rules.h"

namespace orrery {

RefreshLedger::RefreshLedger(const DramDevice& device, const RefreshDuty& duty, RuleTally& tally)
    : mode_(duty.mode), banks_per_group_(device.banks_per_group) {
  if (mode_ == RefreshMode::none) return;
  const std::int32_t turns = mode_ == RefreshMode::per_bank    ? device.banks_per_rank()
                             : mode_ == RefreshMode::same_bank ? device.banks_per_group
                                                               : 1;
  const std::int64_t whole = clocks_of(device, "REFI").value_or(0) * device.ticks_per_clock;
  const std::int64_t interval =
      duty.interval > 0 ? duty.interval
                        : static_cast<std::int64_t>(static_cast<double>(whole) * duty.interval_factor / turns);
  ORRERY_CHECK(interval > 0);
  allowed_ = interval * duty.postponed;
  late_ = tally.add("refresh-late");
  count_ = tally.add("refresh-count");
  for (int r = 0; r < device.ranks; ++r) {
    Rank rank;
    rank.all = {.round = interval, .rank = r};
    for (int turn = 0; turns > 1 && turn < turns; ++turn) {
      rank.turns.push_back({.round = interval * turns, .rank = r, .turn = turn});
    }
    ranks_.push_back(rank);
  }
}

void RefreshLedger::issued(const IssuedCommand& command, RuleTally& tally) {
  if (mode_ == RefreshMode::none) return;
  Rank& rank = ranks_[command.rank];
  if (is_refresh(command.command)) {
    refreshed(command, rank, tally);
  } else if (command.command == DramCommand::SRE) {
    if (!rank.refreshes_itself) settle(rank, command.tick, tally);
    rank.refreshes_itself = true;
  } else if (command.command == DramCommand::SRX) {
    rank.refreshes_itself = false;
    rank.since = command.tick;
    rank.all.done = 0;
    for (Account& account : rank.turns) account.done = 0;
  }
}

void RefreshLedger::refreshed(const IssuedCommand& command, Rank& rank, RuleTally& tally) {
  if (command.command == DramCommand::REFab) {
    for (Account& account : rank.turns) enter(account, rank.since, command.tick, tally);
    if (rank.turns.empty()) {
      enter(rank.all, rank.since, command.tick, tally);
    } else {
      rank.all.done += static_cast<std::int64_t>(rank.turns.size());
    }
    return;
  }
  const bool one_bank = command.command == DramCommand::REFpb;
  if (mode_ != (one_bank ? RefreshMode::per_bank : RefreshMode::same_bank)) return;
  enter(rank.all, rank.since, command.tick, tally);
  if (rank.turns.empty()) return;
  const std::int32_t turn = one_bank ? command.group * banks_per_group_ + command.bank : command.bank;
  enter(rank.turns[static_cast<std::size_t>(turn)], rank.since, command.tick, tally);
}

void RefreshLedger::enter(Account& account, std::int64_t since, std::int64_t tick, RuleTally& tally) {
  const std::int64_t elapsed = tick - since;
  report(late_, (account.done + 1) * account.round + allowed_ - elapsed, account, tick, since, tally);
  report(count_, (elapsed + allowed_) / account.round - account.done, account, tick, since, tally);
  ++account.done;
}

void RefreshLedger::finish(std::int64_t end_tick, RuleTally& tally) {
  for (const Rank& rank : ranks_) {
    if (!rank.refreshes_itself) settle(rank, end_tick, tally);
  }
}

void RefreshLedger::settle(const Rank& rank, std::int64_t tick, RuleTally& tally) {
  owed(rank.all, rank.since, tick, tally);
  for (const Account& account : rank.turns) owed(account, rank.since, tick, tally);
}

void RefreshLedger::owed(const Account& account, std::int64_t since, std::int64_t tick, RuleTally& tally) {
  const std::int64_t elapsed = tick - since;
  report(late_, (account.done + 1) * account.round + allowed_ - elapsed, account, tick, since, tally);
  const std::int64_t needed = elapsed > allowed_ ? (elapsed - allowed_ - 1) / account.round : 0;
  report(count_, account.done - needed, account, tick, since, tally);
}

void RefreshLedger::report(int rule, std::int64_t slack, const Account& account, std::int64_t tick, std::int64_t since,
                           RuleTally& tally) {
  if (!tally.evaluate(rule, slack)) return;
  const std::string who = account.turn < 0
                              ? fmt::format("rank {}", account.rank)
                              : fmt::format("bank {} of {} in rank {}", account.turn,
                                            mode_ == RefreshMode::per_bank ? "the rank" : "each group", account.rank);
  tally.explain(rule, tick, since, account.round,
                fmt::format("{} had {} refreshes before tick {}, {} ticks after its count began, where one is due "
                            "every {} ticks and {} ticks of debt are allowed",
                            who, account.done, tick, tick - since, account.round, allowed_));
}

}  // namespace orrery
