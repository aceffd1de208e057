#include "orrery/memory/unit_engine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "orrery/memory/bank_times.h"
#include "orrery/memory/completion_ring.h"
#include "orrery/memory/power_states.h"
#include "orrery/memory/refresh_schedule.h"
#include "orrery/memory/request_queue.h"
#include "orrery/memory/stream_reads.h"
#include "orrery/memory/unit_recorder.h"

namespace orrery {
namespace {

using enum DramCommand;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kAllBanks = ~std::uint64_t{0};

/// The next command of some kind: when it can start, and what it is about.
struct Candidate {
  std::int64_t tick = kNever;
  std::int16_t request = RequestQueue::kNone;  ///< of a column command or activation
  std::int16_t bank = -1;
};

/// A request whose row was opened for it, and which has not had its data.
struct Activated {
  std::int64_t stamp = 0;
  std::int16_t request = RequestQueue::kNone;
  std::int16_t bank = -1;
  bool write = false;
};

/// One unit and its controller. SplitBus: row and column commands on buses of their own. TwoStep: an activation is two
/// commands, and the data clock must be started (LPDDR). Recorded: a sink wants the commands.
///
/// Of each kind of command the engine remembers the next one that can issue, and when. What happens in between makes
/// other candidates later, or adds one that is compared; only what may have changed is looked for again.
template <bool SplitBus, bool TwoStep, bool Recorded>
class Engine {
 public:
  Engine(const DramDevice& device, const ControllerSettings& settings, const Injection& injection, AccessSource& source,
         CommandSink* sink)
      : settings_(settings),
        follows_ramulator_(settings.policy != SchedulingPolicy::row_hit_first),
        outstanding_limit_(injection.outstanding),
        read_entries_(static_cast<std::size_t>(settings.read_entries)),
        source_(source),
        times_(device, settings.takes_turns ? device.units_sharing_commands : 1, settings.turn),
        queue_(settings.read_entries + settings.write_entries + device.banks()),
        refresh_(device, settings),
        recorder_(device, Recorded ? sink : nullptr),
        power_(device),
        sleeps_(settings.power_down_after > 0 || settings.self_refresh_after > 0),
        banks_per_rank_(device.banks_per_rank()),
        banks_per_group_(device.banks_per_group),
        groups_per_rank_(device.bank_groups),
        ranks_(device.ranks),
        read_time_(device.read_latency + device.burst_ticks),
        write_time_(device.write_latency + device.burst_ticks),
        most_writes_(static_cast<int>(std::floor(settings.write_high * settings.write_entries))),
        least_writes_(static_cast<int>(std::ceil(settings.write_low * settings.write_entries))),
        reads_(read_entries_),
        activated_reads_(RequestQueue::kMostBanks) {
    if constexpr (TwoStep) {
      activation_deadline_ = device.timing("AAD") * device.ticks_per_clock;
      clock_runs_on_ = device.timing("WCKPST") * device.ticks_per_clock;
      clock_start_ticks_ = device.commands[static_cast<std::size_t>(CAS)].ticks;
    }
    wants_idleness_ = settings.postponed > 0 || sleeps_;
    idle_before_pulling_in_ = device.timing("RFCab") * device.ticks_per_clock;
    completions_.reserve(static_cast<std::size_t>(std::min(outstanding_limit_, kMostOutstandingInStream)) + 2);
  }

  UnitActivity run() {
    fill();
    inject(0);
    settle(1);
    while (true) {
      const std::int64_t tick = next_event();
      if (is_over(tick)) break;
      now_ = tick;
      pass(tick);
      if (reads_in_order_ >= streak_) stream();
      if (may_serve_alone()) serve_alone();
    }
    if (power_.state() != PowerState::up) account_for_sleep(end_tick());
    UnitActivity activity = recorder_.finish(end_tick());
    activity.most_refreshes_owed = refresh_.most_owed();
    return activity;
  }

 private:
  // ---------------------------------------------------------------- time

  std::int64_t next_event() const {
    std::int64_t tick = std::min({active_.tick, maintenance_.tick, refresh_.next_due(), wake_, sleep_});
    if (!queue_blocked_) tick = std::min({tick, column_.tick, open_.tick, close_.tick});
    if (waits_for_completion_) tick = std::min(tick, completions_.next());
    if (position_ < filled_) tick = std::min(tick, std::max(accesses_[position_].tick, arrival_));
    if constexpr (TwoStep) {
      if (clocked_.tick != kNever) tick = std::min({clocked_.tick, refresh_.next_due(), completion_or_never()});
      if (owed_ != RequestQueue::kNone) tick = std::min(tick, times_.bus(now_ + 1));
    }
    return std::max(tick, now_ + 1);
  }
  std::int64_t completion_or_never() const { return waits_for_completion_ ? completions_.next() : kNever; }

  bool is_over(std::int64_t tick) const {
    return position_ == filled_ && queue_.size(false) == 0 && active_reads_ == 0 && tick > end_tick();
  }
  std::int64_t end_tick() const { return std::max(completions_.last(), last_injection_); }

  /// Everything that happens at one tick, in the order of Ramulator's: data returns, refresh falls due, commands
  /// issue, requests enter.
  void pass(std::int64_t tick) {
    outstanding_ -= completions_.take(tick);
    if (refresh_.next_due() <= tick) fall_due(tick);
    if (tick >= wake_) be_idle(tick);
    if (tick >= sleep_) fall_asleep(tick);
    if constexpr (SplitBus) {
      if (issue_column(tick)) settle(tick);
      issue_row(tick);
    } else {
      issue_one(tick);
    }
    inject(tick);
    settle(tick + 1);
  }

  // ---------------------------------------------------------------- one access at a time

