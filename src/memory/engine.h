#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
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

// The engine behind simulate_unit: its state here, what it does with it in the engine_*.h, one subject each. Only
// unit_engine.cpp includes them.

namespace orrery::engine {

using enum DramCommand;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// What the kind of memory asks of the code.
struct EngineKind {
  bool split_bus = false;  ///< row and column commands on buses of their own
  bool two_step = false;   ///< an activation is two commands, and the data clock must be started (LPDDR)
  bool recorded = false;   ///< a sink wants the commands
};

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

/// The ticks of the commands for one access; kNever: not needed.
struct LoneAccess {
  std::int64_t close = kNever, open = kNever, column = kNever;
};

/// The next change of the power state of a rank.
struct PowerStep {
  std::int64_t tick = kNever;
  DramCommand command = PDE;
  int rank = 0;
};

/// A row command of a stream.
struct StreamRow {
  std::int64_t tick = kNever;
  int bank = -1;
};

/// What comes after some reads of a stream.
enum class AfterReads { pass, end };

/// One unit and its controller.
///
/// Of each kind of command the engine remembers the next one that can issue, and when. What happens in between makes
/// other candidates later, or adds one that is compared; only what may have changed is looked for again.
template <EngineKind Kind>
class Engine {
 public:
  Engine(const DramDevice& device, const ControllerSettings& settings, const Injection& injection, AccessSource& source,
         CommandSink* sink);
  UnitActivity run();

 private:
  // Time
  std::int64_t next_event() const;
  std::int64_t completion_or_never() const { return waits_for_completion_ ? completions_.next() : kNever; }

  bool is_over(std::int64_t tick) const;
  std::int64_t end_tick() const { return std::max(completions_.last(), last_injection_); }

  /// Everything that happens at one tick, in the order of Ramulator's: data returns, refresh falls due, commands
  /// issue, requests enter.
  void pass(std::int64_t tick);

  // One access at a time
  bool may_serve_alone() const;
  /// Accesses that come when nobody waits, and are served before the next one comes: exactly what `pass` would do.
  void serve_alone();
  /// What the controller does of itself before a tick, where nobody waits. False where that goes on until then.
  bool maintain_alone(std::int64_t before);
  LoneAccess plan(const MemoryAccess& access, int bank) const;
  void serve(const MemoryAccess& access, int bank, const LoneAccess& alone);

  // Streams
  /// Reads, most of them of open rows, that enter one for each that returns: what a stream does between refreshes.
  /// Does exactly what `pass` would, on lists that cost less to keep than the queue.
  void stream();

  bool may_stream() const;

  void begin_stream();
  StreamedRead read_of(std::int16_t request) const;
  /// Whether the row of a bank must be changed for this read, and for no older one.
  bool note_waiting(const StreamedRead& read);

  /// Puts the queue into the state in which the stream leaves it, and does the rest of the pass.
  void end_stream();
  static MemoryAccess access_of(const StreamedRead& read) { return {0, read.row, read.column, 0, 0, 0, false}; }
  static bool is_before(const StreamedRead& a, const StreamedRead& b);
  /// Makes up for what the last read of a bank means for others than reads.
  void note_last_read(int bank) { times_.read_before(bank, last_read_[static_cast<std::size_t>(bank)]); }

  /// Reads as early as the data bus allows as long as there are; then a tick that needs a closer look. False where
  /// `pass` must see to it, or to the rest of a tick.
  bool step_of_stream();

  /// Issues reads of open rows, each as early as the data bus allows, lets accesses in for those that return, and,
  /// where row commands have a bus of their own, opens and closes rows.
  AfterReads read_on();

  /// The activated read that goes first at that tick; kNoRead where none may.
  [[gnu::noinline]] unsigned ready_activated(std::int64_t tick) const;
  void forget_activated(unsigned which);

  bool is_open(const StreamedRead& read) const { return queue_.open_row(read.bank) == read.row; }
  unsigned oldest_ready(const StreamedReads::Span& reads, std::int64_t tick) const;
  [[gnu::always_inline]] void note_read(const StreamedRead& read, std::int64_t tick);
  /// Whether a read needs the data clock started first, or leaves its rank idle, which then can be refreshed.
  [[gnu::always_inline]] bool is_for_pass(const StreamedRead& read, std::int64_t tick) const;

