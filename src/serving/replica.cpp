#include "orrery/serving/replica.h"

#include <algorithm>
#include <cmath>

#include "orrery/base/result.h"

namespace orrery {
namespace {

/// Events later than this are not simulated (105 days): little less than 64 bits of picoseconds hold.
constexpr std::int64_t kHorizon = 9'100'000'000'000'000'000;

std::int64_t modulo(std::int64_t a, std::int64_t n) {
  const std::int64_t r = a % n;
  return r < 0 ? r + n : r;
}

void count(std::vector<std::int64_t>& counts, std::int64_t index, std::int64_t times) {
  const auto i = static_cast<std::size_t>(index);
  if (i >= counts.size()) counts.resize(i + 1);
  counts[i] += times;
}

/// first + (first + growth) + ... over `steps` terms.
Int128 sum_of_ramp(std::int64_t first, std::int64_t growth, std::int64_t steps) {
  return static_cast<Int128>(first) * steps + static_cast<Int128>(growth) * steps * (steps - 1) / 2;
}

}  // namespace

void Replica::DeadlineHeap::push(Deadline deadline) {
  heap_.push_back(deadline);
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void Replica::DeadlineHeap::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  heap_.pop_back();
}

Replica::Replica(const StepCost& cost, const EngineLimits& limits, const RequestTable& requests,
                 RequestOutcomes& outcomes, std::uint16_t id, bool step_by_step)
    : cost_(cost),
      limits_(limits),
      requests_(requests),
      outcomes_(outcomes),
      id_(id),
      step_by_step_(step_by_step),
      decoding_by_phase_(static_cast<std::size_t>(limits.block_size)),
      free_blocks_(limits.usable_blocks) {
  ORRERY_CHECK(limits.max_batched_tokens >= limits.max_sequences);
  ORRERY_CHECK(cost.tokens_ps.size() > static_cast<std::size_t>(limits.max_batched_tokens));
  ORRERY_CHECK(cost.sequences_ps.size() > static_cast<std::size_t>(limits.max_sequences));
}

// ---- arrivals ------------------------------------------------------------------------------

void Replica::submit(std::uint32_t request) {
  const std::int64_t now = requests_.arrival_ps[request];
  const std::int64_t prompt = requests_.input_tokens[request];
  const std::int64_t longest = prompt + requests_.output_tokens[request];
  outcomes_.replica[request] = id_;
  if (longest > limits_.context_limit || blocks_for(longest - 1) > limits_.usable_blocks) {
    outcomes_.state[request] = RequestState::rejected;
    ++totals_.rejected;
    return;
  }
  count_in_system(now, +1, prompt);

  std::int64_t taken_up = now;
  if (segment_.steps == 0) {
    next_event_ps_ = now;
  } else {
    const std::int64_t steps = steps_until(now - segment_.start_ps);
    taken_up = segment_.start_ps + duration_of(steps);
    const std::int64_t blocks_needed = limits_.reserve_full_prompt ? blocks_for(prompt) : 1;
    const bool could_be_admitted =
        waiting_.empty() && running_ < limits_.max_sequences && blocks_needed <= free_blocks_;
    if (could_be_admitted) {  // otherwise the run goes on unchanged: it only ever takes blocks
      segment_.steps = steps;
      next_event_ps_ = taken_up;
    }
  }
  outcomes_.queued_ps[request] = taken_up;
  waiting_.push_back({request, 0, 0, false});
}

void Replica::count_in_system(std::int64_t now, std::int64_t change, std::int64_t prompt_tokens) {
  totals_.request_ps += static_cast<Int128>(in_system_) * (now - in_system_since_ps_);
  in_system_since_ps_ = now;
  in_system_ += change;
  in_system_prompt_tokens_ += change * prompt_tokens;
}

void Replica::advance() {
  const std::int64_t now = next_event_ps_;
  ORRERY_CHECK(now != INT64_MAX);
  if (segment_.steps > 0) complete_segment(now);
  schedule(now);
}

// ---- scheduling one step (V-10 to V-29) ----------------------------------------------------

void Replica::schedule(std::int64_t now) {
  for (;;) {
    chunks_.clear();
    std::int64_t preempted = 0;
    const bool all_decodes_run = make_room_for_decodes(now, preempted);
    std::int64_t budget = limits_.max_batched_tokens - decoding_;
    if (all_decodes_run) continue_partial_prefill(now, budget, preempted);
    if (preempted == 0) admit_waiting(now, budget);  // V-20
    if (decoding_ + static_cast<std::int64_t>(chunks_.size()) > 0) {
      // After a preemption nobody was admitted, but somebody may be at the next boundary (V-20).
      begin_segment(now, /*single_step=*/preempted > 0);
      return;
    }
    if (preempted == 0) break;  // a step without tokens takes no time: try again
  }
  ORRERY_CHECK(waiting_.empty());
  segment_.steps = 0;
  next_event_ps_ = INT64_MAX;
}

/// Phase A for the decoding requests: each whose blocks are full takes one more (V-12 to V-17).
/// False when a request had to preempt itself, which ends the phase (V-16).
bool Replica::make_room_for_decodes(std::int64_t now, std::int64_t& preempted) {
  const std::int64_t needed = decoding_by_phase_[phase_due(tick_)];
  if (needed <= free_blocks_) {
    free_blocks_ -= needed;
    return true;
  }
  for (std::int32_t slot = first_running_; slot != kNone; slot = slots_[static_cast<std::size_t>(slot)].next) {
    const Slot& request = slots_[static_cast<std::size_t>(slot)];
    if (!request.decoding || phase_of(request) != phase_due(tick_)) continue;
    while (free_blocks_ == 0) {
      const std::int32_t victim = last_running_;  // V-15
      preempt(victim, now);
      ++preempted;
      if (victim == slot) return false;
    }
    --free_blocks_;
  }
  return true;
}

/// Phase A for the one request whose prompt is partly computed. It is the last of `running`, since
/// it was admitted with the rest of a budget, so that it is its own victim.
void Replica::continue_partial_prefill(std::int64_t now, std::int64_t& budget, std::int64_t& preempted) {
  if (partial_ == kNone || budget == 0) return;
  Slot& slot = slots_[static_cast<std::size_t>(partial_)];
  const std::int64_t all = requests_.input_tokens[slot.request] + slot.generated;
  const std::int64_t tokens = std::min(all - slot.computed, budget);
  const std::int64_t needed = blocks_for(slot.computed + tokens) - blocks_for(slot.computed);
  if (needed > free_blocks_) {
    preempt(partial_, now);
    ++preempted;
    return;
  }
  free_blocks_ -= needed;
  slot.computed += tokens;
  budget -= tokens;
  chunks_.push_back({partial_, tokens});
}

/// Phase B: first come, first served; the head blocks the queue (V-21 to V-27).
void Replica::admit_waiting(std::int64_t now, std::int64_t budget) {
  while (!waiting_.empty() && budget > 0 && running_ < limits_.max_sequences) {
    const WaitingRequest head = waiting_.front();
    const std::int64_t all = requests_.input_tokens[head.request] + head.generated;
    const std::int64_t tokens = std::min(all, budget);
    if (limits_.reserve_full_prompt && blocks_for(all) > free_blocks_) return;
    if (blocks_for(tokens) > free_blocks_) return;
    waiting_.pop_front();
    free_blocks_ -= blocks_for(tokens);
    budget -= tokens;
    if (head.preempted) totals_.recomputed_tokens += all;
    if (outcomes_.scheduled_ps[head.request] == RequestOutcomes::kUnset) outcomes_.scheduled_ps[head.request] = now;

    const std::int32_t index = take_slot();
    Slot& slot = slots_[static_cast<std::size_t>(index)];
    slot.request = head.request;
    slot.generated = head.generated;
    slot.computed = tokens;
    slot.last_token_ps = head.last_token_ps;
    chunks_.push_back({index, tokens});
  }
}

StepCost::PrefillLoad Replica::prefill_load() const {
  StepCost::PrefillLoad load;
  for (const Chunk& chunk : chunks_) {
    cost_.add_chunk(load, slots_[static_cast<std::size_t>(chunk.slot)].computed - chunk.tokens, chunk.tokens);
  }
  return load;
}

void Replica::begin_segment(std::int64_t now, bool single_step) {
  const auto sequences = static_cast<std::size_t>(decoding_) + chunks_.size();
  std::int64_t tokens = decoding_;
  const StepCost::PrefillLoad prefill = prefill_load();
  for (const Chunk& chunk : chunks_) tokens += chunk.tokens;
  std::int64_t duration = cost_.tokens_ps[static_cast<std::size_t>(tokens)] + cost_.sequences_ps[sequences];
  if (!chunks_.empty()) duration += cost_.prefill_fixed_ps + cost_.prefill_ps(prefill);
  if (decoding_ > 0) {
    duration += cost_.decode_fixed_ps + decoding_ * cost_.decode_sequence_ps +
                (context_tokens_ + decoding_) * cost_.context_token_ps +
                (window_tokens_ + unsaturated_) * cost_.window_token_ps;
  }
  ORRERY_CHECK(duration > 0);
  segment_.start_ps = now;
  segment_.first_ps = duration;
  segment_.growth_ps = decoding_ * cost_.context_token_ps + unsaturated_ * cost_.window_token_ps;
  segment_.steps = chunks_.empty() && !single_step && !step_by_step_ ? decode_run_limit() : 1;
  while (segment_.steps > 1 && sum_of_ramp(duration, segment_.growth_ps, segment_.steps) > kHorizon - now) {
    segment_.steps /= 2;
  }
  beyond_horizon_ = duration > kHorizon - now;
  next_event_ps_ = beyond_horizon_ ? INT64_MAX : now + duration_of(segment_.steps);
}

/// Decode steps until a request finishes, reaches the attention window, or the blocks run out.
std::int64_t Replica::decode_run_limit() {
  while (is_stale(finishes_.top())) finishes_.pop();
  std::int64_t limit = finishes_.top().tick - tick_;
  while (!saturations_.empty() && is_stale(saturations_.top())) saturations_.pop();
  if (!saturations_.empty()) limit = std::min(limit, saturations_.top().tick - tick_);

  const std::int64_t rounds = limit / limits_.block_size + 1;
  if (rounds * decoding_ <= free_blocks_) return limit;
  // Any block_size successive steps take one block per request; the first step has taken its own.
  std::int64_t steps = 1 + free_blocks_ / decoding_ * limits_.block_size;
  std::int64_t left = free_blocks_ % decoding_;
  while (steps < limit) {
    left -= decoding_by_phase_[phase_due(tick_ + steps)];
    if (left < 0) break;
    ++steps;
  }
  return std::min(steps, limit);
}

std::int64_t Replica::blocks_of_run(std::int64_t steps) const {
  std::int64_t blocks = steps / limits_.block_size * decoding_;
  for (std::int64_t i = 0; i < steps % limits_.block_size; ++i) blocks += decoding_by_phase_[phase_due(tick_ + i)];
  return blocks;
}

std::int64_t Replica::duration_of(std::int64_t steps) const {
  return static_cast<std::int64_t>(sum_of_ramp(segment_.first_ps, segment_.growth_ps, steps));
}

/// The fewest steps of the segment that last at least `duration`; at most all of them.
std::int64_t Replica::steps_until(std::int64_t duration) const {
  if (segment_.steps == 1) return 1;
  const double half = static_cast<double>(segment_.growth_ps) / 2;
  const double linear = static_cast<double>(segment_.first_ps) - half;
  const double d = static_cast<double>(duration);
  const double root = (linear + std::sqrt(linear * linear + 4 * half * d)) / 2;  // stable form, also for half = 0
  auto steps = static_cast<std::int64_t>(std::ceil(d / root));
  steps = std::clamp<std::int64_t>(steps, 1, segment_.steps);
  while (steps > 1 && duration_of(steps - 1) >= duration) --steps;
  while (steps < segment_.steps && duration_of(steps) < duration) ++steps;
  return steps;
}

// ---- the end of a step or run (V-51 to V-53) -----------------------------------------------

void Replica::complete_segment(std::int64_t now) {
  const std::int64_t steps = segment_.steps;
  std::int64_t tokens = decoding_;
  std::int64_t chunk_residents = 0;
  for (const Chunk& chunk : chunks_) {
    const std::int64_t computed = slots_[static_cast<std::size_t>(chunk.slot)].computed;
    tokens += chunk.tokens;
    chunk_residents += computed;
    totals_.prefill_tokens += chunk.tokens;
  }
  if (!chunks_.empty()) totals_.prefill_work += cost_.prefill_work(prefill_load());
  const std::int64_t context_steps = steps * context_tokens_ + decoding_ * (steps * (steps + 1) / 2);
  totals_.busy_ps += now - segment_.start_ps;
  totals_.end_ps = now;
  totals_.steps += steps;
  count(totals_.steps_by_tokens, tokens, steps);
  count(totals_.steps_by_sequences, decoding_ + static_cast<std::int64_t>(chunks_.size()), steps);
  totals_.token_gaps.add_ramp(segment_.first_ps, segment_.growth_ps, steps, decoding_);
  totals_.decode_sequence_steps += decoding_ * steps;
  totals_.context_token_steps += context_steps;
  totals_.window_token_steps += steps * window_tokens_ + unsaturated_ * (steps * (steps + 1) / 2);
  totals_.resident_token_steps += context_steps + chunk_residents;
  totals_.generated_tokens += decoding_ * steps;
  totals_.peak_sequences = std::max(totals_.peak_sequences, running_);

  free_blocks_ -= blocks_of_run(steps) - decoding_by_phase_[phase_due(tick_)];  // the first step's are taken
  totals_.peak_blocks = std::max(totals_.peak_blocks, limits_.usable_blocks - free_blocks_);
  tick_ += steps;
  context_tokens_ += decoding_ * steps;
  window_tokens_ += unsaturated_ * steps;
  for (; !saturations_.empty() && saturations_.top().tick <= tick_; saturations_.pop()) {
    if (!is_stale(saturations_.top())) --unsaturated_;
  }

  complete_chunks(now);
  while (!finishes_.empty() && finishes_.top().tick <= tick_) {
    const Deadline deadline = finishes_.top();
    finishes_.pop();
    if (!is_stale(deadline)) finish(deadline.slot, now);
  }
  segment_.steps = 0;
}

void Replica::complete_chunks(std::int64_t now) {
  partial_ = kNone;
  for (const Chunk& chunk : chunks_) {
    Slot& slot = slots_[static_cast<std::size_t>(chunk.slot)];
    if (slot.computed < requests_.input_tokens[slot.request] + slot.generated) {
      partial_ = chunk.slot;
      continue;
    }
    ++slot.generated;
    ++totals_.generated_tokens;
    if (slot.generated == 1) {
      outcomes_.first_token_ps[slot.request] = now;
    } else {
      totals_.token_gaps.add(now - slot.last_token_ps);
    }
    if (slot.generated == requests_.output_tokens[slot.request]) {
      finish(chunk.slot, now);
    } else {
      join_decoding(chunk.slot);
    }
  }
}

void Replica::join_decoding(std::int32_t index) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  slot.decoding = true;
  slot.join_tick = tick_;
  ++decoding_;
  ++decoding_by_phase_[phase_of(slot)];
  context_tokens_ += slot.computed;
  finishes_.push({tick_ + requests_.output_tokens[slot.request] - slot.generated, index, slot.epoch});
  if (cost_.window_tokens == 0) return;
  window_tokens_ += std::min(slot.computed, cost_.window_tokens);
  if (slot.computed < cost_.window_tokens) {
    ++unsaturated_;
    saturations_.push({tick_ + cost_.window_tokens - slot.computed, index, slot.epoch});
  }
}

