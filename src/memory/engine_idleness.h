#pragma once

#include "orrery/memory/engine.h"

// What an idle unit does: refreshes ahead of time, power-down, self-refresh.

namespace orrery::engine {

template <EngineKind Kind>
void Engine<Kind>::watch_idleness(std::int64_t from) {
  if (!is_idle()) {
    wake_ = kNever;
    pulling_in_ = false;
    return;
  }
  if (wake_ == kNever && !pulling_in_) wake_ = from + idle_before_pulling_in_;
}

template <EngineKind Kind>
void Engine<Kind>::be_idle() {
  wake_ = kNever;
  if (!is_idle() || !power_.all_up()) return;
  pulling_in_ = true;
  refresh_may_start_ = true;
}

template <EngineKind Kind>
PowerState Engine<Kind>::wanted_power(std::int64_t from) {
  power_alarm_ = kNever;
  if (queue_.size(false) + queue_.size(true) > 0 || busy_banks_ != 0) {
    idle_since_ = kNever;
    return PowerState::up;
  }
  if (idle_since_ == kNever) idle_since_ = from;
  if (work_ || refresh_.owes()) return PowerState::up;
  const auto is_due = [&](std::int32_t after) {
    if (after == 0) return false;
    if (idle_since_ + after <= from) return true;
    power_alarm_ = std::min(power_alarm_, idle_since_ + after);
    return false;
  };
  if (is_due(settings_.self_refresh_after)) return PowerState::refreshing_itself;
  return is_due(settings_.power_down_after) ? PowerState::down : PowerState::up;
}

template <EngineKind Kind>
void Engine<Kind>::find_power_step(std::int64_t from) {
  power_step_ = {};
  const PowerState wanted = wanted_power(from);
  for (int rank = 0; rank < ranks_; ++rank) {
    const PowerState state = power_.of(rank);
    if (state == wanted || (wanted == PowerState::down && state == PowerState::refreshing_itself)) continue;
    PowerStep step{kNever, power_.step(rank, wanted), rank};
    if (step.command == SRE && (recorder_.open_banks() & times_.banks_of_rank(rank)) != 0) {
      step.command = PREab;
      step.tick = times_.precharge_all(times_.banks_of_rank(rank), rank, from);
    } else {
      step.tick = times_.power_change(std::max(from, power_.earliest(step.command, rank)));
    }
    if (step.tick < power_step_.tick) power_step_ = step;
  }
}

template <EngineKind Kind>
void Engine<Kind>::change_power(std::int64_t tick) {
  const auto [_, command, rank] = power_step_;
  power_step_ = {};
  if (command == PREab) return close_rows(PREab, times_.banks_of_rank(rank), rank, tick);
  record(command, rank * banks_per_rank_, 0, 0, tick);
  times_.power_changed(command, tick);
  power_.change(command, rank);
  if (command == PDE || command == SRE) {
    recorder_.sleeps(rank, command == SRE, tick);
    if (command == SRE) refresh_.suspend(rank);
    pulling_in_ = false;
    queue_blocked_ = true;
    return;
  }
  recorder_.wakes(rank, tick);
  times_.woke(command, rank, tick);
  if (command == SRX) refresh_.resume(rank, tick);
  if (!power_.all_up()) return;
  queue_blocked_ = work_ && follows_ramulator_;
  column_stale_ = maintenance_stale_ = true;
  row_stale();
}

}  // namespace orrery::engine
