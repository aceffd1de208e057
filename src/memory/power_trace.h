#pragma once

#include <cstdint>
#include <vector>

#include "orrery/memory/energy.h"

namespace orrery {

/// Energy of one unit between two ticks.
struct PowerWindow {
  std::int64_t from = 0;
  std::int64_t to = 0;
  EnergyBreakdown energy;
};

/// Energy of one unit over time, from its commands. What a command takes counts where it issues, that of a precharge
/// with its ACT; the background of each window is that of its own ticks. The sum over all windows is the energy of the
/// unit's counters: as there, a row that closes by itself beyond the end counts to its close, in the last window.
class PowerTrace final : public CommandSink {
 public:
  /// Pre: `device` and `model` outlive it; window_ticks >= 1.
  PowerTrace(const DramDevice& device, const EnergyModel& model, std::int64_t window_ticks, double toggle);

  /// Pre: ticks do not fall.
  void issued(const IssuedCommand& command) override;
  /// Ends the trace. Pre: no command came after `end`, and none comes any more.
  void finish(std::int64_t end);

  /// Without gaps from tick 0, the last one as long as the trace leaves it.
  const std::vector<PowerWindow>& windows() const { return windows_; }

 private:
  enum class Power { standby, power_down, self_refresh };
  struct Bank {
    bool is_open = false;
    std::int64_t opened_until = 0;  // of a row that closes by itself; kOpen of others
    std::int64_t may_close_from = 0;
  };
  struct Rank {
    RankActivity activity;  // of the current window
    std::int64_t now = 0;   // accounted for until here
    int open = 0;
    int closing = 0;  // of them, by themselves
    Power power = Power::standby;
    std::vector<Bank> banks;
  };
  static constexpr std::int64_t kOpen = INT64_MAX;

  void advance(Rank& rank, std::int64_t tick) const;
  void pass(Rank& rank, std::int64_t tick) const;
  void apply(Rank& rank, const IssuedCommand& command) const;
  void open(Rank& rank, Bank& bank, std::int64_t tick) const;
  void close(Rank& rank, Bank& bank, const IssuedCommand& command) const;
  void account_for_rows_beyond_the_end(Rank& rank) const;
  void end_window(std::int64_t tick);

  const DramDevice& device_;
  const EnergyModel& model_;
  const std::int64_t window_ticks_;
  const double toggle_;
  std::vector<Rank> ranks_;
  std::int64_t from_ = 0;
  std::vector<PowerWindow> windows_;
};

}  // namespace orrery