void Replica::leave_decoding(Slot& slot) {
  const std::int64_t computed = current_computed(slot);
  --decoding_;
  --decoding_by_phase_[phase_of(slot)];
  context_tokens_ -= computed;
  if (cost_.window_tokens > 0) {
    window_tokens_ -= std::min(computed, cost_.window_tokens);
    if (computed < cost_.window_tokens) --unsaturated_;
  }
  slot.generated += static_cast<std::int32_t>(tick_ - slot.join_tick);
  slot.computed = computed;
  slot.decoding = false;
}

void Replica::finish(std::int32_t index, std::int64_t now) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  if (slot.decoding) leave_decoding(slot);
  const std::int64_t prompt = requests_.input_tokens[slot.request];
  outcomes_.finish_ps[slot.request] = now;
  outcomes_.state[slot.request] = RequestState::completed;
  ++totals_.completed;
  totals_.completed_input_tokens += prompt;
  count_in_system(now, -1, prompt);
  release(index);
}

/// V-50: all blocks are given back, what was computed is lost, and the request goes to the front.
void Replica::preempt(std::int32_t index, std::int64_t now) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  std::int64_t last_token_ps = slot.last_token_ps;
  if (slot.decoding) {
    leave_decoding(slot);
    last_token_ps = now;  // its last token came with the step that has just ended
  }
  ++totals_.preemptions;
  auto& times = outcomes_.preemptions[slot.request];
  if (times < UINT16_MAX) ++times;
  waiting_.push_front({slot.request, slot.generated, last_token_ps, true});
  if (partial_ == index) partial_ = kNone;
  release(index);
}

