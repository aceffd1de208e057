#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <unordered_map>
#include <vector>

#include "orrery/base/sim_time.h"
#include "orrery/base/wide_integer.h"
#include "orrery/model/adapter_cost.h"
#include "orrery/model/step_cost.h"
#include "orrery/serving/decode_batch.h"
#include "orrery/serving/handover.h"
#include "orrery/serving/kv_blocks.h"
#include "orrery/serving/policies/batch_policy.h"
#include "orrery/serving/prefix_tree.h"
#include "orrery/serving/request_outcomes.h"
#include "orrery/serving/request_table.h"
#include "orrery/serving/speculation.h"
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
  bool prefix_caching = false;
  bool async_scheduling = false;                  ///< V-61: a step is scheduled when the one before it starts
  std::int64_t long_prefill_token_threshold = 0;  ///< most tokens of one request in a step (V-12); 0: no such limit
  std::int64_t max_adapters = 0;                  ///< distinct ones of a step (V-22); 0: requests have none
  std::int64_t draft_tokens = 0;                  ///< of a sequence in a step (V-80); 0: no speculation
  bool chunked_prefill = true;                    ///< V-24; without, none is longer than max_batched_tokens
  BatchRules rules = {};
  bool by_priority = false;  ///< V-02, V-15: requests of a lower number first, where they have one

  /// Blocks that an admission leaves free.
  std::int64_t watermark_blocks() const {
    return static_cast<std::int64_t>(rules.watermark * static_cast<double>(usable_blocks));
  }
};

/// Whether an engine could serve such a request with no other beside it. With speculation the last token but one may
/// have all its drafts, and a drafter that looks as far ahead again.
inline bool could_ever_serve(const EngineLimits& limits, std::int64_t prompt, std::int64_t answer) {
  const std::int64_t longest = prompt + answer;
  const std::int64_t tokens =
      std::max(longest - 1, std::min(longest - 1 + 2 * limits.draft_tokens, limits.context_limit));
  const std::int64_t blocks = (tokens + limits.block_size - 1) / limits.block_size;
  // What is computed in one step: the prompt, and after a preemption the answer so far.
  const std::int64_t whole = limits.rules.reservation == Reservation::answer ? prompt : longest - 1;
  if (!limits.chunked_prefill && whole > limits.max_batched_tokens) return false;
  // An estimate of answers asks for more than there is to store.
  if (limits.rules.reservation == Reservation::estimate && longest >= limits.usable_blocks * limits.block_size) {
    return false;
  }
  return longest <= limits.context_limit && blocks + limits.watermark_blocks() <= limits.usable_blocks;
}

/// What one replica has done: integers wherever the order of addition could matter.
struct ReplicaTotals {
  std::int64_t busy_ps = 0;
  std::int64_t end_ps = 0;  ///< end of the last step
  std::int64_t steps = 0;
  std::int64_t preemptions = 0;
  std::int64_t recomputed_tokens = 0;  ///< of preempted requests, when they are admitted again: those not found cached
  std::int64_t hit_tokens = 0;         ///< found cached when a request is admitted for the first time
  std::int64_t evicted_blocks = 0;     ///< cached blocks handed out again
  std::int64_t prefill_tokens = 0;     ///< computed in chunks, recomputation included
  std::int64_t generated_tokens = 0;
  std::int64_t decode_sequence_steps = 0;  ///< sum over steps of decoding requests
  std::int64_t context_token_steps = 0;    ///< sum over steps of cached tokens read by decoding requests
  std::int64_t window_token_steps = 0;
  std::int64_t resident_token_steps = 0;  ///< sum over steps of computed tokens of the requests of the step
  std::int64_t peak_blocks = 0;
  std::int64_t peak_sequences = 0;
  std::int64_t completed = 0;
  std::int64_t rejected = 0;
  std::int64_t failed = 0;         ///< requests whose clients gave up
  std::int64_t failed_tokens = 0;  ///< of generated_tokens: those of failed requests
  std::int64_t completed_input_tokens = 0;
  std::vector<std::int64_t> steps_by_tokens;  ///< index: tokens of the step
  /// Index: tokens that the step computes, padding included. Of lanes in lock step; empty for all others.
  std::vector<std::int64_t> steps_by_padded_tokens;
  std::vector<std::int64_t> steps_by_sequences;  ///< index: sequences of the step
  StepWork prefill_work;                         ///< attention of prompt chunks
  std::int64_t adapter_steps = 0;                ///< sum over steps of distinct adapters
  std::int64_t adapted_tokens = 0;               ///< tokens of steps with adapters
  std::int64_t drafted_tokens = 0;               ///< scheduled to be verified
  std::int64_t accepted_tokens = 0;              ///< of these, also beyond the end of an answer
  std::int64_t verifications = 0;                ///< sequences of steps with at least one draft
  StepWork speculation_work;                     ///< the drafter's, and that of the drafts' logits
  LogHistogram token_gaps;                       ///< every gap between successive tokens, ps
  Int128 request_ps = 0;                         ///< integral over time of the requests in the system
};

