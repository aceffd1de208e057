#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "orrery/memory/device.h"

namespace orrery {

/// The ticks at which a command may start: phase, phase + 1, ..., phase + slack of every `mask` + 1 ticks.
struct CommandSlots {
  std::int64_t mask = 0;
  std::int64_t phase = 0;
  std::int64_t slack = 0;

  /// The first such tick that is not before `tick`.
  std::int64_t from(std::int64_t tick) const {
    const std::int64_t position = (tick - phase) & mask;
    return position <= slack ? tick : tick + mask + 1 - position;
  }
  /// The same. Pre: slack == 0.
  std::int64_t exactly_from(std::int64_t tick) const { return tick + ((phase - tick) & mask); }
};

/// When each bank of a unit may get each command next. An issued command raises the times of the banks of
/// its group and the ranks, and nothing else: the earliest tick of a command is the later of the two when asked for.
class BankTimes {
 public:
  static constexpr int kMostBanks = 64;
  static constexpr int kMostRanks = 4;
  static constexpr int kMostWindow = 16;

  /// `turn` of `turns` units that take turns on the same command buses.
  BankTimes(const DramDevice& device, int turns, int turn);

  int rank_of(int bank) const { return rank_[at(bank)]; }
  std::uint64_t banks_of_rank(int rank) const { return rank_mask_[at(rank)]; }

  /// A bound that all banks of a rank share, and the time of the bank itself: the later of both, on a slot, is when
  /// the command can start.
  std::int64_t activate_bound(int rank, std::int64_t from) const {
    const std::int64_t window = window_[window_of_unit_ ? 0 : at(rank)].oldest() + window_ticks_;
    return later(later(from, row_bus_), later(ranks_[at(rank)].activate, window));
  }
  std::int64_t precharge_bound(int rank, std::int64_t from) const {
    return later(later(from, row_bus_), ranks_[at(rank)].precharge);
  }
  std::int64_t activate(int bank, std::int64_t bound) const {
    return row_slots_.exactly_from(later(later(bound, activate_[at(bank)]), group_activate_[at(group_[at(bank)])]));
  }
  /// The earliest activation of a bank that is precharged at `tick`.
  std::int64_t activate_after_precharge(int bank, std::int64_t tick) const {
    const std::int64_t bound = activate_bound(rank_of(bank), tick + ticks_of(DramCommand::PRE));
    return activate(bank, later(bound, tick + after_precharge_.bank_activate));
  }
  /// The earliest access to a bank that is activated at `tick`.
  std::int64_t column_after_activate(bool write, int bank, std::int64_t tick) const {
    const std::int64_t from = split_bus_ ? tick + 1 : tick + ticks_of(DramCommand::ACT);
    return column_tick(write, bank, later(from, tick + after_activate_.bank_column[write]));
  }
  std::int64_t precharge(int bank, std::int64_t bound) const {
    return precharge_slots_.from(later(bound, precharge_[at(bank)]));
  }
  std::int64_t column_bound(bool write, int rank, std::int64_t from) const {
    return later(later(from, column_bus()), ranks_[at(rank)].column[write]);
  }
  std::int64_t column(bool write, int bank, std::int64_t bound) const {
    return column_slots_.exactly_from(
        later(later(bound, column_[write][at(bank)]), group_column_[write][at(group_[at(bank)])]));
  }
  /// The tick itself, for one bank.
  std::int64_t column_tick(bool write, int bank, std::int64_t from) const {
    return column(write, bank, column_bound(write, rank_of(bank), from));
  }
  /// Whether a read of that bank can start at `tick`. Pre: tick == column_bound(false, tick).
  bool may_read(int bank, int group, std::int64_t tick) const {
    return column_[0][at(bank)] <= tick && group_column_[0][at(group)] <= tick &&
           (rank_count_ == 1 || ranks_[at(rank_of(bank))].column[0] <= tick);
  }
  /// No column command of that direction can start before, whatever the bank.
  std::int64_t column_bound(bool write, std::int64_t from) const {
    std::int64_t bound = ranks_[0].column[write];
    for (int rank = 1; rank < rank_count_; ++rank) bound = std::min(bound, ranks_[at(rank)].column[write]);
    return column_slots_.exactly_from(later(later(from, bound), column_bus()));
  }
  /// Close the rows of all `banks`, which lie in one rank, with one command; those that close by themselves too.
  std::int64_t precharge_all(std::uint64_t banks, int rank, std::int64_t from) const {
    std::int64_t earliest = later(precharge_bound(rank, from), precharge_all_);
    for_each(banks, [&](int bank) { earliest = later(earliest, precharge_[at(bank)]); });
    return precharge_slots_.from(earliest);
  }
  /// Refresh, or manage, the closed `banks` of one rank.
  std::int64_t refresh(DramCommand command, std::uint64_t banks, int rank, std::int64_t from) const {
    const bool all = command == DramCommand::REFab || command == DramCommand::RFMab;
    std::int64_t earliest =
        later(later(from, row_bus_), all ? ranks_[at(rank)].refresh_all : ranks_[at(rank)].refresh_one);
    for_each(banks, [&](int bank) { earliest = later(earliest, refresh_[at(bank)]); });
    return row_slots_.exactly_from(earliest);
  }
  /// Entering or leaving a power state, as far as bus and clock are concerned.
  std::int64_t power_change(std::int64_t from) const { return row_slots_.exactly_from(later(from, row_bus_)); }
  /// From an activation to the refresh of another bank.
  std::int32_t activate_to_refresh() const { return after_activate_.rank_refresh_one; }
  /// A command that only needs its bus.
  std::int64_t bus(std::int64_t from) const { return later(from, row_bus_); }

