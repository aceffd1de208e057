#pragma once

#include "orrery/memory/engine.h"

// Which command of each kind comes next, and when.

namespace orrery::engine {

template <EngineKind Kind>
void Engine<Kind>::find_active(std::int64_t from) {
  active_stale_ = false;
  active_ = {};
  for (const Activated& activated : activated_) consider_active(activated, from);
}

template <EngineKind Kind>
void Engine<Kind>::consider_active(const Activated& activated, std::int64_t from) {
  const std::int64_t tick = times_.column_tick(activated.write, activated.bank, from);
  if (tick > active_.tick) return;
  if (tick < active_.tick || activated.stamp < stamp_of_active_) {
    active_ = {tick, activated.request, activated.bank};
    stamp_of_active_ = activated.stamp;
  }
}

template <EngineKind Kind>
void Engine<Kind>::await_data(std::int16_t request, std::int64_t from) {
  const WaitingRequest& waiting = queue_[request];
  activated_.push_back({waiting.stamp, request, static_cast<std::int16_t>(waiting.bank), waiting.write});
  if (!active_stale_) consider_active(activated_.back(), from);
}

template <EngineKind Kind>
bool Engine<Kind>::someone_starves(std::int64_t tick) const {
  return settings_.age_cap > 0 && queue_[queue_.oldest(writing_)].stamp + settings_.age_cap <= tick;
}

template <EngineKind Kind>
std::uint64_t Engine<Kind>::starving_banks(std::uint64_t banks, std::int64_t tick) const {
  std::uint64_t starving = 0;
  BankTimes::for_each(banks & queue_.miss_banks(writing_), [&](int bank) {
    if (queue_[queue_.oldest_miss(writing_, bank)].stamp + settings_.age_cap <= tick) {
      starving |= std::uint64_t{1} << bank;
    }
  });
  return starving;
}

template <EngineKind Kind>
void Engine<Kind>::find_column(std::int64_t from) {
  column_stale_ = false;
  std::uint64_t banks = queue_.hit_banks(writing_) & ~blocked_banks_;
  column_ = {};
  if (banks == 0) return;
  // The oldest of all, where it waits for no more than the data bus, cannot be outrun.
  const std::int16_t oldest = queue_.oldest(writing_);
  const int bank_of_oldest = queue_[oldest].bank;
  if (queue_.oldest_hit(writing_, bank_of_oldest) == oldest && (blocked_banks_ >> bank_of_oldest & 1) == 0) {
    const std::int64_t tick = times_.column_tick(writing_, bank_of_oldest, from);
    if (tick == times_.column_bound(writing_, from)) {
      column_ = {tick, oldest, static_cast<std::int16_t>(bank_of_oldest)};
      return;
    }
  }
  if (someone_starves(from)) banks &= ~starving_banks(banks, from);
  const Candidate first = first_command(
      banks, from, [&](int rank) { return times_.column_bound(writing_, rank, from); },
      [&](int bank, std::int64_t bound) { return times_.column(writing_, bank, bound); },
      [&](int bank) { return queue_.order_of_hit(writing_, bank); });
  column_ = first;
  if (first.bank >= 0) column_.request = queue_.oldest_hit(writing_, first.bank);
}

template <EngineKind Kind>
void Engine<Kind>::consider_column(int bank, std::int64_t from) {
  if (someone_starves(from) && starving_banks(std::uint64_t{1} << bank, from) != 0) return;
  const std::int64_t tick = times_.column_tick(writing_, bank, from);
  if (tick > column_.tick) return;
  const std::int16_t request = queue_.oldest_hit(writing_, bank);
  if (tick < column_.tick || is_older(request, column_.request)) {
    column_ = {tick, request, static_cast<std::int16_t>(bank)};
  }
}

template <EngineKind Kind>
bool Engine<Kind>::is_older(std::int16_t a, std::int16_t b) const {
  return static_cast<std::int32_t>(queue_[a].order - queue_[b].order) < 0;
}

template <EngineKind Kind>
template <class Bound, class Tick, class Order>
Candidate Engine<Kind>::first_command(std::uint64_t banks, std::int64_t from, Bound bound_of, Tick tick_of,
                                      Order order_of) const {
  // Keys order first by tick, then by arrival; their last bits are the bank.
  std::uint64_t best = kNoKey;
  const std::uint32_t first = next_order_ - kOrders;
  for (int rank = 0; banks != 0; ++rank) {
    const std::uint64_t own = banks & times_.banks_of_rank(rank);
    banks &= ~own;
    if (own == 0) continue;
    const std::int64_t bound = bound_of(rank);
    BankTimes::for_each(own, [&](int bank) {
      const std::int64_t tick = tick_of(bank, bound);
      if (tick == kNever) return;
      best = std::min(best, static_cast<std::uint64_t>(tick - from) << kTickShift |
                                std::uint64_t{order_of(bank) - first} << kBankBits | static_cast<std::uint64_t>(bank));
    });
  }
  if (best == kNoKey) return {};
  const auto bank = static_cast<std::int16_t>(best & (RequestQueue::kMostBanks - 1));
  return {from + static_cast<std::int64_t>(best >> kTickShift), RequestQueue::kNone, bank};
}

template <EngineKind Kind>
void Engine<Kind>::find_open(std::int64_t from) {
  open_stale_ = false;
  open_ = {};
  if (Kind.two_step && owed_ != RequestQueue::kNone) return;
  const std::uint64_t wanted = queue_.miss_banks(writing_) & queue_.closed_banks() & ~blocked_banks_;
  open_ = first_command(
      wanted, from, [&](int rank) { return times_.activate_bound(rank, from); },
      [&](int bank, std::int64_t bound) { return opening_tick(bank, bound); },
      [&](int bank) { return queue_.order_of_miss(writing_, bank); });
  if (open_.bank >= 0) open_.request = queue_.oldest_miss(writing_, open_.bank);
}

template <EngineKind Kind>
void Engine<Kind>::find_close(std::int64_t from) {
  close_stale_ = false;
  const std::uint64_t wanted = queue_.miss_banks(writing_) & ~queue_.closed_banks() & ~blocked_banks_ & ~busy_banks_;
  close_ = first_command(
      wanted, from, [&](int rank) { return times_.precharge_bound(rank, from); },
      [&](int bank, std::int64_t bound) {
        const std::int64_t allowed = may_close_from(bank, bound);
        return allowed == kNever ? kNever : times_.precharge(bank, allowed);
      },
      [&](int bank) { return queue_.order_of_miss(writing_, bank); });
  if (close_.bank >= 0) close_.request = queue_.oldest_miss(writing_, close_.bank);
}

template <EngineKind Kind>
void Engine<Kind>::consider_open(int bank, std::int64_t from) {
  if (open_stale_ || (Kind.two_step && owed_ != RequestQueue::kNone)) return;
  take_if_better(open_, opening_tick(bank, times_.activate_bound(times_.rank_of(bank), from)), bank);
}

template <EngineKind Kind>
std::int64_t Engine<Kind>::opening_tick(int bank, std::int64_t bound) const {
  const std::int64_t tick = times_.activate(bank, bound);
  if (maintenance_.tick == kNever || tick + times_.activate_to_refresh() <= maintenance_.tick) return tick;
  return times_.activate(bank, std::max(bound, maintenance_.tick + 1));
}

template <EngineKind Kind>
void Engine<Kind>::consider_close(int bank, std::int64_t from) {
  if (close_stale_ || (busy_banks_ >> bank & 1) != 0) return;
  const std::int64_t allowed = may_close_from(bank, times_.precharge_bound(times_.rank_of(bank), from));
  if (allowed != kNever) take_if_better(close_, times_.precharge(bank, allowed), bank);
}

template <EngineKind Kind>
void Engine<Kind>::take_if_better(Candidate& candidate, std::int64_t tick, int bank) {
  if (tick > candidate.tick) return;
  const std::int16_t request = queue_.oldest_miss(writing_, bank);
  if (tick < candidate.tick || is_older(request, candidate.request)) {
    candidate = {tick, request, static_cast<std::int16_t>(bank)};
  }
}

template <EngineKind Kind>
std::int64_t Engine<Kind>::may_close_from(int bank, std::int64_t from) const {
  if (settings_.policy == SchedulingPolicy::ramulator2) return from;
  const std::int16_t hit = queue_.oldest_hit(writing_, bank);
  if (hit == RequestQueue::kNone) return from;
  const std::int64_t stamp_of_miss = queue_[queue_.oldest_miss(writing_, bank)].stamp;
  if (follows_ramulator_) return queue_[hit].stamp <= stamp_of_miss ? kNever : from;
  return settings_.age_cap == 0 ? kNever : std::max(from, stamp_of_miss + settings_.age_cap);
}

}  // namespace orrery::engine
