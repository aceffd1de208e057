#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "orrery/base/sim_time.h"
#include "orrery/base/wide_integer.h"
#include "orrery/model/step_cost.h"
#include "orrery/serving/request_outcomes.h"
#include "orrery/serving/request_table.h"
#include "orrery/sim/log_histogram.h"

namespace orrery {

/// What bounds an engine's batches, resolved for one model on one server.
struct EngineLimits {
  std::int64_t max_sequences = 0;
  std::int64_t max_batched_tokens = 0;  ///< >= max_sequences
  std::int64_t block_size = 0;
  std::int64_t usable_blocks = 0;   ///< without the null block that vLLM never hands out (V-30)
  std::int64_t context_limit = 0;   ///< longest prompt plus answer
  bool reserve_full_prompt = true;  ///< V-25
};

/// What one replica has done: integers wherever the order of addition could matter.
struct ReplicaTotals {
  std::int64_t busy_ps = 0;
  std::int64_t end_ps = 0;  ///< end of the last step
  std::int64_t steps = 0;
  std::int64_t preemptions = 0;
  std::int64_t recomputed_tokens = 0;
  std::int64_t prefill_tokens = 0;  ///< computed in chunks, recomputation included
  std::int64_t generated_tokens = 0;
  std::int64_t decode_sequence_steps = 0;  ///< sum over steps of decoding requests
  std::int64_t context_token_steps = 0;    ///< sum over steps of cached tokens read by decoding requests
  std::int64_t window_token_steps = 0;
  std::int64_t resident_token_steps = 0;  ///< sum over steps of computed tokens of all running requests
  std::int64_t peak_blocks = 0;
  std::int64_t peak_sequences = 0;
  std::int64_t completed = 0;
  std::int64_t rejected = 0;
  std::int64_t completed_input_tokens = 0;
  std::vector<std::int64_t> steps_by_tokens;     ///< index: tokens of the step
  std::vector<std::int64_t> steps_by_sequences;  ///< index: sequences of the step
  StepWork prefill_work;                         ///< attention of prompt chunks
  LogHistogram token_gaps;                       ///< every gap between successive tokens, ps
  Int128 request_ps = 0;                         ///< integral over time of the requests in the system
};

/// One engine: vLLM V1's continuous batching with chunked prefill, paged KV and preemption by
/// recomputation, without prefix caching, synchronous. Comments name its rules: V-12 token budget and chunks, V-15 and
/// V-16 victims, V-20 no admission after a preemption, V-21 to V-27 admission, V-25 whole prompts reserved, V-30 null
/// block, V-50 preemption, V-51 to V-53 tokens and finishing.
///
/// Time advances from step boundary to step boundary. While nothing can be admitted and nothing
/// finishes, steps differ only by the cached tokens, so a whole run of them is taken in closed form;
/// with `step_by_step` every run has one step. Both give the same integers (StepCost says why).
/// The caller processes arrivals before events of the same time.
/// Source: vLLM v1/core/sched/scheduler.py (00024d3), core/kv_cache_manager.py (003df29).
class Replica {
 public:
  /// The references must outlive the replica; it writes only its own requests' outcomes.
  Replica(const StepCost& cost, const EngineLimits& limits, const RequestTable& requests, RequestOutcomes& outcomes,
          std::uint16_t id, bool step_by_step);

  /// When something next changes: the end of the step or run under way, or the start of one.
  SimTime next_event() const { return SimTime(next_event_ps_); }
  /// Processes the event at next_event().
  void advance();
  /// A request arrives. Pre: its arrival is not before any processed event.
  /// One that can never fit the context or the KV cache is rejected at once.
  void submit(std::uint32_t request);

  std::int64_t unfinished_requests() const { return in_system_; }
  std::int64_t unfinished_prompt_tokens() const { return in_system_prompt_tokens_; }
  const ReplicaTotals& totals() const { return totals_; }
  /// Blocks that no request holds; all of them once everything is finished.
  std::int64_t free_blocks() const { return free_blocks_; }
  /// A step would have ended after the longest time that can be simulated (105 days): the replica stands still.
  bool is_beyond_horizon() const { return beyond_horizon_; }

 private:
  static constexpr std::int32_t kNone = -1;