/// One engine: vLLM V1's continuous batching with chunked prefill, paged KV, preemption by recomputation,
/// prefix caching, and synchronous or asynchronous scheduling. Comments name its rules: V-02 queue, V-11 requests whose
/// last token is on its way, V-12 token budget and chunks, V-15 and V-16 victims, V-20 no admission after a
/// preemption, V-21 to V-27 admission, V-25 whole prompts reserved, V-30 null block, V-42 registration when a step is
/// scheduled, V-50 preemption, V-51 to V-53 tokens and finishing, V-54 clients that give up, V-61 to V-64 asynchronous
/// scheduling.
///
/// Time advances from one scheduling to the next. While nothing can be admitted and nothing finishes, steps differ only
/// by the cached tokens, so a whole run of them, a segment, is taken in closed form; with `step_by_step` every
/// segment has one step. Both give the same integers (StepCost says why).
/// Synchronously, a segment is scheduled when the step before it ends. Asynchronously, its first step is scheduled
/// when the step before it starts, so that one step is always under way whose tokens are not known yet.
/// The caller processes arrivals before events of the same time.
/// Source: vLLM v1/core/sched/scheduler.py (00024d3), sched/async_scheduler.py (014b235), core/kv_cache_manager.py
/// (003df29).
class Replica {
 public:
  /// The references must outlive the replica; it writes only its own requests' outcomes.
  /// Pre: `prefixes` is not null where the limits ask for prefix caching.
  /// With a `handover`, the replica is one half of a pool that computes prompts and answers apart.
  Replica(const StepCost& cost, const EngineLimits& limits, const RequestTable& requests, const PrefixTree* prefixes,
          RequestOutcomes& outcomes, std::uint16_t id, bool step_by_step, Handover* handover = nullptr);

  /// When something next changes: a step is to be scheduled, or the last one ends.
  SimTime next_event() const { return SimTime(next_event_ps_); }
  /// Processes the event at next_event().
  void advance();
  /// A request arrives. Pre: its arrival is not before any processed event.
  /// One that can never fit the context or the KV cache is rejected at once.
  void submit(std::uint32_t request);

  /// Decodes speculatively from now on. Pre: nothing was submitted, scheduling is synchronous, and the limits know of
  /// it; `speculation` outlives the replica.
  void speculate(const Speculation& speculation);

  /// Its requests have adapters. Pre: nothing was submitted, the limits know of it, and it is not half of a pool;
  /// `cost` outlives the replica.
  void use_adapters(const AdapterCost& cost);

  // replica_handover.cpp, for halves of a pool. As for arrivals: no event before `now` is left to process.
  /// Prefill (V-90): the blocks held of a finished request were fetched; they are free at the next step boundary.
  void acknowledge(std::uint32_t request, SimTime now);
  /// Decode (V-92): the prompt of a request whose blocks were reserved is there; it is noticed at the next step
  /// boundary. `last_token_ps` is the time of its first token where that was given, or RequestOutcomes::kUnset.
  void receive(std::uint32_t request, SimTime now, std::int64_t last_token_ps);

