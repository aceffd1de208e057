#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "orrery/memory/controller_settings.h"

namespace orrery {

/// A command that closed banks of one rank must get.
struct MaintenanceWork {
  DramCommand command = DramCommand::REFab;
  int rank = 0;
  std::uint64_t banks = 0;  ///< of the unit; they must be closed first
};

/// Which rank owes which refresh, and when the next falls due. Ranks are staggered; the stack ids
/// of a stack are not, as measured stacks lose about what one of them would. Banks that are refreshed one (or
/// one of each group) at a time are taken in rounds: each once before any twice, idle ones first.
class RefreshSchedule {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  RefreshSchedule(const DramDevice& device, const ControllerSettings& settings);

  /// The next tick at which some rank comes to owe one more.
  std::int64_t next_due() const { return next_due_; }
  void fall_due(std::int64_t tick);
  /// What `rank` should do now, if anything: a refresh that it owes for longer than it may, or one for banks that
  /// nobody waits for (`busy` are the others). `ahead` allows one that is not owed yet.
  std::optional<MaintenanceWork> take(int rank, std::uint64_t busy, bool ahead);
  /// Counts an activation; says whether the bank has had as many as it may before refresh management.
  bool count_activation(int bank) { return limit_ > 0 && ++activations_[static_cast<std::size_t>(bank)] >= limit_; }
  MaintenanceWork management(int bank);
  /// Nothing falls due in self-refresh.
  void suspend() {
    for (Rank& rank : ranks_) rank.due = kNever;
    next_due_ = kNever;
  }
  /// After self-refresh nothing is owed, and the intervals begin anew.
  void restart(std::int64_t tick);
  /// The ranks, those that owe most first.
  std::array<int, 4> by_urgency() const;
  /// Whether a rank owes more than it may: no other maintenance comes before.
  bool must(int rank) const { return ranks_[static_cast<std::size_t>(rank)].owed > postponed_; }
  /// The most that any rank ever owed.
  int most_owed() const { return most_owed_; }
  /// Whether any rank owes a refresh.
  bool owes() const { return owed_ > 0; }

 private:
  struct Rank {
    std::int64_t due = kNever;
    int owed = 0;
    std::uint64_t unrefreshed = 0;  // of this round, by number of the set of banks
  };

  std::uint64_t set_of_banks(int number) const;
  /// Those of the sets `left` of which no bank is busy; by bank in the rank.
  std::uint64_t idle_sets(std::uint64_t left, std::uint64_t busy) const;
  void find_next_due();
  void count_owed();

  int rank_count_ = 1;
  int banks_per_rank_ = 1;
  int banks_per_group_ = 1;
  int sets_ = 1;                                  // of banks that one command refreshes, in a rank
  std::array<std::uint64_t, 64> set_of_banks_{};  // of the first rank
  RefreshMode mode_ = RefreshMode::none;
  DramCommand command_ = DramCommand::REFab;
  DramCommand management_ = DramCommand::RFMpb;
  std::int64_t interval_ = kNever;
  int postponed_ = 0;
  int limit_ = 0;
  bool staggers_ = true;
  std::int64_t next_due_ = kNever;
  int owed_ = 0;  // of all ranks that owe some
  int most_owed_ = 0;
  std::array<Rank, 4> ranks_;
  std::array<int, 64> activations_{};
};

}  // namespace orrery
