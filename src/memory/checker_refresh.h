#pragma once

#include <cstdint>
#include <vector>

#include "orrery/memory/checker_tally.h"
#include "orrery/memory/device.h"

namespace orrery {

/// What the checker asks of refresh.
struct RefreshDuty {
  RefreshMode mode = RefreshMode::none;
  /// Refresh commands of a rank that may be owed, or be ahead, at a time. A controller that begins a refresh when it
  /// falls due is late by the time that it takes to close the banks, and so needs 1 at least.
  std::int32_t postponed = 0;
  /// Of REFI, as heat asks for.
  double interval_factor = 1;
  /// Ticks between two refresh commands of a rank; 0: REFI, divided by the banks of a rank, or of a group, that take
  /// turns. Give it where a command refreshes two banks (LPDDR5), or half of the rows (REFsb of DDR5).
  std::int64_t interval = 0;
};

/// Counts the refreshes of each rank, and of each bank that takes turns, against the time that has passed.
///
/// With t the time between two commands, T the time of a round in which every bank has its turn, and p the commands
/// that may be owed, refresh number k = 0, 1... must come in [kT - pt, (k + 1)T + pt]. The slack of "refresh-late" is
/// in ticks to the end of that window, the slack of "refresh-count" in refreshes. Self-refresh starts the count anew.
class RefreshLedger {
 public:
  RefreshLedger(const DramDevice& device, const RefreshDuty& duty, RuleTally& tally);

  /// Pre: rank, group and bank are of the device.
  void issued(const IssuedCommand& command, RuleTally& tally);
  /// Every refresh that was due by now has come, but for those that may be owed.
  void finish(std::int64_t end_tick, RuleTally& tally);

 private:
  /// A rank, or a bank of it that takes turns with others.
  struct Account {
    std::int64_t round = 0;  ///< ticks between two refreshes
    int rank = 0;
    int turn = -1;  ///< number of the bank in its rank or group; -1: the rank
    std::int64_t done = 0;
  };
  struct Rank {
    std::int64_t since = 0;
    bool refreshes_itself = false;
    Account all;
    std::vector<Account> turns;
  };

  void refreshed(const IssuedCommand& command, Rank& rank, RuleTally& tally);
  void enter(Account& account, std::int64_t since, std::int64_t tick, RuleTally& tally);
  void settle(const Rank& rank, std::int64_t tick, RuleTally& tally);
  void owed(const Account& account, std::int64_t since, std::int64_t tick, RuleTally& tally);
  void report(int rule, std::int64_t slack, const Account& account, std::int64_t tick, std::int64_t since,
              RuleTally& tally);

  RefreshMode mode_;
  std::int32_t banks_per_group_;
  std::int64_t allowed_ = 0;  ///< ticks of debt
  int late_ = 0;
  int count_ = 0;
  std::vector<Rank> ranks_;
};

}  // namespace orrery