  void activated(int bank, std::int64_t tick);
  void precharged(int bank, std::int64_t tick);
  void precharged_all(std::uint64_t banks, int rank, std::int64_t tick, DramCommand command);
  void accessed(bool write, int bank, std::int64_t tick);
  /// What a read means for the next reads of its group, of its rank and of others; `read_before` with the last read of
  /// each bank makes up for the rest.
  void read_in_streak(int group, std::int64_t tick) { group_column_[0][at(group)] = tick + after_column_[0].group[0]; }
  void read_of_rank(int rank, std::int64_t tick) {
    take_bus(DramCommand::RD, tick);
    raise_ranks(rank, tick + after_column_[0].rank[0], tick + after_column_[0].other[0],
                [](Rank& one) -> std::int64_t& { return one.column[0]; });
  }
  void read_before(int bank, std::int64_t tick) {
    const AfterColumn& after = after_column_[0];
    raise(precharge_[at(bank)], tick + after.bank_precharge);
    raise(group_column_[1][at(group_[at(bank)])], tick + after.group[1]);
    raise_ranks(rank_of(bank), tick + after.rank[1], tick + after.other[1],
                [](Rank& one) -> std::int64_t& { return one.column[1]; });
  }
  /// Ticks on the bus.
  std::int32_t ticks_of(DramCommand command) const { return commands_[static_cast<std::size_t>(command)].ticks; }
  /// From a read to the earliest tick for the next one; 0 where another rank may be sooner than the same.
  std::int64_t read_step() const {
    if (rank_count_ > 1 && after_column_[0].other[0] < after_column_[0].rank[0]) return 0;
    const std::int64_t step = std::max(after_column_[0].rank[0], ticks_of(DramCommand::RD));
    return (step + column_slots_.mask) & ~column_slots_.mask;
  }
  /// The row closes by itself; returns when that begins.
  std::int64_t auto_precharged(bool write, int bank, std::int64_t tick);
  void refreshed(DramCommand command, std::uint64_t banks, int rank, std::int64_t tick);
  void power_changed(DramCommand command, std::int64_t tick);
  /// A rank has left a power state by PDX or SRX.
  void woke(DramCommand command, int rank, std::int64_t tick);
  void take_bus(DramCommand command, std::int64_t tick) {
    const DeviceCommand& form = commands_[static_cast<std::size_t>(command)];
    raise(form.bus == CommandBus::column ? column_bus_ : row_bus_, tick + form.ticks);
  }

  template <class Function>
  static void for_each(std::uint64_t banks, Function function) {
    for (; banks != 0; banks &= banks - 1) function(std::countr_zero(banks));
  }

 private:
  struct Rank {
    std::int64_t activate = 0, precharge = 0;
    std::array<std::int64_t, 2> column{};
    std::int64_t refresh_all = 0, refresh_one = 0;
  };
  /// The last activations, as many as a window counts.
  struct Window {
    std::array<std::int64_t, kMostWindow> ticks;
    int count = 1;
    int next = 0;
    std::int64_t oldest() const { return ticks[at(next)]; }
    void add(std::int64_t tick) {
      ticks[at(next)] = tick;
      if (++next == count) next = 0;
    }
  };
  /// Ticks that one command adds to others, by scope.
  struct AfterActivate {
    std::int32_t bank_activate, bank_precharge, bank_refresh, group_activate, rank_activate, other_activate,
        rank_refresh_one, other_refresh_one;
    std::array<std::int32_t, 2> bank_column;
  };
  struct AfterColumn {
    std::int32_t bank_precharge;
    std::array<std::int32_t, 2> group, rank, other;
  };
  struct AfterPrecharge {
    std::int32_t bank_activate, bank_refresh, rank_precharge, other_precharge;
  };
  struct AfterRefresh {
    std::int32_t bank_activate, bank_refresh, rank_activate, rank_precharge, rank_refresh_all, rank_refresh_one;
    std::int32_t other_activate, other_refresh_one;
  };

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  std::int64_t column_bus() const { return split_bus_ ? column_bus_ : row_bus_; }
  static std::int64_t later(std::int64_t a, std::int64_t b) { return a < b ? b : a; }
  static void raise(std::int64_t& time, std::int64_t to) { time = later(time, to); }
  /// One time of the own rank, and of the others.
  template <class Time>
  void raise_ranks(int own, std::int64_t to, std::int64_t others_to, Time time) {
    raise(time(ranks_[at(own)]), to);
    if (rank_count_ == 1) return;
    for (int other = 0; other < rank_count_; ++other) {
      if (other != own) raise(time(ranks_[at(other)]), others_to);
    }
  }
  void raise_others(int own, std::int64_t to, std::int64_t Rank::* time) {
    for (int other = 0; other < rank_count_; ++other) {
      if (other != own) raise(ranks_[at(other)].*time, to);
    }
  }
  void pair_edge(DramCommand command, std::int64_t tick);
  void take_slots(const DramDevice& device, int turns, std::int64_t turn);
  void take_distances(const DramDevice& device);