  /// Accesses enter at the end of a tick. False where something else than a read is next, or nothing.
  [[gnu::always_inline]] bool let_stream_in(StreamedReads::Span& reads, std::int64_t tick, bool& row_stale);
  /// Whether the next access is a read that may enter at `tick`; how many there are in a row.
  [[gnu::noinline]] bool find_plain_reads(std::int64_t tick);

  /// A tick with commands that are no plain reads of the stream, or some idle time before.
  bool pass_of_stream();
  /// Says whether that may change the next row command.
  bool read_in_pass(const StreamedRead& read, std::int64_t tick);
  std::int64_t tick_of_read(const StreamedRead& read, std::int64_t from) const;
  unsigned first_hit(std::int64_t from) const;
  unsigned first_active_read(std::int64_t from) const;
  /// Looks for the next row command of the stream, and for how far plain reads may go on.
  void find_stream_row(std::int64_t from);
  void set_stream_limit(std::int64_t from);
  std::int64_t tick_of_row(const StreamedRead& miss, std::int64_t from);
  std::int64_t oldest_hit_stamp(int bank) const;

  /// The row command of a tick at which reads go on, if there is one.
  bool move_rows_beside_reads(std::int64_t tick, bool row_stale);
  void move_stream_row(std::int64_t tick);
  /// A row has opened or closed: who waits for it, and who for another.
  void note_waiting_anew(int bank);

  int bank_of(const MemoryAccess& access) const;

  // What comes next
  /// Brings direction and candidates up to date for commands from `from` on.
  void settle(std::int64_t from);

  /// Whether the controller comes to look at its queues at that tick: the direction is chosen then.
  bool looks_at_queues(std::int64_t tick) const;
  void choose_direction();
  void turn(bool writing);

  void find_active(std::int64_t from);
  void consider_active(const Activated& activated, std::int64_t from);
  void await_data(std::int16_t request, std::int64_t from);

  /// Whether some request waits for so long that it may close a row that others want.
  bool someone_starves(std::int64_t tick) const;
  /// Open rows that somebody wants who starves; there, nobody else is served any more. Pre: someone_starves.
  [[gnu::noinline]] std::uint64_t starving_banks(std::uint64_t banks, std::int64_t tick) const;

  void find_column(std::int64_t from);
  void consider_column(int bank, std::int64_t from);
  bool is_older(std::int16_t a, std::int16_t b) const;

  /// Of `banks`, the one whose command can start first, the older request before the younger.
  template <class Bound, class Tick, class Order>
  Candidate first_command(std::uint64_t banks, std::int64_t from, Bound bound_of, Tick tick_of, Order order_of) const;
  void find_open(std::int64_t from);
  void find_close(std::int64_t from);

  void consider_open(int bank, std::int64_t from);
  /// An activation must not put off a refresh that could come, or many would put it off for ever.
  std::int64_t opening_tick(int bank, std::int64_t bound) const;
  void consider_close(int bank, std::int64_t from);
  void take_if_better(Candidate& candidate, std::int64_t tick, int bank);
  /// From when on the open row of a bank may be closed for its oldest miss, as far as those who wait for that row are
  /// concerned.
  std::int64_t may_close_from(int bank, std::int64_t from) const;

  // Commands
  /// One command on the shared bus.
  void issue_one(std::int64_t tick);

  /// Says whether that could have changed what the row bus carries at this tick.
  bool issue_column(std::int64_t tick);
  void issue_row(std::int64_t tick);

  void access(const Candidate candidate, bool activated, std::int64_t tick);

  /// A column command delays the precharge of its bank, and may have been the last to keep it open.
  void after_access(int bank, bool activated, bool closed, std::int64_t tick);

  bool closes_itself(int bank) const;
  void noted_hit(int bank);
  void noted_conflict(int bank);

  /// The request for which a row command can start at that tick; kNone where none can.
  std::int16_t row_command(std::int64_t tick) const;
  void move_row(std::int64_t tick);
  void close_row(int bank, std::int64_t tick);
  /// The commands themselves, with what banks and books make of them; the queue is told by the caller.
  void issue_precharge(int bank, std::int64_t tick);
  void issue_activation(int bank, std::int32_t row, std::int64_t tick);
  void row_stale() { open_stale_ = close_stale_ = true; }
  /// A row command may delay other ones.
  void row_bus_taken();
  /// On the one bus, a command may delay every other.
  void shared_bus_taken();