// ---- slots ---------------------------------------------------------------------------------

std::int32_t Replica::take_slot() {
  std::int32_t index = 0;
  if (free_slots_.empty()) {
    index = static_cast<std::int32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  slot.previous = last_running_;
  slot.next = kNone;
  if (last_running_ != kNone) slots_[static_cast<std::size_t>(last_running_)].next = index;
  if (first_running_ == kNone) first_running_ = index;
  last_running_ = index;
  ++running_;
  return index;
}

/// Frees the blocks and the place in `running`. Pre: not decoding.
void Replica::release(std::int32_t index) {
  Slot& slot = slots_[static_cast<std::size_t>(index)];
  free_blocks_ += blocks_for(slot.computed);
  (slot.previous == kNone ? first_running_ : slots_[static_cast<std::size_t>(slot.previous)].next) = slot.next;
  (slot.next == kNone ? last_running_ : slots_[static_cast<std::size_t>(slot.next)].previous) = slot.previous;
  ++slot.epoch;
  free_slots_.push_back(index);
  --running_;
}

std::size_t Replica::phase_of(const Slot& slot) const {
  return static_cast<std::size_t>(modulo(slot.computed - slot.join_tick, limits_.block_size));
}

/// The phase of the requests whose computed tokens fill their blocks exactly at `tick`.
std::size_t Replica::phase_due(std::int64_t tick) const {
  return static_cast<std::size_t>(modulo(-tick, limits_.block_size));
}

bool Replica::is_stale(const Deadline& deadline) const {
  return slots_[static_cast<std::size_t>(deadline.slot)].epoch != deadline.epoch;
}

}  // namespace orrery