  /// What LockStep takes apart that advance() does in one: the events of a time, the choice of the next step's requests
  /// (whether there are any), its time without kernels that the lanes share, and its start, or waiting for requests. A
  /// lane that has chosen none takes part in the step nevertheless.
  void settle(std::int64_t now);
  bool select(std::int64_t now);
  struct StepTime {
    std::int64_t tokens = 0;
    std::int64_t own_ps = 0;
    std::int64_t growth_ps = 0;  ///< each later step takes this much longer, while nothing changes
  };
  StepTime time_of_step();
  void begin_common_step(std::int64_t now, std::int64_t duration, std::int64_t tokens);
  void stand_by();

  std::int64_t unfinished_requests() const { return in_system_; }
  std::int64_t unfinished_prompt_tokens() const { return in_system_prompt_tokens_; }
  const ReplicaTotals& totals() const { return totals_; }
  /// Blocks that no request holds; all of them once everything is finished.
  std::int64_t free_blocks() const { return blocks_.free(); }
  /// A step would have ended after the longest time that can be simulated (105 days): the replica stands still.
  bool is_beyond_horizon() const { return beyond_horizon_; }

 private:
  static constexpr std::int32_t kNone = -1;

  enum class SlotState : std::uint8_t {
    computing,    ///< its prompt, or all that it lost by a preemption
    decoding,     ///< a member of the decode batch
    speculating,  ///< decoding, with drafts to verify
    starved,      ///< a decoding request that got no token (only with a threshold, or priorities)
    ending,       ///< its last token is on its way (V-11)
    padding,      ///< a member of the decode batch whose answer is complete, of a batch that is not
  };
  /// A running request. While it decodes, its progress is that of the decode batch.
  struct Slot {
    std::uint32_t request = 0;
    std::int32_t generated = 0;      ///< tokens, those of the step under way included; when it joined the batch
    std::int64_t computed = 0;       ///< tokens with KV; when it joined the batch
    std::int64_t last_token_ps = 0;  ///< of a resumed or starved request, for the gap until its next token
    std::int64_t admission = 0;      ///< its number in the order of admission
    std::int32_t previous = kNone;   ///< in the order of admission
    std::int32_t next = kNone;
    SlotState state = SlotState::computing;
  };
  struct WaitingRequest {
    std::uint32_t request;
    std::int32_t generated;
    std::int64_t last_token_ps;
    std::uint32_t own_segment;
    bool preempted;
  };
  struct Chunk {
    std::int32_t slot;
    std::int64_t tokens;
  };
  /// Requests that decode, and when their last token came.
  struct Pause {
    std::int64_t since_ps;
    std::int64_t requests;
  };
  struct LateToken {
    std::int32_t slot;
    std::int64_t last_token_ps;  ///< RequestOutcomes::kUnset: it is its request's first here, and ends no gap
  };
  /// A finished request whose blocks are held for others to fetch.
  struct HeldBlocks {
    std::int64_t blocks;
    KvBlocks::Holding holding;
  };
  /// A request that is not running, but has its blocks: its prompt comes from outside.
  struct RemoteRequest {
    std::uint32_t request;
    bool is_there;
    std::int64_t last_token_ps;
    KvBlocks::Holding holding;
  };
  struct GiveUp {
    std::int64_t time;
    std::uint32_t request;
  };
  /// A request that the end of a step changes: it has ended, or it is starved and its last token is known.
  struct Update {
    std::int64_t admission;
    std::int32_t slot;  ///< kNone: it was preempted while its last token was on its way
    std::uint32_t request;
  };
  /// The blocks of a request before `end` are full at a tick.
  struct Registration {
    std::int64_t tick;
    std::int64_t admission;
    std::int32_t slot;
    std::int64_t end;
  };
  /// What a step with drafts holds.
  struct VerifyLoad {
    std::int64_t tokens = 0;
    std::int64_t verifying = 0;  ///< sequences
    std::int64_t drafts = 0;
    std::int64_t context_tokens = 0;  ///< of the sequences, drafts included
    std::int64_t window_tokens = 0;
    std::int64_t draft_window_tokens = 0;  ///< the same for the drafter's window
  };
  /// Steps that are scheduled: either one, or a run of decode steps.
  struct Segment {
    std::int64_t start_ps = 0;
    std::int64_t steps = 0;      ///< 0: none
    std::int64_t first_ps = 0;   ///< duration of the first step
    std::int64_t growth_ps = 0;  ///< each later step takes this much longer
  };