  bool may_serve_alone() const {
    if (TwoStep || sleeps_ || outstanding_limit_ > 0 || !is_idle()) return false;
    return settings_.page == PagePolicy::open && settings_.activations_per_management == 0 && !refresh_.owes();
  }
  /// Accesses that come when nobody waits, and are served before the next one comes: exactly what `pass` would do.
  void serve_alone() {
    while (position_ + 1 < filled_) {
      const MemoryAccess& access = accesses_[position_];
      const Alone alone = plan(access);
      const std::int64_t end = alone.column + 1;
      if (access.tick >= wake_ || end >= refresh_.next_due() || end > accesses_[position_ + 1].tick + 1) return;
      ++position_;
      serve(access, alone);
      now_ = alone.column;
      last_injection_ = access.tick;
      writing_ = follows_ramulator_ || access.write;
      pulling_in_ = false;
      if (wants_idleness_) wake_ = end + idle_before_pulling_in_;
    }
  }
  /// The ticks of the commands for one access; kNever: not needed.
  struct Alone {
    std::int64_t close = kNever, open = kNever, column = kNever;
  };
  Alone plan(const MemoryAccess& access) const {
    const int bank = bank_of(access);
    const int rank = times_.rank_of(bank);
    const std::int64_t from = access.tick + 1;
    const std::int32_t row = queue_.open_row(bank);
    Alone alone;
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
  void serve(const MemoryAccess& access, const Alone& alone) {
    const int bank = bank_of(access);
    recorder_.entered(access.write);
    if (alone.close != kNever) {
      times_.precharged(bank, alone.close);
      recorder_.closed(bank, alone.close);
      record(PRE, bank, 0, 0, alone.close);
    }
    if (alone.open != kNever) {
      times_.activated(bank, alone.open);
      recorder_.opened(bank, alone.open);
      record(ACT, bank, access.row, 0, alone.open);
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

  // ---------------------------------------------------------------- streams

  /// Reads, most of them of open rows, that enter one for each that returns: what a stream does between refreshes.
  /// Does exactly what `pass` would, on lists that cost less to keep than the queue.
  void stream() {
    reads_in_order_ = 0;
    if (!may_stream()) return;
    begin_stream();
    while (step_of_stream()) {
    }
    end_stream();
  }

  bool may_stream() const {
    if (outstanding_limit_ > kMostOutstandingInStream) return false;
    if (work_ || writing_ || outstanding_limit_ == 0 || settings_.page != PagePolicy::open) return false;
    if (queue_.size(true) > 0 || queue_.size(false) < 2 || completions_.has_forwarded()) return false;
    if (refresh_may_start_ || settings_.activations_per_management > 0) return false;
    if (TwoStep) return owed_ == RequestQueue::kNone && clocked_.tick == kNever && activated_.empty();
    return std::none_of(activated_.begin(), activated_.end(), [](const Activated& one) { return one.write; });
  }

  void begin_stream() {
    reads_.clear();
    activated_reads_.clear();
    hits_of_bank_.fill(0);
    missed_banks_ = touched_ = 0;
    streamed_ = passes_ = 0;
    plain_until_ = position_;
    for (std::int16_t i = queue_.oldest(false); i != RequestQueue::kNone; i = queue_[i].next) {
      reads_.add() = read_of(i);
      note_waiting(read_of(i));
    }
    for (const Activated& one : activated_) {
      activated_reads_.add() = read_of(one.request);
      queue_.release(one.request);
    }
    activated_.clear();
    queue_.clear(false);
    find_stream_row(now_ + 1);
  }
  StreamedRead read_of(std::int16_t request) const {
    const WaitingRequest& waiting = queue_[request];
    return {waiting.stamp, waiting.row,  waiting.column,
            waiting.order, waiting.bank, static_cast<std::uint16_t>(waiting.bank / banks_per_group_)};
  }
  /// Whether the row of a bank must be changed for this read, and for no older one.
  bool note_waiting(const StreamedRead& read) {
    if (queue_.open_row(read.bank) == read.row) {
      ++hits_of_bank_[read.bank];
      return false;
    }
    if ((missed_banks_ >> read.bank & 1) != 0) return false;
    missed_banks_ |= std::uint64_t{1} << read.bank;
    first_miss_[read.bank] = read;
    return true;
  }

  /// Puts the queue into the state in which the stream leaves it, and does the rest of the pass.
  void end_stream() {
    BankTimes::for_each(touched_, [&](int bank) { note_stream_read(bank); });
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
    streak_ = worthwhile ? kStreak : std::min(2 * streak_, kLongestStreak);
    active_stale_ = column_stale_ = true;
    row_stale();
    refresh_may_start_ = true;
    inject(now_);
    settle(now_ + 1);
  }
  static MemoryAccess access_of(const StreamedRead& read) { return {0, read.row, read.column, 0, 0, 0, false}; }
  static bool is_before(const StreamedRead& a, const StreamedRead& b) {
    return static_cast<std::int32_t>(a.order - b.order) < 0;
  }
  /// Makes up for what the last read of a bank means for others than reads.
  void note_stream_read(int bank) {
    times_.accessed(false, bank, last_read_[static_cast<std::size_t>(bank)]);
    touched_ &= ~(std::uint64_t{1} << bank);
  }

  /// What comes after some plain reads of a stream.
  enum class AfterReads { row_search, pass, end };

  /// Plain reads as long as there are, then what else there is; false where `pass` must see to it, or to the rest of
  /// a tick.
  bool step_of_stream() {
    while (true) {
      const AfterReads after = read_on();
      if (after == AfterReads::pass) {
        return !TwoStep && ++passes_ <= kFreePasses + streamed_ / kReadsPerPass && pass_of_stream();
      }
      if (after == AfterReads::end) return false;
      find_stream_row(now_ + 1);
    }
  }

  /// Issues reads of open rows, each as early as the data bus allows, and lets accesses in for those that return.
  AfterReads read_on() {
    const bool one_rank = ranks_ == 1;
    const std::int64_t step = times_.read_step();
    StreamedReads::Span reads = reads_.span();
    std::int64_t next = times_.column_bound(false, now_ + 1);
    std::int64_t last = kNever;
    AfterReads after = AfterReads::row_search;
    bool row_stale = false;
    while (!row_stale) {
      const std::int64_t returned = completions_.next_read();
      std::int64_t tick = next;
      if (returned < next && returned < stream_limit_) {
        tick = returned;
      } else {
        const unsigned chosen = next < stream_limit_ && reads.size() > 1 ? oldest_ready(reads, next) : reads.size();
        if (chosen == reads.size() || !keep_clock_running(rank_of(reads[chosen]), next)) {
          after = AfterReads::pass;
          break;
        }
        const StreamedRead& read = reads[chosen];
        times_.read_in_streak(static_cast<int>(read.group), next);
        note_read(read, next);
        --hits_of_bank_[read.bank];
        row_stale =
            (missed_banks_ >> read.bank & 1) != 0 || (!SplitBus && stream_row_.tick < next + times_.ticks_of(RD));
        last = next;
        if (one_rank) {
          next += step;
        } else {
          times_.read_of_rank(times_.rank_of(static_cast<int>(read.bank)), next);
          next = times_.column_bound(false, next + 1);
        }
        reads.take(chosen);
        ++streamed_;
      }
      now_ = tick;
      if (returned == tick) {
        completions_.drop_read();
        --outstanding_;
      }
      if (!let_stream_in(reads, tick, row_stale)) {
        after = AfterReads::end;
        break;
      }
    }
    reads_.set(reads);
    if (last != kNever && one_rank) times_.read_of_rank(0, last);
    return after;
  }

  int rank_of(const StreamedRead& read) const { return times_.rank_of(static_cast<int>(read.bank)); }
  bool is_open(const StreamedRead& read) const { return queue_.open_row(read.bank) == read.row; }
  unsigned oldest_ready(const StreamedReads::Span& reads, std::int64_t tick) const {
    unsigned i = 0;
    while (i < reads.size() && !(is_open(reads[i]) && times_.may_read(reads[i].bank, reads[i].group, tick))) ++i;
    return i;
  }
  bool keep_clock_running(int rank, std::int64_t tick) {
    if constexpr (TwoStep) {
      std::int64_t& runs_until = clock_runs_until_[static_cast<std::size_t>(rank)];
      if (tick >= runs_until) return false;
      runs_until = std::max(runs_until, tick + read_time_ + clock_runs_on_);
    }
    return true;
  }

  void note_read(const StreamedRead& read, std::int64_t tick) {
    last_read_[read.bank] = tick;
    touched_ |= std::uint64_t{1} << read.bank;
    completions_.add_read(tick + read_time_);
    recorder_.read_returned(tick + read_time_ - read.stamp);
    record(RD, static_cast<int>(read.bank), read.row, read.column, tick);
  }

  /// Accesses enter at the end of a tick. False where something else than a read is next, or nothing.
  [[gnu::always_inline]] bool let_stream_in(StreamedReads::Span& reads, std::int64_t tick, bool& row_stale) {
    while (true) {
      if (position_ >= plain_until_ && !find_plain_reads(tick)) return false;
      if (outstanding_ >= outstanding_limit_ || reads.size() >= read_entries_) return true;
      const MemoryAccess& access = accesses_[position_++];
      const int group = access.rank * groups_per_rank_ + access.group;
      StreamedRead& read = reads.add();
      read.stamp = tick;
      read.row = access.row;
      read.column = access.column;
      read.order = next_order_++;
      read.bank = static_cast<std::uint16_t>(group * banks_per_group_ + access.bank);
      read.group = static_cast<std::uint16_t>(group);
      row_stale |= note_waiting(read);
      ++outstanding_;
      recorder_.entered(false);
      last_injection_ = tick;
    }
  }
  /// Whether the next access is a read that may enter at `tick`; how many there are in a row.
  [[gnu::noinline]] bool find_plain_reads(std::int64_t tick) {
    if (position_ == filled_ && filled_ == accesses_.size()) fill();
    plain_until_ = position_;
    while (plain_until_ < filled_ && !accesses_[plain_until_].write && accesses_[plain_until_].tick <= tick) {
      ++plain_until_;
    }
    return plain_until_ > position_;
  }

  /// A tick with commands that are no plain reads of the stream, or some idle time before.
  bool pass_of_stream() {
    const std::int64_t from = now_ + 1;
    const unsigned active = first_active_read(from);
    const unsigned hit = first_hit(from);
    const std::int64_t active_tick =
        active < activated_reads_.size() ? tick_of_read(activated_reads_[active], from) : kNever;
    const std::int64_t hit_tick = hit < reads_.size() ? tick_of_read(reads_[hit], from) : kNever;
    const std::int64_t tick = std::min({active_tick, hit_tick, stream_row_.tick, completions_.next_read()});
    if (tick >= std::min(refresh_.next_due(), first_starves_) || reads_.size() <= 1) return false;
    now_ = tick;
    outstanding_ -= completions_.take(tick);
    const bool row_first = !SplitBus && stream_row_.tick == tick && follows_ramulator_ && hit_tick == tick &&
                           is_before(first_miss_[static_cast<std::size_t>(stream_row_.bank)], reads_[hit]);
    bool row_stale = false;
    bool column = true;
    if (active_tick == tick) {
      const StreamedRead read = activated_reads_[active];
      activated_reads_.take(active);
      busy_banks_ &= ~(std::uint64_t{1} << read.bank);
      --active_reads_;
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
    if (SplitBus && row_stale) find_stream_row(tick);
    if ((SplitBus || !column) && stream_row_.tick == tick && reads_.size() > 1) {
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
  /// Says whether that may change the next row command.
  bool read_in_pass(const StreamedRead& read, std::int64_t tick) {
    times_.read_in_streak(static_cast<int>(read.group), tick);
    times_.read_of_rank(times_.rank_of(static_cast<int>(read.bank)), tick);
    note_read(read, tick);
    return (missed_banks_ >> read.bank & 1) != 0 || (!SplitBus && stream_row_.tick < times_.bus(0));
  }
  std::int64_t tick_of_read(const StreamedRead& read, std::int64_t from) const {
    return times_.column_tick(false, static_cast<int>(read.bank), from);
  }
  unsigned first_hit(std::int64_t from) const {
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
  unsigned first_active_read(std::int64_t from) const {
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
  /// Looks for the next row command of the stream, and for how far plain reads may go on.
  void find_stream_row(std::int64_t from) {
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
  void set_stream_limit(std::int64_t from) {
    stream_limit_ = std::min({refresh_.next_due(), first_starves_, stream_row_.tick});
    for (unsigned i = 0; i < activated_reads_.size(); ++i) {
      stream_limit_ = std::min(stream_limit_, tick_of_read(activated_reads_[i], from));
    }
  }
  std::int64_t tick_of_row(const StreamedRead& miss, std::int64_t from) {
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
    if ((touched_ >> bank & 1) != 0) note_stream_read(bank);
    return times_.precharge(bank, times_.precharge_bound(rank, from));
  }
  std::int64_t oldest_hit_stamp(int bank) const {
    unsigned i = 0;
    while (reads_[i].bank != bank || !is_open(reads_[i])) ++i;
    return reads_[i].stamp;
  }

  void move_stream_row(std::int64_t tick) {
    const int bank = stream_row_.bank;
    const StreamedRead miss = first_miss_[static_cast<std::size_t>(bank)];
    if (queue_.open_row(bank) != RequestQueue::kClosed) {
      queue_.close(bank);
      times_.precharged(bank, tick);
      recorder_.closed(bank, tick);
      record(PRE, bank, 0, 0, tick);
      if (hits_of_bank_[miss.bank] > 0) note_waiting_anew(bank);
      return;
    }
    queue_.open(bank, miss.row);
    times_.activated(bank, tick);
    recorder_.opened(bank, tick);
    record(ACT, bank, miss.row, 0, tick);
    busy_banks_ |= std::uint64_t{1} << bank;
    ++active_reads_;
    activated_reads_.add() = miss;
    unsigned i = reads_.size() - 1;
    while (reads_[i].order != miss.order) --i;
    reads_.erase(i);
    note_waiting_anew(bank);
  }
  /// A row has opened or closed: who waits for it, and who for another.
  void note_waiting_anew(int bank) {
    hits_of_bank_[static_cast<std::size_t>(bank)] = 0;
    missed_banks_ &= ~(std::uint64_t{1} << bank);
    for (unsigned i = 0; i < reads_.size(); ++i) {
      if (reads_[i].bank == bank) note_waiting(reads_[i]);
    }
  }

  int bank_of(const MemoryAccess& access) const {
    return (access.rank * banks_per_rank_) + (access.group * banks_per_group_) + access.bank;
  }

  // ---------------------------------------------------------------- what comes next

  /// Brings direction and candidates up to date for commands from `from` on.
  void settle(std::int64_t from) {
    if (refresh_may_start_ && !work_) start_maintenance(from);
    if (active_stale_) find_active(from);
    if (looks_at_queues(from)) choose_direction();
    if (maintenance_stale_ && work_) find_maintenance(from);
    if (!queue_blocked_) {
      if (column_stale_) find_column(from);
      if (open_stale_) find_open(from);
      if (close_stale_) find_close(from);
    }
    if (wants_idleness_) watch_idleness(from);
  }

  /// Whether the controller comes to look at its queues at that tick: the direction is chosen then.
  bool looks_at_queues(std::int64_t tick) const {
    if (queue_blocked_ || (follows_ramulator_ && refresh_.next_due() <= tick)) return false;
    if constexpr (SplitBus) return true;
    if constexpr (TwoStep) {
      if (clocked_.tick != kNever || (owed_ != RequestQueue::kNone && tick >= owed_deadline_)) return false;
    }
    return active_.tick != tick;
  }
  void choose_direction() {
    const int writes = queue_.size(true);
    const int reads = queue_.size(false);
    if (!writing_) {
      if (writes > most_writes_ || (reads == 0 && (writes > 0 || follows_ramulator_))) turn(true);
    } else if ((writes < least_writes_ || writes == 0) && reads != 0) {
      turn(false);
    }
  }
  void turn(bool writing) {
    writing_ = writing;
    column_stale_ = true;
    row_stale();
  }

  void find_active(std::int64_t from) {
    active_stale_ = false;
    active_ = {};
    for (const Activated& activated : activated_) consider_active(activated, from);
  }
  void consider_active(const Activated& activated, std::int64_t from) {
    const std::int64_t tick = times_.column_tick(activated.write, activated.bank, from);
    if (tick > active_.tick) return;
    if (tick < active_.tick || activated.stamp < stamp_of_active_) {
      active_ = {tick, activated.request, activated.bank};
      stamp_of_active_ = activated.stamp;
    }
  }
  void await_data(std::int16_t request, std::int64_t from) {
    const WaitingRequest& waiting = queue_[request];
    activated_.push_back({waiting.stamp, request, static_cast<std::int16_t>(waiting.bank), waiting.write});
    if (!active_stale_) consider_active(activated_.back(), from);
  }

  /// Whether some request waits for so long that it may close a row that others want.
  bool someone_starves(std::int64_t tick) const {
    return settings_.age_cap > 0 && queue_[queue_.oldest(writing_)].stamp + settings_.age_cap <= tick;
  }
  /// Open rows that somebody wants who starves; there, nobody else is served any more. Pre: someone_starves.
  [[gnu::noinline]] std::uint64_t starving_banks(std::uint64_t banks, std::int64_t tick) const {
    std::uint64_t starving = 0;
    BankTimes::for_each(banks & queue_.miss_banks(writing_), [&](int bank) {
      if (queue_[queue_.oldest_miss(writing_, bank)].stamp + settings_.age_cap <= tick) {
        starving |= std::uint64_t{1} << bank;
      }
    });
    return starving;
  }

  void find_column(std::int64_t from) {
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
  void consider_column(int bank, std::int64_t from) {
    if (someone_starves(from) && starving_banks(std::uint64_t{1} << bank, from) != 0) return;
    const std::int64_t tick = times_.column_tick(writing_, bank, from);
    if (tick > column_.tick) return;
    const std::int16_t request = queue_.oldest_hit(writing_, bank);
    if (tick < column_.tick || is_older(request, column_.request)) {
      column_ = {tick, request, static_cast<std::int16_t>(bank)};
    }
  }
  bool is_older(std::int16_t a, std::int16_t b) const {
    return static_cast<std::int32_t>(queue_[a].order - queue_[b].order) < 0;
  }

  /// Of `banks`, the one whose command can start first, the older request before the younger.
  template <class Bound, class Tick, class Order>
  Candidate first_command(std::uint64_t banks, std::int64_t from, Bound bound_of, Tick tick_of, Order order_of) const {
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
        best =
            std::min(best, static_cast<std::uint64_t>(tick - from) << kTickShift |
                               std::uint64_t{order_of(bank) - first} << kBankBits | static_cast<std::uint64_t>(bank));
      });
    }
    if (best == kNoKey) return {};
    const auto bank = static_cast<std::int16_t>(best & (RequestQueue::kMostBanks - 1));
    return {from + static_cast<std::int64_t>(best >> kTickShift), RequestQueue::kNone, bank};
  }
  void find_open(std::int64_t from) {
    open_stale_ = false;
    open_ = {};
    if (TwoStep && owed_ != RequestQueue::kNone) return;
    const std::uint64_t wanted = queue_.miss_banks(writing_) & queue_.closed_banks() & ~blocked_banks_;
    open_ = first_command(
        wanted, from, [&](int rank) { return times_.activate_bound(rank, from); },
        [&](int bank, std::int64_t bound) { return beside_refresh(bank, times_.activate(bank, bound)); },
        [&](int bank) { return queue_.order_of_miss(writing_, bank); });
    if (open_.bank >= 0) open_.request = queue_.oldest_miss(writing_, open_.bank);
  }
  void find_close(std::int64_t from) {
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

  /// An activation that would put the refresh of other banks off comes after it: else a stream of activations could
  /// keep refreshes waiting for ever.
  std::int64_t beside_refresh(int bank, std::int64_t tick) const {
    if (!work_ || maintenance_.bank >= 0 || maintenance_.tick == kNever || tick > maintenance_.tick) return tick;
    const int rank = times_.rank_of(bank);
    if (tick + times_.from_activate_to_refresh(rank == work_->rank) <= maintenance_.tick) return tick;
    return times_.activate(bank, times_.activate_bound(rank, maintenance_.tick + 1));
  }
  void consider_open(int bank, std::int64_t from) {
    if (open_stale_ || (TwoStep && owed_ != RequestQueue::kNone)) return;
    const std::int64_t tick = times_.activate(bank, times_.activate_bound(times_.rank_of(bank), from));
    take_if_better(open_, beside_refresh(bank, tick), bank);
  }
  void consider_close(int bank, std::int64_t from) {
    if (close_stale_ || (busy_banks_ >> bank & 1) != 0) return;
    const std::int64_t allowed = may_close_from(bank, times_.precharge_bound(times_.rank_of(bank), from));
    if (allowed != kNever) take_if_better(close_, times_.precharge(bank, allowed), bank);
  }
  void take_if_better(Candidate& candidate, std::int64_t tick, int bank) {
    if (tick > candidate.tick) return;
    const std::int16_t request = queue_.oldest_miss(writing_, bank);
    if (tick < candidate.tick || is_older(request, candidate.request)) {
      candidate = {tick, request, static_cast<std::int16_t>(bank)};
    }
  }
  /// From when on the open row of a bank may be closed for its oldest miss, as far as those who wait for that row are
  /// concerned.
  std::int64_t may_close_from(int bank, std::int64_t from) const {
    if (settings_.policy == SchedulingPolicy::ramulator2) return from;
    const std::int16_t hit = queue_.oldest_hit(writing_, bank);
    if (hit == RequestQueue::kNone) return from;
    const std::int64_t stamp_of_miss = queue_[queue_.oldest_miss(writing_, bank)].stamp;
    if (follows_ramulator_) return queue_[hit].stamp <= stamp_of_miss ? kNever : from;
    return settings_.age_cap == 0 ? kNever : std::max(from, stamp_of_miss + settings_.age_cap);
  }

  // ---------------------------------------------------------------- commands

  /// One command on the shared bus.
  void issue_one(std::int64_t tick) {
    if constexpr (TwoStep) {
      if (issue_clocked(tick)) return;
      if (times_.bus(tick) > tick) return;
      if (owed_ != RequestQueue::kNone && tick >= owed_deadline_) return finish_activation(tick);
    }
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
    if constexpr (TwoStep) {
      if (owed_ != RequestQueue::kNone) finish_activation(tick);
    }
  }

  /// Says whether that could have changed what the row bus carries at this tick.
  bool issue_column(std::int64_t tick) {
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
  void issue_row(std::int64_t tick) {
    if (work_ && maintenance_.tick == tick) {
      row_stale();
      return maintain(tick);
    }
    if (!queue_blocked_ && std::min(open_.tick, close_.tick) == tick) move_row(tick);
  }

  void access(const Candidate candidate, bool activated, std::int64_t tick) {
    if constexpr (TwoStep) {
      const std::int64_t runs_until = clock_runs_until_[static_cast<std::size_t>(times_.rank_of(candidate.bank))];
      if (tick >= runs_until && clocked_.tick == kNever) return start_clock(candidate, activated, tick);
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
    if constexpr (TwoStep) {
      std::int64_t& runs_until = clock_runs_until_[static_cast<std::size_t>(times_.rank_of(bank))];
      runs_until = std::max(runs_until, tick + (request.write ? write_time_ : read_time_) + clock_runs_on_);
    }
    active_stale_ = column_stale_ = true;
    after_access(bank, activated, closes, tick);
  }

  /// A column command delays the precharge of its bank, and may have been the last to keep it open.
  void after_access(int bank, bool activated, bool closed, std::int64_t tick) {
    if (close_.bank == bank) close_stale_ = true;
    if (((queue_.miss_banks(writing_) & ~blocked_banks_) >> bank & 1) != 0) {
      const std::int64_t from = tick + (SplitBus ? 0 : 1);
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

  bool closes_itself(int bank) const {
    if (settings_.page == PagePolicy::open || (work_ && (work_->banks >> bank & 1) != 0)) return false;
    if (queue_.oldest_hit(false, bank) != RequestQueue::kNone) return false;
    if (queue_.oldest_hit(true, bank) != RequestQueue::kNone || (busy_banks_ >> bank & 1) != 0) return false;
    return settings_.page == PagePolicy::closed || conflicts_[static_cast<std::size_t>(bank)] >= kConflictsToClose;
  }
  void noted_hit(int bank) {
    if (settings_.page != PagePolicy::adaptive) return;
    std::int8_t& conflicts = conflicts_[static_cast<std::size_t>(bank)];
    if (conflicts > 0) --conflicts;
  }
  void noted_conflict(int bank) {
    if (settings_.page != PagePolicy::adaptive) return;
    std::int8_t& conflicts = conflicts_[static_cast<std::size_t>(bank)];
    if (conflicts < kMostConflicts) ++conflicts;
  }

  /// The request for which a row command can start at that tick; kNone where none can.
  std::int16_t row_command(std::int64_t tick) const {
    if (open_.tick != tick) return close_.tick == tick ? close_.request : RequestQueue::kNone;
    return close_.tick == tick && is_older(close_.request, open_.request) ? close_.request : open_.request;
  }
  void move_row(std::int64_t tick) {
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
  void close_row(int bank, std::int64_t tick) {
    noted_conflict(bank);
    queue_.close(bank);
    times_.precharged(bank, tick);
    recorder_.closed(bank, tick);
    record(PRE, bank, 0, 0, tick);
    if (column_.bank == bank) column_stale_ = true;
    consider_open(bank, tick + 1);
  }
  void row_stale() { open_stale_ = close_stale_ = true; }
  /// A row command may delay other ones.
  void row_bus_taken() {
    const std::int64_t free = times_.bus(0);
    open_stale_ |= open_.tick < free;
    close_stale_ |= close_.tick < free;
    shared_bus_taken();
  }
  /// On the one bus, a command may delay every other.
  void shared_bus_taken() {
    if constexpr (!SplitBus) {
      const std::int64_t free = times_.bus(0);
      active_stale_ |= active_.tick < free;
      column_stale_ |= column_.tick < free;
      open_stale_ |= open_.tick < free;
      close_stale_ |= close_.tick < free;
      if (work_) maintenance_stale_ = true;
    }
  }

  void activate(const Candidate& candidate, std::int64_t tick) {
    const WaitingRequest& request = queue_[candidate.request];
    const int bank = candidate.bank;
    queue_.remove(candidate.request);
    queue_.open(bank, request.row);
    times_.activated(bank, tick);
    recorder_.opened(bank, tick);
    record(ACT, bank, request.row, 0, tick);
    busy_banks_ |= std::uint64_t{1} << bank;
    active_reads_ += request.write ? 0 : 1;
    if (refresh_.count_activation(bank)) to_manage_ |= std::uint64_t{1} << bank;
    if constexpr (TwoStep) {
      owed_ = candidate.request;
      owed_deadline_ = tick + activation_deadline_ - (clock_start_ticks_ - 1);  // another command may be on the bus
    } else {
      await_data(candidate.request, tick + 1);
    }
    if (!column_stale_ && (queue_.hit_banks(writing_) >> bank & 1) != 0 && (blocked_banks_ >> bank & 1) == 0) {
      consider_column(bank, tick + 1);
    }
  }

  // ---------------------------------------------------------------- LPDDR: second half of activations, data clock

  void finish_activation(std::int64_t tick) {
    const int bank = queue_[owed_].bank;
    record(ACT2, bank, queue_[owed_].row, 0, tick);
    times_.take_bus(ACT2, tick);
    await_data(owed_, tick + 1);
    owed_ = RequestQueue::kNone;
    active_stale_ = column_stale_ = maintenance_stale_ = true;
    row_stale();
  }

  void start_clock(const Candidate& candidate, bool activated, std::int64_t tick) {
    if (owed_ != RequestQueue::kNone && owed_deadline_ <= tick + clock_start_ticks_) {
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
  bool issue_clocked(std::int64_t tick) {
    if (clocked_.tick == kNever) return false;
    if (clocked_.tick != tick) return true;  // the bus waits for it
    access(clocked_, clocked_activated_, tick);
    clocked_ = {};
    maintenance_stale_ = true;
    row_stale();
    return true;
  }

  // ---------------------------------------------------------------- refresh

  void fall_due(std::int64_t tick) {
    if (power_.state() != PowerState::up) wake_up(tick);
    refresh_.fall_due(tick);
    refresh_may_start_ = true;
    if (!work_) start_maintenance(tick);
    if (work_ && maintenance_stale_) find_maintenance(tick);
  }

  /// Banks that somebody waits for.
  std::uint64_t wanted_banks() const {
    return busy_banks_ | queue_.hit_banks(false) | queue_.miss_banks(false) | queue_.hit_banks(true) |
           queue_.miss_banks(true);
  }

  void start_maintenance(std::int64_t from) {
    refresh_may_start_ = false;
    if (!refresh_.owes() && !pulling_in_ && to_manage_ == 0) return;
    const std::array<int, BankTimes::kMostRanks> order = refresh_.by_urgency();
    if (to_manage_ != 0 && !refresh_.must(order[0])) {
      const int bank = std::countr_zero(to_manage_);
      const MaintenanceWork work = refresh_.management(bank);
      to_manage_ &= ~work.banks;
      return begin(work, from);
    }
    const std::uint64_t busy = wanted_banks();
    for (int i = 0; i < ranks_; ++i) {
      const int rank = order[static_cast<std::size_t>(i)];
      if (const auto work = refresh_.take(rank, busy, pulling_in_ && busy == 0)) return begin(*work, from);
    }
  }
  void begin(const MaintenanceWork& work, std::int64_t from) {
    work_ = work;
    blocked_banks_ = work.banks;
    queue_blocked_ = follows_ramulator_;
    column_stale_ = true;
    row_stale();
    find_maintenance(from);
  }

  void find_maintenance(std::int64_t from) {
    maintenance_stale_ = false;
    if (!queue_blocked_) open_stale_ = true;
    maintenance_ = {};
    if ((busy_banks_ & work_->banks) != 0 || (TwoStep && owed_ != RequestQueue::kNone)) return;
    const std::uint64_t open = recorder_.open_banks() & work_->banks;
    if (open == 0) {
      maintenance_.tick = times_.refresh(work_->command, work_->banks, work_->rank, from);
    } else {
      maintenance_.tick = times_.precharge_all(work_->banks, work_->rank, from);
      maintenance_.bank = static_cast<std::int16_t>(std::countr_zero(open));
    }
  }

  void maintain(std::int64_t tick) {
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

  void close_for_maintenance(std::uint64_t open, std::int64_t tick) {
    const bool one = work_->command == REFpb || work_->command == RFMpb;
    const DramCommand command = one ? PRE : work_->command == REFsb ? PREsb : PREab;
    const int first = std::countr_zero(open);
    if (one) {
      times_.precharged(first, tick);
    } else {
      times_.precharged_all(work_->banks, work_->rank, tick, command);
    }
    BankTimes::for_each(open, [&](int bank) {
      queue_.close(bank);
      recorder_.closed(bank, tick);
    });
    record(command, one ? first : std::countr_zero(work_->banks), 0, 0, tick);
    column_stale_ = true;
    row_stale();
    shared_bus_taken();
  }

  // ---------------------------------------------------------------- idleness

  bool is_idle() const { return queue_.size(false) + queue_.size(true) == 0 && busy_banks_ == 0 && !work_; }

  /// Sets the alarms for what an idle unit does after a while.
  void watch_idleness(std::int64_t from) {
    if (!is_idle()) {
      wake_ = sleep_ = idle_since_ = kNever;
      pulling_in_ = false;
      return;
    }
    if (idle_since_ == kNever) idle_since_ = from;
    if (settings_.postponed > 0 && wake_ == kNever && !pulling_in_) wake_ = from + idle_before_pulling_in_;
    if (sleeps_ && sleep_ == kNever) set_sleep();
  }
  /// The unit looks for refreshes to take ahead; asleep it does not.
  void be_idle(std::int64_t) {
    wake_ = kNever;
    if (!is_idle() || power_.state() != PowerState::up) return;
    pulling_in_ = true;
    refresh_may_start_ = true;
  }

  // ---------------------------------------------------------------- sleep

  /// The tick of the next deeper sleep.
  void set_sleep() {
    if (power_.state() == PowerState::up && settings_.power_down_after > 0) {
      sleep_ = idle_since_ + settings_.power_down_after;
    } else if (power_.state() != PowerState::refreshing_itself && settings_.self_refresh_after > 0) {
      sleep_ = idle_since_ + settings_.self_refresh_after;
    }
    sleep_ = std::max(sleep_, now_ + 1);
  }

  /// Into power-down, or from there on into self-refresh.
  void fall_asleep(std::int64_t tick) {
    sleep_ = kNever;
    if (!is_idle()) return;
    const bool deep = settings_.self_refresh_after > 0 && tick >= idle_since_ + settings_.self_refresh_after;
    if (!deep) {
      sleep_by(PDE, PowerState::down, std::max(tick, power_.power_down_from()));
      return set_sleep();
    }
    if (power_.state() == PowerState::down) wake_up(tick);
    close_all(tick);
    sleep_by(SRE, PowerState::refreshing_itself, std::max(tick, power_.self_refresh_from()));
    refresh_.suspend();
  }
  void sleep_by(DramCommand command, PowerState state, std::int64_t from) {
    for (int rank = 0; rank < ranks_; ++rank) {
      const std::int64_t tick = times_.row_slot(from);
      times_.take_bus(command, tick);
      record(command, rank * banks_per_rank_, 0, 0, tick);
      power_.slept(state, rank, tick);
    }
  }
  void close_all(std::int64_t from) {
    for (int rank = 0; rank < ranks_; ++rank) {
      const std::uint64_t banks = times_.banks_of_rank(rank);
      const std::uint64_t open = recorder_.open_banks() & banks;
      if (open == 0) continue;
      const std::int64_t tick = times_.precharge_all(banks, rank, from);
      times_.precharged_all(banks, rank, tick, PREab);
      BankTimes::for_each(open, [&](int bank) {
        queue_.close(bank);
        recorder_.closed(bank, tick);
      });
      record(PREab, rank * banks_per_rank_, 0, 0, tick);
    }
  }

  /// Every rank, from that tick on; nothing issues until all are up.
  void wake_up(std::int64_t from) {
    const bool deep = power_.state() == PowerState::refreshing_itself;
    std::int64_t last = 0;
    for (int rank = 0; rank < ranks_; ++rank) {
      const std::int64_t tick = times_.row_slot(std::max(from, power_.wakes_from(rank)));
      times_.take_bus(deep ? SRX : PDX, tick);
      record(deep ? SRX : PDX, rank * banks_per_rank_, 0, 0, tick);
      recorder_.slept(rank, deep, power_.since(rank), tick);
      last = tick;
    }
    times_.hold_until(last + power_.wakes_for());
    power_.woke();
    if (deep) refresh_.restart(last);
    active_stale_ = column_stale_ = true;
    row_stale();
  }
  /// Of a unit that sleeps when the run is over.
  void account_for_sleep(std::int64_t end) {
    for (int rank = 0; rank < ranks_; ++rank) {
      recorder_.slept(rank, power_.state() == PowerState::refreshing_itself, power_.since(rank),
                      std::max(end, power_.since(rank)));
    }
  }

  // ---------------------------------------------------------------- requests

  void fill() {
    filled_ = source_.next(accesses_);
    position_ = 0;
  }

  void inject(std::int64_t tick) {
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

  void enter(const MemoryAccess& access, std::int64_t tick) {
    const int bank = bank_of(access);
    recorder_.entered(access.write);
    if (power_.state() != PowerState::up) wake_up(tick + 1);
    if (queue_.size(true) > 0 && queue_.find(true, bank, access.row, access.column) != RequestQueue::kNone) {
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
  void answer_from_queue(bool write, std::int64_t tick) {
    recorder_.answered_from_queue(write);
    if (write) return;
    ++outstanding_;
    completions_.add_forwarded(tick + 1);
    recorder_.read_returned(1);
  }

  void record(DramCommand command, int bank, std::int32_t row, std::int32_t column, std::int64_t tick) {
    const int rank = times_.rank_of(bank);
    recorder_.issued(command, rank);
    if (sleeps_) power_.issued(command, tick);
    if constexpr (Recorded) {
      const int in_rank = bank - rank * banks_per_rank_;
      recorder_.tell({tick, command, static_cast<std::uint8_t>(rank),
                      static_cast<std::uint8_t>(in_rank / banks_per_group_),
                      static_cast<std::uint8_t>(in_rank % banks_per_group_), row, column});
    }
  }

  static constexpr std::size_t kAccesses = 256;  // at a time: few enough for the first-level cache
  static constexpr int kBankBits = 6;
  static constexpr int kTickShift = 38;
  static constexpr std::uint32_t kOrders = std::uint32_t{1} << 31;  // more than requests pass one that waits
  static constexpr std::uint64_t kNoKey = ~std::uint64_t{0};
  static constexpr std::int8_t kMostConflicts = 3;
  static constexpr std::int8_t kConflictsToClose = 2;

  const ControllerSettings& settings_;
  const bool follows_ramulator_;
  const std::int64_t outstanding_limit_;
  const std::size_t read_entries_;
  AccessSource& source_;
  BankTimes times_;
  RequestQueue queue_;
  RefreshSchedule refresh_;
  UnitRecorder recorder_;
  PowerStates power_;
  const bool sleeps_;
  CompletionRing completions_;
  const int banks_per_rank_, banks_per_group_, groups_per_rank_, ranks_;
  const std::int64_t read_time_, write_time_;
  const int most_writes_, least_writes_;  // watermarks
  std::int64_t idle_before_pulling_in_ = 0;

  std::int64_t now_ = 0;
  Candidate active_, column_, open_, close_, maintenance_;
  bool active_stale_ = true, column_stale_ = true, open_stale_ = true, close_stale_ = true, maintenance_stale_ = false;
  bool writing_ = false;

  std::vector<Activated> activated_;  // in the order of their activations
  std::int64_t stamp_of_active_ = 0;
  std::uint64_t busy_banks_ = 0;  // that were opened for a request which has not had its data yet
  int active_reads_ = 0;

  std::optional<MaintenanceWork> work_;
  std::uint64_t blocked_banks_ = 0;  // by the work
  std::uint64_t to_manage_ = 0;
  bool queue_blocked_ = false;
  bool refresh_may_start_ = false;
  bool wants_idleness_ = false;
  bool pulling_in_ = false;
  std::int64_t wake_ = kNever;  // alarm for refreshes ahead of time
  std::int64_t sleep_ = kNever, idle_since_ = kNever;

  static constexpr int kStreak = 2;  // reads in order before a stream is suspected
  static constexpr std::int64_t kMostOutstandingInStream = 4096;
  static constexpr int kLongestStreak = 512;
  static constexpr std::int64_t kReadsPerPass = 4;  // fewer plain reads for each other tick, and it is no stream
  static constexpr std::int64_t kFreePasses = 16;
  int streak_ = kStreak;
  int reads_in_order_ = 0;
  /// A row command of a stream.
  struct StreamRow {
    std::int64_t tick = kNever;
    int bank = -1;
  };
  StreamedReads reads_;  // what waits in a stream
  StreamedReads activated_reads_;
  StreamRow stream_row_;
  std::array<std::uint16_t, RequestQueue::kMostBanks> hits_of_bank_{};
  std::array<StreamedRead, RequestQueue::kMostBanks> first_miss_{};  // of each missed bank, the oldest
  std::uint64_t missed_banks_ = 0;
  std::int64_t first_starves_ = kNever;
  std::int64_t stream_limit_ = 0;  // up to where plain reads may go on
  std::uint64_t touched_ = 0;      // banks whose last read the times do not know
  std::int64_t streamed_ = 0;      // plain reads
  std::int64_t passes_ = 0;        // other ticks
  std::size_t plain_until_ = 0;    // accesses before this one are reads that may enter
  std::array<std::int64_t, RequestQueue::kMostBanks> last_read_{};

  std::array<MemoryAccess, kAccesses> accesses_;
  std::size_t position_ = 0, filled_ = 0;
  std::uint32_t next_order_ = 0;
  std::int64_t outstanding_ = 0;
  std::int64_t last_injection_ = 0;
  std::int64_t arrival_ = 0;  // kNever while the next access waits for something else than its own tick
  bool waits_for_completion_ = false;
  std::array<std::int8_t, RequestQueue::kMostBanks> conflicts_{};

  std::int16_t owed_ = RequestQueue::kNone;  // activated by half
  std::int64_t owed_deadline_ = 0;
  std::int64_t activation_deadline_ = 0, clock_runs_on_ = 0, clock_start_ticks_ = 1;
  std::array<std::int64_t, BankTimes::kMostRanks> clock_runs_until_{};  // the data clock, by rank
  Candidate clocked_;  // waits for the data clock that was started for it
  bool clocked_activated_ = false;
};

template <bool SplitBus, bool TwoStep>
UnitActivity run_engine(const DramDevice& device, const ControllerSettings& settings, const Injection& injection,
                        AccessSource& source, CommandSink* sink) {
  if (sink != nullptr) return Engine<SplitBus, TwoStep, true>(device, settings, injection, source, sink).run();
  return Engine<SplitBus, TwoStep, false>(device, settings, injection, source, sink).run();
}

}  // namespace

UnitActivity simulate_unit(const DramDevice& device, const ControllerSettings& settings, const Injection& injection,
                           AccessSource& source, CommandSink* sink) {
  if (device.data_clock) return run_engine<false, true>(device, settings, injection, source, sink);
  const bool split = device.commands[static_cast<std::size_t>(RD)].bus == CommandBus::column;
  if (split) return run_engine<true, false>(device, settings, injection, source, sink);
  return run_engine<false, false>(device, settings, injection, source, sink);
}

}  // namespace orrery
