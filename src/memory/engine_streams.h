#pragma once

#include "orrery/memory/engine.h"

// Streams: many reads of open rows, one after the other.

namespace orrery::engine {

template <EngineKind Kind>
void Engine<Kind>::stream() {
  reads_in_order_ = 0;
  if (!may_stream()) return;
  begin_stream();
  while (step_of_stream()) {
  }
  end_stream();
}

template <EngineKind Kind>
bool Engine<Kind>::may_stream() const {
  if (outstanding_limit_ > kMostOutstandingInStream) return false;
  if (work_ || writing_ || outstanding_limit_ == 0 || !power_.all_up() || settings_.page != PagePolicy::open)
    return false;
  if (queue_.size(true) > 0 || queue_.size(false) < 2 || completions_.has_forwarded()) return false;
  if (refresh_may_start_ || settings_.activations_per_management > 0) return false;
  if (refresh_.owes() && settings_.refresh != RefreshMode::all_bank) return false;
  if (Kind.two_step) return owed_ == RequestQueue::kNone && clocked_.tick == kNever && activated_.empty();
  return std::none_of(activated_.begin(), activated_.end(), [](const Activated& one) { return one.write; });
}

template <EngineKind Kind>
void Engine<Kind>::begin_stream() {
  reads_.clear();
  activated_reads_.clear();
  hits_of_bank_.fill(0);
  waiting_of_rank_.fill(0);
  rank_may_idle_ = ranks_ > 1 && refresh_.owes();
  missed_banks_ = 0;
  streamed_ = passes_ = 0;
  plain_until_ = position_;
  for (std::int16_t i = queue_.oldest(false); i != RequestQueue::kNone; i = queue_[i].next) {
    reads_.add() = read_of(i);
    note_waiting(read_of(i));
    ++waiting_of_rank_[static_cast<std::size_t>(times_.rank_of(queue_[i].bank))];
  }
  for (const Activated& one : activated_) {
    activated_reads_.add() = read_of(one.request);
    ++waiting_of_rank_[static_cast<std::size_t>(times_.rank_of(one.bank))];
    queue_.release(one.request);
  }
  activated_.clear();
  queue_.clear(false);
  find_stream_row(now_ + 1);
}

template <EngineKind Kind>
StreamedRead Engine<Kind>::read_of(std::int16_t request) const {
  const WaitingRequest& waiting = queue_[request];
  return {waiting.stamp, waiting.row,  waiting.column,
          waiting.order, waiting.bank, static_cast<std::uint16_t>(waiting.bank / banks_per_group_)};
}

template <EngineKind Kind>
bool Engine<Kind>::note_waiting(const StreamedRead& read) {
  if (queue_.open_row(read.bank) == read.row) {
    ++hits_of_bank_[read.bank];
    return false;
  }
  if ((missed_banks_ >> read.bank & 1) != 0) return false;
  missed_banks_ |= std::uint64_t{1} << read.bank;
  first_miss_[read.bank] = read;
  return true;
}

template <EngineKind Kind>
void Engine<Kind>::end_stream() {
  for (int bank = 0; bank < ranks_ * banks_per_rank_; ++bank) note_last_read(bank);
  for (unsigned i = 0; i < activated_reads_.size(); ++i) {
    const StreamedRead& read = activated_reads_[i];
    const std::int16_t request = queue_.push(access_of(read), read.bank, read.stamp, read.order);
    queue_.remove(request);
    activated_.push_back({read.stamp, request, static_cast<std::int16_t>(read.bank), false});
  }
  for (unsigned i = 0; i < reads_.size(); ++i) {
    queue_.push(access_of(reads_[i]), reads_[i].bank, reads_[i].stamp, reads_[i].order);
  }
  recorder_.row_hits(streamed_);
  const bool worthwhile = streamed_ >= kReadsPerPass * std::max(passes_, kFreePasses);
  if (worthwhile || !rank_may_idle_) streak_ = worthwhile ? kStreak : std::min(2 * streak_, kLongestStreak);
  active_stale_ = column_stale_ = true;
  row_stale();
  refresh_may_start_ = true;
  inject(now_);
  settle(now_ + 1);
}

template <EngineKind Kind>
bool Engine<Kind>::is_before(const StreamedRead& a, const StreamedRead& b) {
  return static_cast<std::int32_t>(a.order - b.order) < 0;
}

template <EngineKind Kind>
bool Engine<Kind>::step_of_stream() {
  const AfterReads after = read_on();
  if (after == AfterReads::end || Kind.two_step) return false;
  return ++passes_ <= kFreePasses + streamed_ / kReadsPerPass && pass_of_stream();
}

template <EngineKind Kind>
AfterReads Engine<Kind>::read_on() {
  const bool one_rank = ranks_ == 1;
  const std::int64_t step = times_.read_step();  // 0: depends on the rank
  StreamedReads::Span reads = reads_.span();
  std::int64_t next = times_.column_bound(false, now_ + 1);
  std::int64_t last = kNever;
  AfterReads after = AfterReads::pass;
  while (true) {
    const std::int64_t returned = completions_.next_read();
    std::int64_t tick = std::min(next, returned);
    if (Kind.split_bus) tick = std::min(tick, stream_row_.tick);
    if (tick >= stream_limit_ || reads.size() <= 2) break;
    bool row_stale = false;
    if (tick == next) {
      unsigned chosen = next >= active_from_ ? ready_activated(next) : kNoRead;
      const bool activated = chosen != kNoRead;
      if (!activated) chosen = oldest_ready(reads, next);
      if (!activated && chosen == reads.size()) break;
      const StreamedRead& read = activated ? activated_reads_[chosen] : reads[chosen];
      if (is_for_pass(read, next)) break;
      times_.read_in_streak(static_cast<int>(read.group), next);
      note_read(read, next);
      row_stale =
          (missed_banks_ >> read.bank & 1) != 0 || (!Kind.split_bus && stream_row_.tick < next + times_.ticks_of(RD));
      last = next;
      if (!one_rank) times_.read_of_rank(times_.rank_of(static_cast<int>(read.bank)), next);
      next = step > 0 ? next + step : times_.column_bound(false, next + 1);
      if (activated) {
        forget_activated(chosen);
        set_stream_limit(next);
      } else {
        --hits_of_bank_[read.bank];
        ++streamed_;
        reads.take(chosen);
      }
    }
    now_ = tick;
    if (returned == tick) {
      completions_.drop_read();
      --outstanding_;
    }
    if (Kind.split_bus && (row_stale || stream_row_.tick == tick)) {
      reads_.set(reads);
      row_stale |= move_rows_beside_reads(tick, row_stale);
      reads = reads_.span();
    }
    const bool goes_on = let_stream_in(reads, tick, row_stale);
    if (row_stale) {
      reads_.set(reads);
      if (!Kind.split_bus && one_rank && last != kNever) times_.read_of_rank(0, last);  // it holds the bus
      find_stream_row(tick + 1);
    }
    if (!goes_on || (row_stale && passes_ > kFreePasses + streamed_ / kReadsPerPass)) {
      after = AfterReads::end;
      break;
    }
  }
  reads_.set(reads);
  if (last != kNever && one_rank) times_.read_of_rank(0, last);
  return after;
}

template <EngineKind Kind>
unsigned Engine<Kind>::ready_activated(std::int64_t tick) const {
  const unsigned first = first_active_read(tick);
  return tick_of_read(activated_reads_[first], tick) > tick ? kNoRead : first;
}

template <EngineKind Kind>
void Engine<Kind>::forget_activated(unsigned which) {
  busy_banks_ &= ~(std::uint64_t{1} << activated_reads_[which].bank);
  activated_reads_.take(which);
  --active_reads_;
}

template <EngineKind Kind>
inline bool Engine<Kind>::is_for_pass(const StreamedRead& read, std::int64_t tick) const {
  const auto rank = static_cast<std::size_t>(times_.rank_of(read.bank));
  if (Kind.two_step && tick >= clock_runs_until_[rank]) return true;
  return rank_may_idle_ && waiting_of_rank_[rank] == 1;
}

template <EngineKind Kind>
unsigned Engine<Kind>::oldest_ready(const StreamedReads::Span& reads, std::int64_t tick) const {
  unsigned i = 0;
  while (i < reads.size() && !(is_open(reads[i]) && times_.may_read(reads[i].bank, reads[i].group, tick))) ++i;
  return i;
}

template <EngineKind Kind>
inline void Engine<Kind>::note_read(const StreamedRead& read, std::int64_t tick) {
  last_read_[read.bank] = tick;
  completions_.add_read(tick + read_time_);
  if (Kind.two_step) keep_clock_running(times_.rank_of(read.bank), tick + read_time_);
  recorder_.read_returned(tick + read_time_ - read.stamp);
  --waiting_of_rank_[static_cast<std::size_t>(times_.rank_of(read.bank))];
  record(RD, static_cast<int>(read.bank), read.row, read.column, tick);
}

template <EngineKind Kind>
inline bool Engine<Kind>::let_stream_in(StreamedReads::Span& reads, std::int64_t tick, bool& row_stale) {
  if (position_ >= plain_until_ && !find_plain_reads(tick)) return false;
  while (outstanding_ < outstanding_limit_ && reads.size() < read_entries_) {
    const MemoryAccess& access = accesses_[position_++];
    const int group = access.rank * groups_per_rank_ + access.group;
    StreamedRead& read = reads.add();
    read.stamp = tick;
    read.row = access.row;
    read.column = access.column;
    read.order = next_order_++;
    ++waiting_of_rank_[access.rank];
    read.bank = static_cast<std::uint16_t>(group * banks_per_group_ + access.bank);
    read.group = static_cast<std::uint16_t>(group);
    row_stale |= note_waiting(read);
    ++outstanding_;
    recorder_.entered(false);
    last_injection_ = tick;
    if (position_ >= plain_until_ && !find_plain_reads(tick)) return false;
  }
  return true;
}

template <EngineKind Kind>
bool Engine<Kind>::find_plain_reads(std::int64_t tick) {
  if (position_ == filled_ && filled_ == accesses_.size()) fill();
  plain_until_ = position_;
  while (plain_until_ < filled_ && !accesses_[plain_until_].write && accesses_[plain_until_].tick <= tick) {
    ++plain_until_;
  }
  return plain_until_ > position_;
}

template <EngineKind Kind>
bool Engine<Kind>::pass_of_stream() {
  const std::int64_t from = now_ + 1;
  const unsigned active = first_active_read(from);
  const unsigned hit = first_hit(from);
  const std::int64_t active_tick =
      active < activated_reads_.size() ? tick_of_read(activated_reads_[active], from) : kNever;
  const std::int64_t hit_tick = hit < reads_.size() ? tick_of_read(reads_[hit], from) : kNever;
  const std::int64_t tick = std::min({active_tick, hit_tick, stream_row_.tick, completions_.next_read()});
  if (tick >= std::min(refresh_.next_due(), first_starves_) || reads_.size() <= 2) return false;
  if (active_tick == tick && is_for_pass(activated_reads_[active], tick)) return false;
  if (hit_tick == tick && is_for_pass(reads_[hit], tick)) return false;
  now_ = tick;
  outstanding_ -= completions_.take(tick);
  const bool row_first = !Kind.split_bus && stream_row_.tick == tick && follows_ramulator_ && hit_tick == tick &&
                         is_before(first_miss_[static_cast<std::size_t>(stream_row_.bank)], reads_[hit]);
  bool row_stale = false;
  bool column = true;
  if (active_tick == tick) {
    const StreamedRead read = activated_reads_[active];
    forget_activated(active);
    row_stale = read_in_pass(read, tick);
  } else if (hit_tick == tick && !row_first) {
    const StreamedRead read = reads_[hit];
    reads_.take(hit);
    ++streamed_;
    --hits_of_bank_[read.bank];
    row_stale = read_in_pass(read, tick);
  } else {
    column = false;
  }
  if (Kind.split_bus && row_stale) find_stream_row(tick);
  if ((Kind.split_bus || !column) && stream_row_.tick == tick) {
    move_stream_row(tick);
    row_stale = true;
  }
  StreamedReads::Span reads = reads_.span();
  const bool goes_on = let_stream_in(reads, tick, row_stale);
  reads_.set(reads);
  if (row_stale) {
    find_stream_row(tick + 1);
  } else {
    set_stream_limit(tick + 1);
  }
  return goes_on;
}

template <EngineKind Kind>
bool Engine<Kind>::read_in_pass(const StreamedRead& read, std::int64_t tick) {
  times_.read_in_streak(static_cast<int>(read.group), tick);
  times_.read_of_rank(times_.rank_of(static_cast<int>(read.bank)), tick);
  note_read(read, tick);
  return (missed_banks_ >> read.bank & 1) != 0 || (!Kind.split_bus && stream_row_.tick < times_.bus(0));
}

template <EngineKind Kind>
std::int64_t Engine<Kind>::tick_of_read(const StreamedRead& read, std::int64_t from) const {
  return times_.column_tick(false, static_cast<int>(read.bank), from);
}

template <EngineKind Kind>
unsigned Engine<Kind>::first_hit(std::int64_t from) const {
  const std::int64_t bound = times_.column_bound(false, from);
  unsigned first = reads_.size();
  std::int64_t best = kNever;
  for (unsigned i = 0; i < reads_.size() && best > bound; ++i) {
    if (!is_open(reads_[i])) continue;
    const std::int64_t tick = tick_of_read(reads_[i], from);
    if (tick < best) best = tick, first = i;
  }
  return first;
}

template <EngineKind Kind>
unsigned Engine<Kind>::first_active_read(std::int64_t from) const {
  unsigned first = activated_reads_.size();
  std::int64_t best = kNever;
  for (unsigned i = 0; i < activated_reads_.size(); ++i) {
    const std::int64_t tick = tick_of_read(activated_reads_[i], from);
    if (tick < best || (tick == best && activated_reads_[i].stamp < activated_reads_[first].stamp)) {
      best = tick;
      first = i;
    }
  }
  return first;
}

}  // namespace orrery::engine
