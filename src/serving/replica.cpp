#include "orrery/serving/replica.h"

#include <algorithm>
#include <cmath>

#include "orrery/base/result.h"

namespace orrery {
namespace {

/// Events later than this are not simulated (105 days): little less than 64 bits of picoseconds hold.
constexpr std::int64_t kHorizon = 9'100'000'000'000'000'000;

void count(std::vector<std::int64_t>& counts, std::int64_t index, std::int64_t times) {
  const auto i = static_cast<std::size_t>(index);
  if (i >= counts.size()) counts.resize(i + 1);
  counts[i] += times;
}

}  // namespace

Replica::Replica(const StepCost& cost, const EngineLimits& limits, const RequestTable& requests,
                 const PrefixTree* prefixes, RequestOutcomes& outcomes, std::uint16_t id, bool step_by_step,
                 Handover* handover)
    : cost_(cost),
      limits_(limits),
      requests_(requests),
      prefixes_(prefixes),
      outcomes_(outcomes),
      rules_(limits.rules),
      is_plain_(rules_.reservation == Reservation::by_setting),
      watermark_(limits.watermark_blocks()),
      id_(id),
      step_by_step_(step_by_step),
      clients_give_up_(requests.clients_give_up()),
      by_priority_(limits.by_priority && requests.has_priorities()),
      chunk_limit_(limits.long_prefill_token_threshold > 0 ? limits.long_prefill_token_threshold : INT64_MAX),
      lead_(limits.async_scheduling ? 1 : 0),
      in_flight_(lead_),
      answer_share_(rules_.estimate.first),
      decodes_(cost, limits.block_size),
      blocks_(limits.usable_blocks, limits.prefix_caching ? prefixes : nullptr),
      handover_(handover) {
  ORRERY_CHECK(prefixes != nullptr || !limits.prefix_caching);
  ORRERY_CHECK(limits.max_batched_tokens >= limits.max_sequences);
  ORRERY_CHECK(limits.rules.reservation == Reservation::by_setting ||
               (handover == nullptr && limits.draft_tokens == 0));  // what only vLLM's rules are simulated with
  ORRERY_CHECK(!limits.by_priority || (is_plain_ && handover == nullptr && limits.draft_tokens == 0 &&
                                       limits.max_adapters == 0));  // what priorities are simulated with
  ORRERY_CHECK(!limits.rules.whole_batches ||
               (!limits.chunked_prefill && limits.long_prefill_token_threshold == 0));  // all begin in one step
  ORRERY_CHECK(cost.tokens_ps.size() > static_cast<std::size_t>(limits.max_batched_tokens));
  ORRERY_CHECK(cost.sequences_ps.size() > static_cast<std::size_t>(limits.max_sequences));
}

// ---- arrivals ------------------------------------------------------------------------------

void Replica::submit(std::uint32_t request) {
  const std::int64_t now = requests_.arrival_ps[request];
  const std::int64_t prompt = requests_.input_tokens[request];
  outcomes_.replica[request] = id_;
  if (!could_ever_serve(limits_, prompt, requests_.output_tokens[request])) {
    outcomes_.state[request] = RequestState::rejected;
    ++totals_.rejected;
    return;
  }
  count_in_system(now, +1, prompt);

  std::int64_t taken_up = now;
  if (segment_.steps == 0) {
    if (is_under_way_) taken_up = last_step_end_ps_;
    next_event_ps_ = taken_up;
  } else if (!beyond_horizon_) {
    const std::int64_t steps = scheduled_before(now);
    taken_up = segment_.start_ps + duration_of(steps - lead_);
    // Those that wait for an adapter hold up nobody else.
    const bool is_next = waiting_.empty() || adapter_cost_ != nullptr || (by_priority_ && comes_before_head(request));
    const bool could_be_admitted =
        is_plain_
            ? is_next && running_ < limits_.max_sequences &&
                  (blocks_.has_cache() || (limits_.reserve_full_prompt ? blocks_for(prompt) : 1) <= blocks_.free())
            : next_could_be_admitted(request);
    if (could_be_admitted) {  // otherwise the run goes on unchanged: it only ever takes blocks
      segment_.steps = steps;
      next_event_ps_ = taken_up;
    }
  }
  outcomes_.queued_ps[request] = taken_up;
  if (by_priority_) {
    enqueue({request, 0, 0, KvBlocks::kNone, false});
  } else {
    waiting_.push_back({request, 0, 0, KvBlocks::kNone, false});
  }
  if (clients_give_up_) expect_give_up(request);
}

/// The steps of the segment that are scheduled by the first scheduling at or after `time`.
std::int64_t Replica::scheduled_before(std::int64_t time) const {
  if (lead_ > 0 && time <= segment_.start_ps) return 1;
  return std::min(segment_.steps, steps_until(time - segment_.start_ps) + lead_);
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

void Replica::count_in_system(std::int64_t now, std::int64_t change, std::int64_t prompt_tokens) {
  totals_.request_ps += static_cast<Int128>(in_system_) * (now - in_system_since_ps_);
  in_system_since_ps_ = now;
  in_system_ += change;
  in_system_prompt_tokens_ += change * prompt_tokens;
}

// ---- from one scheduling to the next -------------------------------------------------------

void Replica::advance() {
  const std::int64_t now = next_event_ps_;
  ORRERY_CHECK(now != INT64_MAX);
  settle(now);
  schedule(now);
}

void Replica::settle(std::int64_t now) {
  if (lead_ > 0) {
    if (!updates_.empty()) end_step(now);  // the step before the segment; the segment's last one is still to run
    commit_segment();
  } else {
    commit_segment();
    if (!updates_.empty()) end_step(now);
  }
  if (!acknowledged_.empty()) free_acknowledged();
  if (clients_give_up_) abort_given_up(now);
}

Replica::StepTime Replica::time_of_step() {
  const std::int64_t decoding = is_paused_ ? 0 : decodes_.size();
  const auto sequences = static_cast<std::size_t>(decoding) + chunks_.size();
  StepTime step;
  step.tokens = decoding;
  prefill_ = {};
  for (const Chunk& chunk : chunks_) {
    step.tokens += chunk.tokens;
    cost_.add_chunk(prefill_, at(chunk.slot).computed - chunk.tokens, chunk.tokens);
  }
  step.own_ps = cost_.sequences_ps[sequences];
  if (!chunks_.empty()) step.own_ps += cost_.prefill_ps(prefill_) + cost_.prefill_fixed_of(decoding);
  if (decoding == 0) return step;
  const DecodeBatch::Ramp ramp = decodes_.ramp();
  step.own_ps += ramp.first_ps;
  step.growth_ps = ramp.growth_ps;
  return step;
}

void Replica::begin_segment(std::int64_t now) {
  if (!is_plain_ && (is_paused_ || !pauses_.empty())) note_pause();
  StepTime step;
  std::int64_t duration = 0;
  if (speculation_ != nullptr) {
    duration = speculative_step_ps();
  } else {
    step = time_of_step();
    duration = cost_.tokens_ps[static_cast<std::size_t>(step.tokens)] + step.own_ps;
  }
  if (adapter_cost_ != nullptr) duration += adapters_ps(speculation_ != nullptr ? verify_.tokens : step.tokens);
  ORRERY_CHECK(duration > 0);
  segment_.start_ps = is_under_way_ ? last_step_end_ps_ : now;
  segment_.first_ps = duration;
  segment_.growth_ps = step.growth_ps;
  // Somebody may be admitted at the next scheduling if nobody was because of a preemption (V-20), and when the step
  // under way has freed its blocks.
  const bool is_single = step_by_step_ || !computing_.empty() || preempted_ > 0 || !updates_.empty() ||
                         !late_.empty() || (!is_plain_ && tries_next_step()) ||
                         (head_is_blocked_ && head_may_be_admitted_soon());
  // Blocks of whole answers are there already.
  const std::int64_t free_blocks = rules_.reservation == Reservation::answer ? INT64_MAX : blocks_.free();
  segment_.steps = is_single ? 1 : decodes_.run_limit(free_blocks);
  const std::int64_t horizon = kHorizon - segment_.start_ps;
  while (segment_.steps > 1 && sum_of_ramp(duration, segment_.growth_ps, segment_.steps) > horizon) {
    segment_.steps /= 2;
  }
  if (clients_give_up_) stop_at_give_up();
  beyond_horizon_ = duration > horizon;
  next_event_ps_ = beyond_horizon_ ? INT64_MAX : segment_.start_ps + duration_of(segment_.steps - lead_);
  note_peaks();
}

void Replica::begin_common_step(std::int64_t now, std::int64_t duration, std::int64_t tokens) {
  segment_.start_ps = is_under_way_ ? last_step_end_ps_ : now;
  segment_.first_ps = duration;
  segment_.growth_ps = 0;
  segment_.steps = 1;
  beyond_horizon_ = duration > kHorizon - segment_.start_ps;
  next_event_ps_ = beyond_horizon_ ? INT64_MAX : segment_.start_ps + duration_of(1 - lead_);
  count(totals_.steps_by_padded_tokens, tokens, 1);
  note_peaks();
}

void Replica::note_peaks() {
  totals_.peak_sequences = std::max(totals_.peak_sequences, running_);
  totals_.peak_blocks = std::max(totals_.peak_blocks, limits_.usable_blocks - blocks_.free());
}

/// The steps of the segment are certain: what they compute is computed, and the tokens of all but a step that is
/// still under way are known.
void Replica::commit_segment() {
  const std::int64_t steps = segment_.steps;
  is_under_way_ = lead_ > 0 && steps > 0;
  if (steps == 0) return;
  if (!is_plain_) in_flight_ = is_paused_ ? 0 : lead_;
  last_step_end_ps_ = segment_.start_ps + duration_of(steps);
  count_segment(steps);

  if (steps > 1) {
    const std::int64_t blocks = decodes_.blocks_of_run(steps) - decodes_.blocks_of_next_step();  // those are taken
    blocks_.take(blocks);
    if (!is_plain_ && promised_ > 0) promised_ -= blocks;
    note_peaks();
  }
  if (!is_paused_) decodes_.advance(steps);
  if (steps > 1 && prefixes_ != nullptr && prefixes_->has_answers() && blocks_.has_cache()) {
    register_answers(decodes_.tick());
  }
  totals_.evicted_blocks = blocks_.evictions();

  commit_chunks();
  for (std::int32_t index = decodes_.next_finished(); index >= 0; index = decodes_.next_finished()) {
    if (rules_.whole_batches) {
      pad(index);
      continue;
    }
    leave_decoding(index);
    end_soon(index);
  }
  if (!is_plain_) note_segment(steps);
  segment_.steps = 0;
}

void Replica::count_segment(std::int64_t steps) {
  const std::int64_t decoding = is_paused_ ? 0 : decodes_.size();
  const std::int64_t generating = decoding - padding_;
  const std::int64_t decode_steps = is_paused_ ? 0 : steps;
  const std::int64_t ramp = decode_steps * (decode_steps + 1) / 2;
  std::int64_t tokens = decoding;
  std::int64_t chunk_residents = 0;
  for (const Chunk& chunk : chunks_) {
    tokens += chunk.tokens;
    chunk_residents += at(chunk.slot).computed;
    if (at(chunk.slot).state != SlotState::speculating) totals_.prefill_tokens += chunk.tokens;
  }
  if (speculation_ != nullptr) count_speculation();
  if (!chunks_.empty()) totals_.prefill_work += cost_.prefill_work(prefill_);
  const std::int64_t context_steps = decode_steps * decodes_.context_tokens() + decoding * ramp;
  totals_.busy_ps += last_step_end_ps_ - segment_.start_ps;
  totals_.end_ps = last_step_end_ps_;
  totals_.steps += steps;
  count(totals_.steps_by_tokens, tokens, steps);
  if (adapter_cost_ != nullptr) count_adapters(tokens, steps);
  count(totals_.steps_by_sequences, decoding + static_cast<std::int64_t>(chunks_.size()), steps);
  if (is_plain_ || pauses_.empty() || is_paused_) {
    totals_.token_gaps.add_ramp(segment_.first_ps, segment_.growth_ps, steps,
                                generating - static_cast<std::int64_t>(late_.size()));
  } else {
    end_pause(segment_.start_ps + segment_.first_ps);
    totals_.token_gaps.add_ramp(segment_.first_ps + segment_.growth_ps, segment_.growth_ps, steps - 1, generating);
  }
  for (const LateToken& late : late_) {
    if (late.last_token_ps != RequestOutcomes::kUnset) totals_.token_gaps.add(last_step_end_ps_ - late.last_token_ps);
    if (at(late.slot).generated == 0) outcomes_.first_token_ps[at(late.slot).request] = last_step_end_ps_;
  }
  totals_.decode_sequence_steps += decoding * steps;
  totals_.context_token_steps += context_steps;
  totals_.window_token_steps += decode_steps * decodes_.window_tokens() + decodes_.unsaturated() * ramp;
  totals_.resident_token_steps += context_steps + chunk_residents;
  totals_.generated_tokens += generating * steps;
}

void Replica::commit_chunks() {
  if (chunks_.empty()) return;
  if (speculation_ != nullptr) {
    commit_verified();
    return;
  }
  for (const Chunk& chunk : chunks_) {
    Slot& slot = at(chunk.slot);
    if (left_to_compute(slot) > 0) continue;
    std::erase(computing_, chunk.slot);
    ++slot.generated;
    ++totals_.generated_tokens;
    if (slot.generated == 1) {
      outcomes_.first_token_ps[slot.request] = last_step_end_ps_;
    } else {
      totals_.token_gaps.add(last_step_end_ps_ - slot.last_token_ps);
    }
    if (slot.generated == requests_.output_tokens[slot.request]) {
      rules_.whole_batches ? pad(chunk.slot) : end_soon(chunk.slot);
    } else {
      join_decoding(chunk.slot);
    }
  }
}

void Replica::join_decoding(std::int32_t index) {
  Slot& slot = at(index);
  slot.state = SlotState::decoding;
  if (estimates_answers()) slot.last_token_ps = last_step_end_ps_;
  decodes_.join(index, slot.computed, requests_.output_tokens[slot.request] - slot.generated);
}

/// Returns the steps that it took part in.
std::int64_t Replica::leave_decoding(std::int32_t index) {
  Slot& slot = at(index);
  const std::int64_t steps = decodes_.leave(index);
  slot.generated += static_cast<std::int32_t>(steps);
  slot.computed += steps;
  return steps;
}

/// A request that has got its last token in the last step ends with that step.
void Replica::end_soon(std::int32_t index) {
  Slot& slot = at(index);
  slot.state = SlotState::ending;
  if (adapter_cost_ != nullptr) count_adapter(slot.request, -1);
  updates_.push_back({slot.admission, index, slot.request});
}

/// V-51 to V-53, for the requests of the last step before the segment, in their order.
void Replica::end_step(std::int64_t now) {
  if (updates_.size() > 1) {
    std::sort(updates_.begin(), updates_.end(),
              [](const Update& a, const Update& b) { return a.admission < b.admission; });
  }
  for (const Update& update : updates_) {
    if (update.slot != kNone && at(update.slot).state == SlotState::starved) {
      if (blocks_.has_cache()) register_tokens(update.slot, at(update.slot).computed);
    } else {
      finish(update, now);
    }
  }
  updates_.clear();
}

void Replica::finish(const Update& update, std::int64_t now) {
  if (clients_give_up_ && requests_.give_up_ps[update.request] < now) {
    totals_.failed_tokens += requests_.output_tokens[update.request];
    fail(update.request, now);
  } else {
    const std::int64_t prompt = requests_.input_tokens[update.request];
    outcomes_.finish_ps[update.request] = now;
    outcomes_.state[update.request] = RequestState::completed;
    ++totals_.completed;
    totals_.completed_input_tokens += prompt;
    count_in_system(now, -1, prompt);
    if (is_half(Handover::Half::prefill)) handover_->finished.push_back({update.request, now, 0});
  }
  if (update.slot == kNone) return;
  has_shrunk_ = true;
  if (is_half(Handover::Half::prefill) && handover_->left_to_generate[update.request] > 0) {
    hold_blocks(update.slot);
  } else {
    give_back_blocks(update.slot, at(update.slot).computed, /*comes_back=*/false);
  }
  drop_slot(update.slot);
}

}  // namespace orrery
