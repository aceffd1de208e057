#pragma once

#include "orrery/memory/engine.h"

// Rows that open and close in a stream.

namespace orrery::engine {

template <EngineKind Kind>
void Engine<Kind>::find_stream_row(std::int64_t from) {
  stream_row_ = {};
  first_starves_ = kNever;
  BankTimes::for_each(missed_banks_, [&](int bank) {
    const StreamedRead& miss = first_miss_[static_cast<std::size_t>(bank)];
    if (settings_.age_cap > 0) first_starves_ = std::min(first_starves_, miss.stamp + settings_.age_cap);
    const std::int64_t tick = tick_of_row(miss, from);
    if (tick < stream_row_.tick || (tick != kNever && tick == stream_row_.tick &&
                                    is_before(miss, first_miss_[static_cast<std::size_t>(stream_row_.bank)]))) {
      stream_row_ = {tick, bank};
    }
  });
  set_stream_limit(from);
}

template <EngineKind Kind>
void Engine<Kind>::set_stream_limit(std::int64_t from) {
  active_from_ = kNever;
  for (unsigned i = 0; i < activated_reads_.size(); ++i) {
    active_from_ = std::min(active_from_, tick_of_read(activated_reads_[i], from));
  }
  stream_limit_ = std::min(refresh_.next_due(), first_starves_);
  if (!Kind.split_bus) stream_limit_ = std::min(stream_limit_, stream_row_.tick);
}

template <EngineKind Kind>
std::int64_t Engine<Kind>::tick_of_row(const StreamedRead& miss, std::int64_t from) {
  const auto bank = static_cast<int>(miss.bank);
  const int rank = times_.rank_of(bank);
  if (queue_.open_row(bank) == RequestQueue::kClosed) {
    return times_.activate(bank, times_.activate_bound(rank, from));
  }
  if ((busy_banks_ >> bank & 1) != 0) return kNever;
  if (settings_.policy != SchedulingPolicy::ramulator2 && hits_of_bank_[miss.bank] > 0 &&
      (!follows_ramulator_ || oldest_hit_stamp(miss.bank) <= miss.stamp)) {
    return kNever;
  }
  note_last_read(bank);
  return times_.precharge(bank, times_.precharge_bound(rank, from));
}

template <EngineKind Kind>
std::int64_t Engine<Kind>::oldest_hit_stamp(int bank) const {
  unsigned i = 0;
  while (reads_[i].bank != bank || !is_open(reads_[i])) ++i;
  return reads_[i].stamp;
}

template <EngineKind Kind>
bool Engine<Kind>::move_rows_beside_reads(std::int64_t tick, bool row_stale) {
  if (row_stale) find_stream_row(tick);
  if (stream_row_.tick != tick) return false;
  move_stream_row(tick);
  ++passes_;
  return true;
}

template <EngineKind Kind>
void Engine<Kind>::move_stream_row(std::int64_t tick) {
  const int bank = stream_row_.bank;
  const StreamedRead miss = first_miss_[static_cast<std::size_t>(bank)];
  if (queue_.open_row(bank) != RequestQueue::kClosed) {
    queue_.close(bank);
    issue_precharge(bank, tick);
    if (hits_of_bank_[miss.bank] > 0) note_waiting_anew(bank);
    return;
  }
  queue_.open(bank, miss.row);
  issue_activation(bank, miss.row, tick);
  busy_banks_ |= std::uint64_t{1} << bank;
  ++active_reads_;
  activated_reads_.add() = miss;
  unsigned i = reads_.size() - 1;
  while (reads_[i].order != miss.order) --i;
  reads_.erase(i);
  note_waiting_anew(bank);
}

template <EngineKind Kind>
void Engine<Kind>::note_waiting_anew(int bank) {
  hits_of_bank_[static_cast<std::size_t>(bank)] = 0;
  missed_banks_ &= ~(std::uint64_t{1} << bank);
  for (unsigned i = 0; i < reads_.size(); ++i) {
    if (reads_[i].bank == bank) note_waiting(reads_[i]);
  }
}

}  // namespace orrery::engine
