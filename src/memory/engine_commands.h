#pragma once

#include "orrery/memory/engine.h"

// What commands for requests do: accesses, activations, precharges, and what LPDDR adds to them.

namespace orrery::engine {

template <EngineKind Kind>
void Engine<Kind>::issue_one(std::int64_t tick) {
  if constexpr (Kind.two_step) {
    if (issue_clocked(tick)) return;
    if (owed_ != RequestQueue::kNone && must_finish_activation(tick)) return finish_activation(tick);
  }
  if (power_step_.tick == tick) return change_power(tick);
  if (active_.tick == tick) return access(active_, true, tick);
  if (work_ && maintenance_.tick == tick) return maintain(tick);
  if (!queue_blocked_) {
    const bool column = column_.tick == tick;
    const std::int16_t row = row_command(tick);
    const bool has_row = row != RequestQueue::kNone;
    if (column && (!has_row || !follows_ramulator_ || is_older(column_.request, row))) {
      return access(column_, false, tick);
    }
    if (has_row) return move_row(tick);
  }
  if constexpr (Kind.two_step) {
    if (owed_ != RequestQueue::kNone) finish_activation(tick);
  }
}

template <EngineKind Kind>
bool Engine<Kind>::issue_column(std::int64_t tick) {
  if (active_.tick == tick) {
    access(active_, true, tick);
  } else if (!queue_blocked_ && column_.tick == tick) {
    access(column_, false, tick);
  } else {
    return false;
  }
  if (looks_at_queues(tick)) choose_direction();
  return open_stale_ || close_stale_ || open_.tick == tick || close_.tick == tick || work_;
}

template <EngineKind Kind>
void Engine<Kind>::issue_row(std::int64_t tick) {
  if (power_step_.tick == tick) return change_power(tick);
  if (work_ && maintenance_.tick == tick) {
    row_stale();
    return maintain(tick);
  }
  if (!queue_blocked_ && std::min(open_.tick, close_.tick) == tick) move_row(tick);
}

template <EngineKind Kind>
void Engine<Kind>::access(const Candidate candidate, bool activated, std::int64_t tick) {
  if constexpr (Kind.two_step) {
    const auto rank = static_cast<std::size_t>(times_.rank_of(candidate.bank));
    if (tick >= clock_runs_until_[rank] && clocked_.tick == kNever) return start_clock(candidate, activated, tick);
  }
  const WaitingRequest request = queue_[candidate.request];
  const int bank = request.bank;
  const bool in_order = !activated && !request.write && candidate.request == queue_.oldest(false);
  if (activated) {
    activated_.erase(std::find_if(activated_.begin(), activated_.end(),
                                  [&](const Activated& one) { return one.request == candidate.request; }));
    busy_banks_ &= ~(std::uint64_t{1} << bank);
    active_reads_ -= request.write ? 0 : 1;
  } else {
    queue_.remove(candidate.request);
    recorder_.row_hit();
    noted_hit(bank);
  }
  reads_in_order_ = in_order ? reads_in_order_ + 1 : 0;
  queue_.release(candidate.request);
  const bool closes = closes_itself(bank);
  if (closes) {
    recorder_.closed(bank, times_.auto_precharged(request.write, bank, tick));
    queue_.close(bank);
  } else {
    times_.accessed(request.write, bank, tick);
  }
  const DramCommand command = request.write ? (closes ? WRA : WR) : (closes ? RDA : RD);
  record(command, bank, request.row, request.column, tick);
  if (!request.write) {
    completions_.add(tick + read_time_);
    recorder_.read_returned(tick + read_time_ - request.stamp);
  }
  if constexpr (Kind.two_step) {
    keep_clock_running(times_.rank_of(bank), tick + (request.write ? write_time_ : read_time_));
  }
  active_stale_ = column_stale_ = true;
  after_access(bank, activated, closes, tick);
}

template <EngineKind Kind>
void Engine<Kind>::after_access(int bank, bool activated, bool closed, std::int64_t tick) {
  if (close_.bank == bank) close_stale_ = true;
  if (((queue_.miss_banks(writing_) & ~blocked_banks_) >> bank & 1) != 0) {
    const std::int64_t from = tick + (Kind.split_bus ? 0 : 1);
    if (closed) {
      consider_open(bank, from);
    } else if (activated || settings_.policy != SchedulingPolicy::ramulator2) {
      consider_close(bank, from);
    }
  }
  if (work_ && (work_->banks >> bank & 1) != 0) maintenance_stale_ = true;
  if ((wanted_banks() >> bank & 1) == 0) refresh_may_start_ = true;
  shared_bus_taken();
}

template <EngineKind Kind>
bool Engine<Kind>::closes_itself(int bank) const {
  if (settings_.page == PagePolicy::open || (work_ && (work_->banks >> bank & 1) != 0)) return false;
  if (queue_.oldest_hit(false, bank) != RequestQueue::kNone) return false;
  if (queue_.oldest_hit(true, bank) != RequestQueue::kNone || (busy_banks_ >> bank & 1) != 0) return false;
  return settings_.page == PagePolicy::closed || conflicts_[static_cast<std::size_t>(bank)] >= kConflictsToClose;
}

template <EngineKind Kind>
void Engine<Kind>::noted_hit(int bank) {
  if (settings_.page != PagePolicy::adaptive) return;
  std::int8_t& conflicts = conflicts_[static_cast<std::size_t>(bank)];
  if (conflicts > 0) --conflicts;
}

template <EngineKind Kind>
void Engine<Kind>::noted_conflict(int bank) {
  if (settings_.page != PagePolicy::adaptive) return;
  std::int8_t& conflicts = conflicts_[static_cast<std::size_t>(bank)];
  if (conflicts < kMostConflicts) ++conflicts;
}

template <EngineKind Kind>
std::int16_t Engine<Kind>::row_command(std::int64_t tick) const {
  if (open_.tick != tick) return close_.tick == tick ? close_.request : RequestQueue::kNone;
  return close_.tick == tick && is_older(close_.request, open_.request) ? close_.request : open_.request;
}

template <EngineKind Kind>
void Engine<Kind>::move_row(std::int64_t tick) {
  if (open_.tick == tick && row_command(tick) == open_.request) {
    activate(open_, tick);
    open_stale_ = true;
  } else {
    close_row(close_.bank, tick);
    close_stale_ = true;
  }
  if (work_) maintenance_stale_ = true;
  row_bus_taken();
}

template <EngineKind Kind>
void Engine<Kind>::close_row(int bank, std::int64_t tick) {
  noted_conflict(bank);
  queue_.close(bank);
  issue_precharge(bank, tick);
  if (column_.bank == bank) column_stale_ = true;
  consider_open(bank, tick + 1);
}

template <EngineKind Kind>
void Engine<Kind>::issue_precharge(int bank, std::int64_t tick) {
  times_.precharged(bank, tick);
  recorder_.closed(bank, tick);
  record(PRE, bank, 0, 0, tick);
}

template <EngineKind Kind>
void Engine<Kind>::issue_activation(int bank, std::int32_t row, std::int64_t tick) {
  times_.activated(bank, tick);
  recorder_.opened(bank, tick);
  record(ACT, bank, row, 0, tick);
}

template <EngineKind Kind>
void Engine<Kind>::row_bus_taken() {
  const std::int64_t free = times_.bus(0);
  open_stale_ |= open_.tick < free;
  close_stale_ |= close_.tick < free;
  shared_bus_taken();
}

template <EngineKind Kind>
void Engine<Kind>::shared_bus_taken() {
  if constexpr (!Kind.split_bus) {
    const std::int64_t free = times_.bus(0);
    active_stale_ |= active_.tick < free;
    column_stale_ |= column_.tick < free;
    open_stale_ |= open_.tick < free;
    close_stale_ |= close_.tick < free;
    if (work_) maintenance_stale_ = true;
  }
}

template <EngineKind Kind>
void Engine<Kind>::activate(const Candidate& candidate, std::int64_t tick) {
  const WaitingRequest& request = queue_[candidate.request];
  const int bank = candidate.bank;
  queue_.remove(candidate.request);
  queue_.open(bank, request.row);
  issue_activation(bank, request.row, tick);
  busy_banks_ |= std::uint64_t{1} << bank;
  active_reads_ += request.write ? 0 : 1;
  if (refresh_.count_activation(bank)) {
    to_manage_ |= std::uint64_t{1} << bank;
    refresh_may_start_ = true;
  }
  if constexpr (Kind.two_step) {
    owed_ = candidate.request;
    owed_deadline_ = tick + activation_deadline_;
  } else {
    await_data(candidate.request, tick + 1);
  }
  if (!column_stale_ && (queue_.hit_banks(writing_) >> bank & 1) != 0 && (blocked_banks_ >> bank & 1) == 0) {
    consider_column(bank, tick + 1);
  }
}

template <EngineKind Kind>
void Engine<Kind>::finish_activation(std::int64_t tick) {
  if (times_.bus(tick) > tick) return;
  const int bank = queue_[owed_].bank;
  record(ACT2, bank, queue_[owed_].row, 0, tick);
  times_.take_bus(ACT2, tick);
  await_data(owed_, tick + 1);
  owed_ = RequestQueue::kNone;
  active_stale_ = column_stale_ = maintenance_stale_ = true;
  row_stale();
}

template <EngineKind Kind>
void Engine<Kind>::start_clock(const Candidate& candidate, bool activated, std::int64_t tick) {
  if (owed_ != RequestQueue::kNone && tick + clock_start_ticks_ + longest_command_ > owed_deadline_) {
    active_stale_ = column_stale_ = true;
    return finish_activation(tick);
  }
  record(CAS, candidate.bank, 0, 0, tick);
  times_.take_bus(CAS, tick);
  clocked_ = candidate;
  clocked_.tick = tick + clock_start_ticks_;
  clocked_activated_ = activated;
  active_stale_ = column_stale_ = maintenance_stale_ = true;
  row_stale();
}

template <EngineKind Kind>
bool Engine<Kind>::issue_clocked(std::int64_t tick) {
  if (clocked_.tick == kNever) return false;
  if (clocked_.tick != tick) return true;  // the bus waits for it
  access(clocked_, clocked_activated_, tick);
  clocked_ = {};
  maintenance_stale_ = true;
  row_stale();
  return true;
}

}  // namespace orrery::engine