  // replica_schedule.cpp: which requests a step serves
  void schedule(std::int64_t now);
  void schedule_running();
  bool plan_running(std::int64_t& blocks);
  void walk_running();
  bool serve_in_turn(std::int32_t slot);
  bool begin_chunk(const Chunk& chunk);
  void starve(std::int32_t slot);
  void preempt(std::int32_t slot, std::int64_t taken_back = 0);
  void register_running();
  void register_tokens(std::int32_t slot, std::int64_t tokens);
  void register_answers(std::int64_t until_tick);
  void admit_in_order(std::int64_t now);
  void admit(std::int64_t now, std::int64_t cached, std::int64_t tokens);
  bool head_may_be_admitted_soon() const;
  std::int32_t take_slot();
  void drop_slot(std::int32_t slot);
  void give_back_blocks(std::int32_t slot, std::int64_t registered, bool comes_back);

  // replica_priority.cpp: requests that are served before others
  bool comes_before_head(std::uint32_t request) const;
  void enqueue(const WaitingRequest& request);
  void take_next_level();
  void walk_by_priority();
  std::int64_t make_room(std::int32_t slot, std::int64_t blocks, std::vector<std::int32_t>& passed);
  std::int32_t least_important() const;
  std::int64_t take_back(std::int32_t slot);
  void register_served(std::int32_t slot);

  // replica_adapters.cpp: adapters of requests
  void count_adapter(std::uint32_t request, std::int32_t change);
  bool lacks_adapter(std::uint32_t request) const;
  void set_head_aside();
  void return_set_aside();
  std::int64_t adapters_ps(std::int64_t tokens);
  void count_adapters(std::int64_t tokens, std::int64_t steps);

  // replica_speculation.cpp: drafts and what becomes of them
  std::int64_t tokens_to_verify(const Slot& slot) const;
  std::int64_t blocks_to_look_ahead(std::int32_t slot, std::int64_t tokens) const;
  void hold(std::int32_t slot, std::int64_t blocks);
  std::int64_t speculative_step_ps();
  std::int64_t later_passes_ps();
  void count_speculation();
  void commit_verified();
  void deliver(Slot& slot, std::int64_t tokens);

  // replica_batches.cpp: what engines do differently
  std::int64_t target_of(const Slot& slot) const;
  std::int64_t promise_of(const Slot& slot) const;
  std::int64_t blocks_to_admit(const WaitingRequest& head, std::int64_t first_tokens) const;
  std::int64_t blocks_of_batch(std::int64_t longest_answer) const;
  bool next_could_be_admitted(std::uint32_t request) const;
  bool tries_next_step() const;
  bool batch_is_closed() const { return rules_.whole_batches && running_ > 0; }
  void pad(std::int32_t slot);
  void end_batch_if_done();
  void note_segment(std::int64_t steps);

  // replica_estimates.cpp: engines that estimate answers
  bool estimates_answers() const { return rules_.reservation == Reservation::estimate; }
  void schedule_prompts_first(std::int64_t now);
  bool tries_again();
  std::int64_t expected_answer(std::uint32_t request, std::int64_t generated) const;
  std::int64_t generated_of(std::int32_t slot) const;
  bool fits_estimate(const WaitingRequest& head, std::int64_t to_compute, std::int64_t idle_hits) const;
  void retract();
  void retract(std::int32_t slot);
  bool comes_before(std::int32_t slot, std::int32_t other) const;
  void note_pause();
  std::int64_t last_token_of(const Slot& slot) const;
  void leave_pause(const Slot& slot);
  void end_pause(std::int64_t first_step_end_ps);

  // replica_handover.cpp: requests of which another engine computes a part
  bool is_half(Handover::Half half) const { return handover_ != nullptr && handover_->half == half; }
  void wake(std::int64_t now);
  void hold_blocks(std::int32_t slot);
  void free_acknowledged();
  bool start_over(std::int32_t slot);
  bool reserve_remote(std::int64_t now);
  void admit_received(std::int64_t now);
  void admit_received(std::int64_t now, RemoteRequest& remote);