  void activate(const Candidate& candidate, std::int64_t tick);

  // LPDDR: second half of activations, data clock
  /// Whether any other command now would make the second half late.
  bool must_finish_activation(std::int64_t tick) const { return tick + longest_command_ > owed_deadline_; }
  void finish_activation(std::int64_t tick);

  void start_clock(const Candidate& candidate, bool activated, std::int64_t tick);
  bool issue_clocked(std::int64_t tick);
  void keep_clock_running(int rank, std::int64_t until) {
    std::int64_t& end = clock_runs_until_[static_cast<std::size_t>(rank)];
    end = std::max(end, until + clock_runs_on_);
  }

  // Refresh
  void fall_due(std::int64_t tick);

  /// Banks that somebody waits for.
  std::uint64_t wanted_banks() const;

  void start_maintenance(std::int64_t from);
  void begin(const MaintenanceWork& work, std::int64_t from);

  void find_maintenance(std::int64_t from);

  void maintain(std::int64_t tick);

  /// The open rows among some banks of a rank, by one command to all of them.
  void close_rows(DramCommand command, std::uint64_t banks, int rank, std::int64_t tick);
  bool is_one_bank() const { return work_->command == REFpb || work_->command == RFMpb; }
  void close_for_maintenance(std::uint64_t open, std::int64_t tick);

  // Idleness
  bool is_idle() const { return queue_.size(false) + queue_.size(true) == 0 && busy_banks_ == 0 && !work_; }

  /// Sets the alarm for what an idle unit does after a while.
  void watch_idleness(std::int64_t from);
  void be_idle();

  /// What the ranks should be, for want of anything to do.
  PowerState wanted_power(std::int64_t from);
  void find_power_step(std::int64_t from);
  void change_power(std::int64_t tick);

  // Requests
  void fill();

  void inject(std::int64_t tick);

  void enter(const MemoryAccess& access, std::int64_t tick);
  void answer_from_queue(bool write, std::int64_t tick);

  void record(DramCommand command, int bank, std::int32_t row, std::int32_t column, std::int64_t tick);

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
  PowerStates power_;
  UnitRecorder recorder_;
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
  std::int64_t wake_ = kNever;
  PowerStep power_step_;
  std::int64_t power_alarm_ = kNever;  // when the unit has been idle for long enough
  std::int64_t idle_since_ = kNever;
  std::int64_t first_power_change_ = kNever;  // idle ticks

  static constexpr int kStreak = 2;  // reads in order before a stream is suspected
  static constexpr std::int64_t kMostOutstandingInStream = 4096;
  static constexpr int kLongestStreak = 512;
  static constexpr std::int64_t kReadsPerPass = 4;  // fewer plain reads for each other tick, and it is no stream
  static constexpr std::int64_t kFreePasses = 16;
  int streak_ = kStreak;
  int reads_in_order_ = 0;
  StreamedReads reads_;  // what waits in a stream
  StreamedReads activated_reads_;
  static constexpr unsigned kNoRead = ~0U;
  StreamRow stream_row_;
  std::array<std::uint16_t, RequestQueue::kMostBanks> hits_of_bank_{};
  std::array<StreamedRead, RequestQueue::kMostBanks> first_miss_{};    // of each missed bank, the oldest
  std::array<std::int32_t, BankTimes::kMostRanks> waiting_of_rank_{};  // activated ones too
  bool rank_may_idle_ = false;                                         // and some rank owes a refresh
  std::uint64_t missed_banks_ = 0;
  std::int64_t first_starves_ = kNever;
  std::int64_t stream_limit_ = 0;                                   // up to where reads may go on
  std::int64_t active_from_ = 0;                                    // no activated read can start before
  std::int64_t streamed_ = 0;                                       // plain reads
  std::int64_t passes_ = 0;                                         // other ticks
  std::size_t plain_until_ = 0;                                     // accesses before this one are reads that may enter
  std::array<std::int64_t, RequestQueue::kMostBanks> last_read_{};  // in any stream, by bank

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
  std::int64_t activation_deadline_ = 0, clock_runs_on_ = 0;
  std::int32_t clock_start_ticks_ = 1, longest_command_ = 1;
  std::array<std::int64_t, BankTimes::kMostRanks> clock_runs_until_{};
  Candidate clocked_;  // waits for the data clock that was started for it
  bool clocked_activated_ = false;
};

}  // namespace orrery::engine