  // By bank.
  std::array<std::int64_t, kMostBanks> activate_{}, precharge_{}, refresh_{};
  std::array<std::array<std::int64_t, kMostBanks>, 2> column_{};  // by write
  // By group of the unit.
  std::array<std::int64_t, kMostBanks> group_activate_{};
  std::array<std::array<std::int64_t, kMostBanks>, 2> group_column_{};
  std::array<Rank, kMostRanks> ranks_;
  std::array<Window, kMostRanks> window_;
  std::array<std::uint8_t, kMostBanks> rank_{}, group_{};
  std::array<std::uint64_t, kMostRanks> rank_mask_{};
  std::array<DeviceCommand, kDramCommands> commands_;
  std::int64_t row_bus_ = 0, column_bus_ = 0;
  // The clock edge after a row command may belong to it still: no precharge of all banks there.
  std::int64_t precharge_all_ = 0;
  bool pairs_edges_ = false;
  std::int64_t window_ticks_ = 0;
  bool window_of_unit_ = false;
  bool split_bus_ = false;
  int rank_count_ = 1;
  CommandSlots row_slots_, precharge_slots_, column_slots_;
  AfterActivate after_activate_{};
  std::array<AfterColumn, 2> after_column_{};
  AfterPrecharge after_precharge_{}, after_precharge_all_{}, after_precharge_same_{};
  std::array<AfterRefresh, kDramCommands> after_refresh_{};
  struct AfterWaking {
    std::int32_t activate, precharge, refresh_all, refresh_one;
    std::array<std::int32_t, 2> column;
  };
  std::array<AfterWaking, 2> after_waking_{};  // by whether the rank refreshed itself
};

// A time that the command itself had to wait for lies in the past, and is replaced; others may lie ahead still.

inline void BankTimes::activated(int bank, std::int64_t tick) {
  take_bus(DramCommand::ACT, tick);
  activate_[at(bank)] = tick + after_activate_.bank_activate;
  raise(precharge_[at(bank)], tick + after_activate_.bank_precharge);
  raise(refresh_[at(bank)], tick + after_activate_.bank_refresh);
  column_[0][at(bank)] = tick + after_activate_.bank_column[0];
  column_[1][at(bank)] = tick + after_activate_.bank_column[1];
  group_activate_[at(group_[at(bank)])] = tick + after_activate_.group_activate;
  const int rank = rank_of(bank);
  Rank& own = ranks_[at(rank)];
  own.activate = tick + after_activate_.rank_activate;
  raise(own.refresh_one, tick + after_activate_.rank_refresh_one);
  if (rank_count_ > 1) {
    raise_others(rank, tick + after_activate_.other_activate, &Rank::activate);
    raise_others(rank, tick + after_activate_.other_refresh_one, &Rank::refresh_one);
  }
  window_[window_of_unit_ ? 0 : at(rank)].add(tick);
  if (pairs_edges_) precharge_all_ = tick + ticks_of(DramCommand::ACT) + 1;
}

inline void BankTimes::precharged(int bank, std::int64_t tick) {
  take_bus(DramCommand::PRE, tick);
  raise(activate_[at(bank)], tick + after_precharge_.bank_activate);
  raise(refresh_[at(bank)], tick + after_precharge_.bank_refresh);
  raise_ranks(rank_of(bank), tick + after_precharge_.rank_precharge, tick + after_precharge_.other_precharge,
              [](Rank& one) -> std::int64_t& { return one.precharge; });
}

inline void BankTimes::accessed(bool write, int bank, std::int64_t tick) {
  take_bus(write ? DramCommand::WR : DramCommand::RD, tick);
  const AfterColumn& after = after_column_[write];
  raise(precharge_[at(bank)], tick + after.bank_precharge);
  const std::size_t group = at(group_[at(bank)]);
  group_column_[write][group] = tick + after.group[write];
  raise(group_column_[!write][group], tick + after.group[!write]);
  const int rank = rank_of(bank);
  Rank& own = ranks_[at(rank)];
  own.column[write] = tick + after.rank[write];
  raise(own.column[!write], tick + after.rank[!write]);
  if (rank_count_ == 1) return;
  for (const bool next : {false, true}) {
    raise_ranks(rank, 0, tick + after.other[next], [next](Rank& one) -> std::int64_t& { return one.column[next]; });
  }
}

}  // namespace orrery