  /// A running request. While it decodes, its progress follows from the replica's tick.
  struct Slot {
    std::uint32_t request = 0;
    std::int32_t generated = 0;  ///< tokens, at join_tick
    std::int64_t computed = 0;   ///< tokens with KV: now while it prefills, at join_tick while it decodes
    std::int64_t join_tick = 0;
    std::int64_t last_token_ps = 0;  ///< of a resumed request, for the gap over its preemption
    std::int32_t previous = kNone;   ///< in the order of admission
    std::int32_t next = kNone;
    std::int32_t epoch = 0;  ///< outdates heap entries of earlier occupants
    bool decoding = false;
  };
  struct WaitingRequest {
    std::uint32_t request;
    std::int32_t generated;
    std::int64_t last_token_ps;
    bool preempted;
  };
  struct Deadline {
    std::int64_t tick;
    std::int32_t slot;
    std::int32_t epoch;
  };
  /// Slots by the tick at which something happens to them; outdated entries are dropped when met.
  class DeadlineHeap {
   public:
    void push(Deadline deadline);
    void pop();
    bool empty() const { return heap_.empty(); }
    const Deadline& top() const { return heap_.front(); }

   private:
    static bool later(const Deadline& a, const Deadline& b) {
      return a.tick != b.tick ? a.tick > b.tick : a.slot > b.slot;
    }
    std::vector<Deadline> heap_;
  };
  struct Chunk {
    std::int32_t slot;
    std::int64_t tokens;
  };
  /// Steps under way: either one step with prompt chunks, or `steps` decode steps.
  struct Segment {
    std::int64_t start_ps = 0;
    std::int64_t steps = 0;      ///< 0: idle
    std::int64_t first_ps = 0;   ///< duration of the first step
    std::int64_t growth_ps = 0;  ///< each later step takes this much longer
  };

  void schedule(std::int64_t now);
  bool make_room_for_decodes(std::int64_t now, std::int64_t& preempted);
  void continue_partial_prefill(std::int64_t now, std::int64_t& budget, std::int64_t& preempted);
  void admit_waiting(std::int64_t now, std::int64_t budget);
  void begin_segment(std::int64_t now, bool single_step);
  StepCost::PrefillLoad prefill_load() const;
  std::int64_t decode_run_limit();
  std::int64_t blocks_of_run(std::int64_t steps) const;
  std::int64_t steps_until(std::int64_t duration) const;
  std::int64_t duration_of(std::int64_t steps) const;

  void complete_segment(std::int64_t now);
  void complete_chunks(std::int64_t now);
  void join_decoding(std::int32_t slot);
  void leave_decoding(Slot& slot);
  void finish(std::int32_t slot, std::int64_t now);
  void preempt(std::int32_t slot, std::int64_t now);
  void release(std::int32_t slot);

  std::int32_t take_slot();
  std::int64_t current_computed(const Slot& slot) const {
    return slot.decoding ? slot.computed + (tick_ - slot.join_tick) : slot.computed;
  }
  std::int64_t blocks_for(std::int64_t tokens) const { return (tokens + limits_.block_size - 1) / limits_.block_size; }
  std::size_t phase_of(const Slot& slot) const;
  std::size_t phase_due(std::int64_t tick) const;
  bool is_stale(const Deadline& deadline) const;
  void count_in_system(std::int64_t now, std::int64_t change, std::int64_t prompt_tokens);

  const StepCost& cost_;
  const EngineLimits limits_;
  const RequestTable& requests_;
  RequestOutcomes& outcomes_;
  const std::uint16_t id_;
  const bool step_by_step_;

  std::int64_t next_event_ps_ = INT64_MAX;
  bool beyond_horizon_ = false;
  Segment segment_;
  std::vector<Chunk> chunks_;
  std::int64_t tick_ = 0;  ///< steps completed; every decoding request gains a token per tick

  std::vector<Slot> slots_;
  std::vector<std::int32_t> free_slots_;
  std::int32_t first_running_ = kNone;
  std::int32_t last_running_ = kNone;
  std::int64_t running_ = 0;
  std::int32_t partial_ = kNone;  ///< the one request whose prompt is partly computed: always the last
  std::deque<WaitingRequest> waiting_;

  std::int64_t decoding_ = 0;
  std::int64_t context_tokens_ = 0;              ///< sum of computed tokens of decoding requests
  std::int64_t window_tokens_ = 0;               ///< the same, each capped at the window
  std::int64_t unsaturated_ = 0;                 ///< decoding requests shorter than the window
  std::vector<std::int64_t> decoding_by_phase_;  ///< by (computed - tick) modulo block size
  DeadlineHeap finishes_;
  DeadlineHeap saturations_;
  std::int64_t free_blocks_ = 0;

  std::int64_t in_system_ = 0;
  std::int64_t in_system_prompt_tokens_ = 0;
  std::int64_t in_system_since_ps_ = 0;
  ReplicaTotals totals_;
};

}  // namespace orrery