  // replica_abort.cpp: clients that give up
  void expect_give_up(std::uint32_t request);
  std::int64_t next_give_up();
  void stop_at_give_up();
  void abort_given_up(std::int64_t now);
  void let_go(std::uint32_t request, std::int64_t now);
  void fail(std::uint32_t request, std::int64_t now);
  void drop_gone_heads();

  // replica.cpp: time, arrivals, and what steps leave behind
  void begin_segment(std::int64_t now);
  std::int64_t steps_until(std::int64_t duration) const;
  std::int64_t scheduled_before(std::int64_t time) const;
  std::int64_t duration_of(std::int64_t steps) const {
    return static_cast<std::int64_t>(sum_of_ramp(segment_.first_ps, segment_.growth_ps, steps));
  }
  void note_peaks();
  void commit_segment();
  void count_segment(std::int64_t steps);
  void commit_chunks();
  void join_decoding(std::int32_t slot);
  std::int64_t leave_decoding(std::int32_t slot);
  void end_soon(std::int32_t slot);
  void end_step(std::int64_t now);
  void finish(const Update& update, std::int64_t now);
  void count_in_system(std::int64_t now, std::int64_t change, std::int64_t prompt_tokens);

  Slot& at(std::int32_t slot) { return slots_[static_cast<std::size_t>(slot)]; }
  const Slot& at(std::int32_t slot) const { return slots_[static_cast<std::size_t>(slot)]; }
  KvBlocks::Holding& holding_of(std::int32_t slot) { return holdings_[static_cast<std::size_t>(slot)]; }
  const KvBlocks::Holding& holding_of(std::int32_t slot) const { return holdings_[static_cast<std::size_t>(slot)]; }
  std::int64_t blocks_for(std::int64_t tokens) const { return (tokens + limits_.block_size - 1) / limits_.block_size; }
  /// V-42: the tokens of a chunk's request that are computed when the step is over whatever is drafted.
  std::int64_t certain_tokens(const Chunk& chunk) const {
    const Slot& slot = at(chunk.slot);
    return slot.state == SlotState::speculating ? slot.computed - chunk.tokens + 1 : slot.computed;
  }
  /// Tokens that are to be scheduled of a request that is not in the decode batch.
  std::int64_t wanted_tokens(const Slot& slot) const {
    return slot.state == SlotState::speculating ? tokens_to_verify(slot) : left_to_compute(slot);
  }
  /// Blocks of a request that is not in the decode batch.
  std::int64_t blocks_of(std::int32_t slot) const {
    return speculation_ != nullptr ? blocks_held_[static_cast<std::size_t>(slot)] : blocks_for(at(slot).computed);
  }
  /// Blocks to take for more tokens of a running request. Pre: `computed` are its computed tokens.
  std::int64_t more_blocks(std::int32_t slot, std::int64_t computed, std::int64_t tokens) const {
    if (speculation_ != nullptr) return blocks_to_look_ahead(slot, tokens);
    return blocks_for(computed + tokens) - blocks_for(computed);
  }
  /// Tokens of a decoding request that are computed and not known: of a step of prompts only, those of the requests
  /// that joined with it.
  std::int64_t in_flight_of(const Slot& slot) const {
    if (!estimates_answers()) return lead_;
    if (!is_under_way_ || in_flight_ > 0) return is_under_way_ ? in_flight_ : 0;
    return slot.last_token_ps == last_step_end_ps_ ? 1 : 0;
  }
  /// Blocks that are neither taken nor promised.
  std::int64_t unpromised_blocks() const { return blocks_.free() - promised_; }
  /// Tokens that are still to compute before the next one comes out. Pre: not in the decode batch.
  std::int64_t left_to_compute(const Slot& slot) const {
    return requests_.input_tokens[slot.request] + slot.generated - slot.computed;
  }

  const StepCost& cost_;
  const EngineLimits limits_;
  const RequestTable& requests_;
  const PrefixTree* prefixes_;
  RequestOutcomes& outcomes_;
  const BatchRules rules_;
  const bool is_plain_;  ///< the rules are vLLM's: asked first, so that they cost nothing more
  const std::int64_t watermark_;
  const std::uint16_t id_;
  const bool step_by_step_;
  const bool clients_give_up_;
  const bool by_priority_;
  const std::int64_t chunk_limit_;
  /// Steps of a segment that are still to run when the next one is scheduled, and tokens of a decoding request that are
  /// computed and not known: 1 if asynchronous.
  const std::int64_t lead_;
  /// Tokens of a decoding request in the step under way: 0 if that is one of prompts only.
  std::int64_t in_flight_;

