#pragma once

#include "orrery/memory/engine.h"

// How requests enter; those that come alone are served at once.

namespace orrery::engine {

template <EngineKind Kind>
int Engine<Kind>::bank_of(const MemoryAccess& access) const {
  return (access.rank * banks_per_rank_) + (access.group * banks_per_group_) + access.bank;
}

template <EngineKind Kind>
void Engine<Kind>::fill() {
  filled_ = source_.next(accesses_);
  position_ = 0;
}

template <EngineKind Kind>
void Engine<Kind>::inject(std::int64_t tick) {
  waits_for_completion_ = false;
  arrival_ = 0;
  while (position_ < filled_) {
    const MemoryAccess& access = accesses_[position_];
    if (access.tick > tick) return;
    if (outstanding_limit_ > 0 && outstanding_ >= outstanding_limit_ && !access.write) {
      waits_for_completion_ = true;
      arrival_ = kNever;
      return;
    }
    if (queue_.size(access.write) >= (access.write ? settings_.write_entries : settings_.read_entries)) {
      arrival_ = kNever;  // the next command may make room
      return;
    }
    enter(access, tick);
    last_injection_ = tick;
    if (++position_ == filled_ && filled_ == accesses_.size()) fill();
  }
}

template <EngineKind Kind>
void Engine<Kind>::enter(const MemoryAccess& access, std::int64_t tick) {
  const int bank = bank_of(access);
  recorder_.entered(access.write);
  if (settings_.combines && queue_.size(true) > 0 &&
      queue_.find(true, bank, access.row, access.column) != RequestQueue::kNone) {
    return answer_from_queue(access.write, tick);
  }
  const std::int16_t request = queue_.push(access, bank, tick, next_order_++);
  if (!access.write) ++outstanding_;
  if (access.write != writing_ || (blocked_banks_ >> bank & 1) != 0) return;
  if (queue_.oldest_hit(writing_, bank) == request) {
    if (!column_stale_) consider_column(bank, tick + 1);
  } else if (queue_.oldest_miss(writing_, bank) == request) {
    if ((queue_.closed_banks() >> bank & 1) != 0) {
      consider_open(bank, tick + 1);
    } else {
      consider_close(bank, tick + 1);
    }
  }
}

template <EngineKind Kind>
void Engine<Kind>::answer_from_queue(bool write, std::int64_t tick) {
  recorder_.answered_from_queue(write);
  if (write) return;
  ++outstanding_;
  completions_.add_forwarded(tick + 1);
  recorder_.read_returned(1);
}

template <EngineKind Kind>
void Engine<Kind>::record(DramCommand command, int bank, std::int32_t row, std::int32_t column, std::int64_t tick) {
  const int rank = times_.rank_of(bank);
  recorder_.issued(command, rank);
  if (power_.is_used()) power_.issued(command, rank, tick);
  if constexpr (Kind.recorded) {
    const int in_rank = bank - rank * banks_per_rank_;
    recorder_.tell({tick, command, static_cast<std::uint8_t>(rank),
                    static_cast<std::uint8_t>(in_rank / banks_per_group_),
                    static_cast<std::uint8_t>(in_rank % banks_per_group_), row, column});
  }
}

template <EngineKind Kind>
bool Engine<Kind>::may_serve_alone() const {
  if (Kind.two_step || outstanding_limit_ > 0 || !is_idle() || !power_.all_up() || power_step_.tick != kNever)
    return false;
  return settings_.page == PagePolicy::open && settings_.activations_per_management == 0 && !refresh_.owes();
}

template <EngineKind Kind>
void Engine<Kind>::serve_alone() {
  while (position_ + 1 < filled_) {
    const MemoryAccess& access = accesses_[position_];
    if (std::min(refresh_.next_due(), wake_) < access.tick && !maintain_alone(access.tick)) return;
    const int bank = bank_of(access);
    const LoneAccess alone = plan(access, bank);
    const std::int64_t end = alone.column + 1;
    if (access.tick >= std::min(wake_, power_alarm_) || end >= refresh_.next_due() ||
        end > accesses_[position_ + 1].tick + 1)
      return;
    ++position_;
    serve(access, bank, alone);
    now_ = alone.column;
    last_injection_ = access.tick;
    writing_ = follows_ramulator_ || access.write;
    pulling_in_ = false;
    if (wants_idleness_) wake_ = end + idle_before_pulling_in_;
    idle_since_ = end;
    if (power_.is_used()) power_alarm_ = end + first_power_change_;
  }
}

template <EngineKind Kind>
bool Engine<Kind>::maintain_alone(std::int64_t before) {
  if (power_.is_used()) return false;
  while (true) {
    const std::int64_t tick = std::min({maintenance_.tick, refresh_.next_due(), wake_});
    if (tick >= before) break;
    now_ = tick;
    if (refresh_.next_due() <= tick) fall_due(tick);
    if (tick >= wake_) be_idle();
    if (work_ && maintenance_.tick == tick) maintain(tick);
    if (refresh_may_start_ && !work_) start_maintenance(tick + 1);
    if (wants_idleness_) watch_idleness(tick + 1);
  }
  if (!work_) return true;
  settle(now_ + 1);
  return false;
}

template <EngineKind Kind>
LoneAccess Engine<Kind>::plan(const MemoryAccess& access, int bank) const {
  const int rank = times_.rank_of(bank);
  const std::int64_t from = access.tick + 1;
  const std::int32_t row = queue_.open_row(bank);
  LoneAccess alone;
  if (row == access.row) {
    alone.column = times_.column_tick(access.write, bank, from);
    return alone;
  }
  if (row == RequestQueue::kClosed) {
    alone.open = times_.activate(bank, times_.activate_bound(rank, from));
  } else {
    alone.close = times_.precharge(bank, times_.precharge_bound(rank, from));
    alone.open = times_.activate_after_precharge(bank, alone.close);
  }
  alone.column = times_.column_after_activate(access.write, bank, alone.open);
  return alone;
}

template <EngineKind Kind>
void Engine<Kind>::serve(const MemoryAccess& access, int bank, const LoneAccess& alone) {
  recorder_.entered(access.write);
  if (alone.close != kNever) {
    issue_precharge(bank, alone.close);
  }
  if (alone.open != kNever) {
    issue_activation(bank, access.row, alone.open);
    queue_.reopen(bank, access.row);
  } else {
    recorder_.row_hit();
  }
  times_.accessed(access.write, bank, alone.column);
  record(access.write ? WR : RD, bank, access.row, access.column, alone.column);
  if (access.write) return;
  completions_.note(alone.column + read_time_);
  recorder_.read_returned(alone.column + read_time_ - access.tick);
}

}  // namespace orrery::engine
