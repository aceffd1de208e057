#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "orrery/memory/unit_engine.h"

namespace orrery {

/// Keeps the books of one unit while it runs: counts, latencies, and how long banks are open.
class UnitRecorder {
 public:
  UnitRecorder(const DramDevice& device, CommandSink* sink)
      : sink_(sink), banks_per_rank_(device.banks_per_rank()), burst_ticks_(device.burst_ticks) {
    activity_.ranks.resize(static_cast<std::size_t>(device.ranks));
  }

  std::uint64_t open_banks() const { return open_; }

  void entered(bool write) { ++(write ? activity_.writes : activity_.reads); }
  void answered_from_queue(bool write) { ++(write ? activity_.merged : activity_.forwarded); }
  void row_hit() { ++activity_.row_hits; }
  void row_hits(std::int64_t count) { activity_.row_hits += count; }
  void read_returned(std::int64_t latency) { activity_.latency.add(latency); }
  void issued(DramCommand command, int rank) {
    ++activity_.ranks[static_cast<std::size_t>(rank)].commands[static_cast<std::size_t>(command)];
  }
  void tell(const IssuedCommand& command) { sink_->issued(command); }

  void opened(int bank, std::int64_t tick) {
    Rank& rank = rank_of(bank);
    if (rank.open++ == 0) rank.since = std::max(tick, rank.closed);
    opened_[static_cast<std::size_t>(bank)] = tick;
    open_ |= std::uint64_t{1} << bank;
  }
  /// `tick` may lie ahead: a row that closes by itself.
  void closed(int bank, std::int64_t tick) {
    Rank& rank = rank_of(bank);
    RankActivity& activity = activity_of(bank);
    rank.closed = std::max(rank.closed, tick);
    if (--rank.open == 0) activity.any_bank_open_ticks += rank.closed - rank.since;
    activity.open_bank_ticks += tick - opened_[static_cast<std::size_t>(bank)];
    open_ &= ~(std::uint64_t{1} << bank);
  }
  /// A rank was in self-refresh, or in power-down, from one tick to another; its rows did not change meanwhile.
  void slept(int rank, bool deep, std::int64_t from, std::int64_t to) {
    RankActivity& activity = activity_.ranks[static_cast<std::size_t>(rank)];
    const int open = ranks_[static_cast<std::size_t>(rank)].open;
    (deep       ? activity.self_refresh_ticks
     : open > 0 ? activity.active_power_down_ticks
                : activity.power_down_ticks) += to - from;
    if (open == 0) return;
    activity.any_bank_open_ticks -= to - from;
    activity.open_bank_ticks -= open * (to - from);
  }
  /// Rows open at the end count until then.
  UnitActivity finish(std::int64_t end) {
    for (int bank = 0; open_ != 0; ++bank) {
      if ((open_ >> bank & 1) != 0) closed(bank, std::max(end, opened_[static_cast<std::size_t>(bank)]));
    }
    activity_.end_tick = end;
    activity_.data_ticks = (activity_.commands(DramCommand::RD) + activity_.commands(DramCommand::RDA) +
                            activity_.commands(DramCommand::WR) + activity_.commands(DramCommand::WRA)) *
                           burst_ticks_;
    return std::move(activity_);
  }

 private:
  struct Rank {
    int open = 0;
    std::int64_t since = 0;   // when the first of the open banks was opened
    std::int64_t closed = 0;  // latest end of an open row
  };
  Rank& rank_of(int bank) { return ranks_[static_cast<std::size_t>(bank / banks_per_rank_)]; }
  RankActivity& activity_of(int bank) { return activity_.ranks[static_cast<std::size_t>(bank / banks_per_rank_)]; }

  CommandSink* sink_;
  int banks_per_rank_;
  std::int64_t burst_ticks_;
  UnitActivity activity_;
  std::uint64_t open_ = 0;
  std::array<std::int64_t, 64> opened_{};
  std::array<Rank, 4> ranks_;
};

}  // namespace orrery