  std::int64_t next_event_ps_ = INT64_MAX;
  bool beyond_horizon_ = false;
  Segment segment_;
  bool is_under_way_ = false;          ///< asynchronous: a step before the segment is running
  std::int64_t last_step_end_ps_ = 0;  ///< of the last step before the segment
  std::vector<Chunk> chunks_;          ///< of the segment
  StepCost::PrefillLoad prefill_;      ///< of these chunks
  std::vector<LateToken> late_;        ///< of requests that were starved before the segment, or received
  std::vector<Update> updates_;        ///< at the end of the last step before the segment

  std::int64_t budget_ = 0;       ///< tokens left for the step being scheduled
  std::int64_t promised_ = 0;     ///< free blocks that are kept for running requests
  std::int64_t padding_ = 0;      ///< members of the decode batch whose answers are complete
  std::int64_t answer_share_;     ///< of what answers may still take, in parts of AnswerEstimate::kWhole
  std::int64_t pass_tokens_ = 0;  ///< expected of the answers whose prompts are in the step being scheduled
  bool is_full_ = false;          ///< nobody is admitted until a request has left
  bool has_shrunk_ = false;       ///< a request has left since the last step of decoding
  bool is_paused_ = false;        ///< the decode batch has no part in the segment
  std::vector<Pause> pauses_;     ///< of the decode batch while it is paused
  std::int64_t preempted_ = 0;    ///< requests, in the step being scheduled
  bool head_is_blocked_ = false;  ///< by lack of free blocks, or of tokens for a prompt that must be whole

  DecodeBatch decodes_;
  KvBlocks blocks_;
  std::vector<Slot> slots_;
  std::vector<KvBlocks::Holding> holdings_;  ///< by slot, with prefix caching
  std::vector<std::int32_t> free_slots_;
  std::int32_t first_running_ = kNone;
  std::int32_t last_running_ = kNone;
  std::int64_t running_ = 0;
  std::int64_t admissions_ = 0;
  std::vector<std::int32_t> computing_;  ///< computing or starved, in the order of admission
  std::deque<WaitingRequest> waiting_;   ///< the head is alive; others may have failed
  /// By priority: those that wait behind all of waiting_, which are of one priority. None where that is empty.
  std::map<std::int32_t, std::deque<WaitingRequest>> later_levels_;
  std::vector<GiveUp> give_ups_;  ///< heap by time; of requests that have ended as well
  std::unordered_map<std::uint32_t, std::int32_t> running_slots_;  ///< by request, where clients give up
  std::vector<Registration> registrations_;                        ///< being collected

  const AdapterCost* adapter_cost_ = nullptr;
  std::vector<std::int32_t> running_by_adapter_;  ///< requests that steps serve
  std::int64_t distinct_adapters_ = 0;            ///< of these requests
  std::int64_t step_adapters_ = 0;                ///< the same, of the segment
  std::vector<WaitingRequest> set_aside_;         ///< in the step being scheduled

  const Speculation* speculation_ = nullptr;
  std::vector<std::int64_t> blocks_held_;  ///< by slot, with speculation: rejected drafts keep theirs
  VerifyLoad verify_;                      ///< of the segment
  StepWork draft_work_;                    ///< of the segment
  std::vector<std::int64_t> contexts_;     ///< being collected

  Handover* const handover_;
  std::unordered_map<std::uint32_t, HeldBlocks> held_;  ///< by request
  std::vector<std::uint32_t> acknowledged_;             ///< and not freed yet
  std::vector<RemoteRequest> remote_;                   ///< in the order of reservation

  std::int64_t in_system_ = 0;
  std::int64_t in_system_prompt_tokens_ = 0;
  std::int64_t in_system_since_ps_ = 0;
  ReplicaTotals totals_;
};

}  // namespace orrery
