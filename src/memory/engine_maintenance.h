#pragma once

#include "orrery/memory/engine.h"

// Refresh and refresh management.

namespace orrery::engine {

template <EngineKind Kind>
void Engine<Kind>::fall_due(std::int64_t tick) {
  refresh_.fall_due(tick);
  refresh_may_start_ = true;
  if (!work_) start_maintenance(tick);
  if (work_ && maintenance_stale_) find_maintenance(tick);
}

template <EngineKind Kind>
std::uint64_t Engine<Kind>::wanted_banks() const {
  return busy_banks_ | queue_.hit_banks(false) | queue_.miss_banks(false) | queue_.hit_banks(true) |
         queue_.miss_banks(true);
}

template <EngineKind Kind>
void Engine<Kind>::start_maintenance(std::int64_t from) {
  refresh_may_start_ = false;
  if (!refresh_.owes() && !pulling_in_ && to_manage_ == 0) return;
  const std::uint64_t busy = wanted_banks();
  const auto order = refresh_.by_urgency();
  for (int i = 0; i < ranks_; ++i) {
    const int rank = order[static_cast<std::size_t>(i)];
    if (const auto work = refresh_.take(rank, busy, pulling_in_ && busy == 0)) return begin(*work, from);
  }
  if (to_manage_ == 0) return;
  const MaintenanceWork work = refresh_.management(std::countr_zero(to_manage_));
  to_manage_ &= ~work.banks;
  begin(work, from);
}

template <EngineKind Kind>
void Engine<Kind>::begin(const MaintenanceWork& work, std::int64_t from) {
  work_ = work;
  blocked_banks_ = work.banks;
  power_step_ = {};  // perhaps to sleep, which is out of the question now
  queue_blocked_ = follows_ramulator_ || !power_.all_up();
  column_stale_ = true;
  row_stale();
  find_maintenance(from);
}

template <EngineKind Kind>
void Engine<Kind>::find_maintenance(std::int64_t from) {
  maintenance_stale_ = false;
  maintenance_ = {};
  open_stale_ = true;
  if (!power_.all_up()) return;
  if ((busy_banks_ & work_->banks) != 0 || (Kind.two_step && owed_ != RequestQueue::kNone)) return;
  const std::uint64_t open = recorder_.open_banks() & work_->banks;
  if (open == 0) {
    maintenance_.tick = times_.refresh(work_->command, work_->banks, work_->rank, from);
  } else {
    maintenance_.tick = is_one_bank()
                            ? times_.precharge(std::countr_zero(open), times_.precharge_bound(work_->rank, from))
                            : times_.precharge_all(work_->banks, work_->rank, from);
    maintenance_.bank = static_cast<std::int16_t>(std::countr_zero(open));
  }
}

template <EngineKind Kind>
void Engine<Kind>::maintain(std::int64_t tick) {
  const std::uint64_t open = recorder_.open_banks() & work_->banks;
  if (open != 0) {
    close_for_maintenance(open, tick);
    return find_maintenance(tick + 1);
  }
  times_.refreshed(work_->command, work_->banks, work_->rank, tick);
  record(work_->command, std::countr_zero(work_->banks), 0, 0, tick);
  work_.reset();
  maintenance_ = {};
  blocked_banks_ = 0;
  queue_blocked_ = false;
  refresh_may_start_ = true;
  column_stale_ = true;
  row_stale();
  shared_bus_taken();
}

template <EngineKind Kind>
void Engine<Kind>::close_rows(DramCommand command, std::uint64_t banks, int rank, std::int64_t tick) {
  const std::uint64_t open = recorder_.open_banks() & banks;
  times_.precharged_all(banks, rank, tick, command);
  BankTimes::for_each(open, [&](int bank) {
    queue_.close(bank);
    recorder_.closed(bank, tick);
  });
  record(command, std::countr_zero(banks), 0, 0, tick);
}

template <EngineKind Kind>
void Engine<Kind>::close_for_maintenance(std::uint64_t open, std::int64_t tick) {
  if (is_one_bank()) {
    const int bank = std::countr_zero(open);
    queue_.close(bank);
    issue_precharge(bank, tick);
  } else {
    close_rows(work_->command == REFsb ? PREsb : PREab, work_->banks, work_->rank, tick);
  }
  column_stale_ = true;
  row_stale();
  shared_bus_taken();
}

}  // namespace orrery::engine
