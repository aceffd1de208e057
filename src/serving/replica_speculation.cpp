// Speculative decoding: V-12, V-29, V-51, V-80. Draws are made for each request and step, so that no run of steps is
// taken in closed form, and a step costs as many operations as it has sequences.

#include <algorithm>

#include "orrery/base/result.h"
#include "orrery/serving/replica.h"

namespace orrery {

void Replica::speculate(const Speculation& speculation) {
  ORRERY_CHECK(!limits_.async_scheduling && limits_.draft_tokens == speculation.tokens && speculation.tokens >= 1);
  speculation_ = &speculation;
}

/// V-12: the token that comes for certain, and drafts, as far as the context goes.
std::int64_t Replica::tokens_to_verify(const Slot& slot) const {
  return std::min(1 + limits_.draft_tokens, limits_.context_limit - 1 - slot.computed);
}

/// V-29, V-32: blocks to take for more tokens and for those that the drafter looks ahead; what rejected drafts had is
/// kept.
std::int64_t Replica::blocks_to_look_ahead(std::int32_t index, std::int64_t tokens) const {
  const std::int64_t all = std::min(at(index).computed + tokens + limits_.draft_tokens, limits_.context_limit);
  return std::max<std::int64_t>(0, blocks_for(all) - blocks_held_[static_cast<std::size_t>(index)]);
}

void Replica::hold(std::int32_t index, std::int64_t blocks) {
  const auto place = static_cast<std::size_t>(index);
  if (place >= blocks_held_.size()) blocks_held_.resize(place + 1);
  blocks_held_[place] = blocks;
}

// ---- what a step takes ---------------------------------------------------------------------

std::int64_t Replica::speculative_step_ps() {
  VerifyLoad load;
  prefill_ = {};
  StepCost::PrefillLoad draft_prefill;
  const StepCost& draft = speculation_->cost.draft;
  contexts_.clear();
  bool has_prompts = false;
  for (const Chunk& chunk : chunks_) {
    const Slot& slot = at(chunk.slot);
    load.tokens += chunk.tokens;
    if (slot.state == SlotState::speculating) {
      ++load.verifying;
      load.drafts += chunk.tokens - 1;
      load.context_tokens += slot.computed;
      load.window_tokens += std::min(slot.computed, cost_.window_tokens);
      load.draft_window_tokens += std::min(slot.computed, draft.window_tokens);
    } else {
      has_prompts = true;
      cost_.add_chunk(prefill_, slot.computed - chunk.tokens, chunk.tokens);
      draft.add_chunk(draft_prefill, slot.computed - chunk.tokens, chunk.tokens);
      if (left_to_compute(slot) > 0) continue;
    }
    contexts_.push_back(slot.computed);
  }
  verify_ = load;

  const std::vector<std::int64_t>& rows_ps = speculation_->cost.rows_ps;
  const std::size_t sequences = chunks_.size();
  std::int64_t duration = cost_.tokens_ps[static_cast<std::size_t>(load.tokens)] + cost_.sequences_ps[sequences] +
                          rows_ps[sequences + static_cast<std::size_t>(load.drafts)] - rows_ps[sequences];
  const auto add_attention = [&](const StepCost& cost, const StepCost::PrefillLoad& prefill, std::int64_t window) {
    if (load.verifying > 0) duration += cost.decode_ps(load.verifying, load.context_tokens, window);
    if (has_prompts) duration += cost.prefill_ps(prefill) + cost.prefill_fixed_of(load.verifying);
  };
  add_attention(cost_, prefill_, load.window_tokens);

  duration += draft.tokens_ps[static_cast<std::size_t>(load.tokens)];
  add_attention(draft, draft_prefill, load.draft_window_tokens);
  StepWork& work = draft_work_;
  work = draft.tokens_work[static_cast<std::size_t>(load.tokens)];
  work += draft.prefill_work(draft_prefill);
  work += static_cast<double>(load.verifying) * draft.decode_sequence_work;
  work += static_cast<double>(load.context_tokens) * draft.context_token_work;
  work += static_cast<double>(load.draft_window_tokens) * draft.window_token_work;
  return duration + later_passes_ps();
}

/// The drafter's logits after its first pass, and its passes over one token of each sequence that goes on.
std::int64_t Replica::later_passes_ps() {
  const StepCost& draft = speculation_->cost.draft;
  const auto going_on = static_cast<std::int64_t>(contexts_.size());
  if (going_on == 0) return 0;
  const auto n = static_cast<std::size_t>(going_on);
  std::int64_t duration = draft.sequences_ps[n];
  draft_work_ += draft.sequences_work[n];
  for (std::int64_t pass = 1; pass < speculation_->tokens; ++pass) {
    std::int64_t context = 0;
    std::int64_t window = 0;
    for (const std::int64_t tokens : contexts_) {
      context += tokens + pass;
      window += std::min(tokens + pass, draft.window_tokens);
    }
    duration += draft.tokens_ps[n] + draft.sequences_ps[n] + draft.decode_ps(going_on, context, window);
    draft_work_ += draft.tokens_work[n];
    draft_work_ += draft.sequences_work[n];
    draft_work_ += static_cast<double>(going_on) * draft.decode_sequence_work;
    draft_work_ += static_cast<double>(context) * draft.context_token_work;
    draft_work_ += static_cast<double>(window) * draft.window_token_work;
  }
  return duration;
}

/// What the counts of a plain step do not hold: drafts, their rows of logits, and the drafter.
void Replica::count_speculation() {
  const std::size_t sequences = chunks_.size();
  const std::vector<StepWork>& rows = speculation_->cost.rows_work;
  totals_.decode_sequence_steps += verify_.verifying;
  totals_.drafted_tokens += verify_.drafts;
  totals_.context_token_steps += verify_.context_tokens;
  totals_.window_token_steps += verify_.window_tokens;
  totals_.speculation_work += draft_work_;
  totals_.speculation_work += rows[sequences + static_cast<std::size_t>(verify_.drafts)];
  totals_.speculation_work += -1.0 * rows[sequences];
}

// ---- what a step gives ---------------------------------------------------------------------

/// V-51: the token that comes for certain, and the drafts that are taken. What is taken beyond the end of an answer is
/// dropped (V-53).
void Replica::commit_verified() {
  for (const Chunk& chunk : chunks_) {
    Slot& slot = at(chunk.slot);
    const std::int64_t left = requests_.output_tokens[slot.request] - slot.generated;
    std::int64_t tokens = 1;
    if (slot.state == SlotState::speculating) {
      const std::int64_t drafts = chunk.tokens - 1;
      const std::int64_t taken = speculation_->accepted(slot.request, slot.generated, drafts);
      totals_.accepted_tokens += taken;
      totals_.verifications += drafts > 0;
      tokens = std::min(1 + taken, left);
      slot.computed = requests_.input_tokens[slot.request] + slot.generated + tokens - 1;
    } else if (left_to_compute(slot) > 0) {
      continue;
    }
    deliver(slot, tokens);
    slot.state = SlotState::speculating;
    if (tokens == left) {
      std::erase(computing_, chunk.slot);
      end_soon(chunk.slot);
    }
  }
}

/// Tokens that come together: the first ends a gap, the others follow without one.
void Replica::deliver(Slot& slot, std::int64_t tokens) {
  const bool ends_gap =
      slot.generated > 0 || (is_half(Handover::Half::decode) && slot.last_token_ps != RequestOutcomes::kUnset);
  if (ends_gap) totals_.token_gaps.add(last_step_end_ps_ - slot.last_token_ps);
  if (tokens > 1) totals_.token_gaps.add(0, tokens - 1);
  if (slot.generated == 0) outcomes_.first_token_ps[slot.request] = last_step_end_ps_;
  slot.generated += static_cast<std::int32_t>(tokens);
  slot.last_token_ps = last_step_end_ps_;
  totals_.generated_tokens += tokens;
}

}  // namespace orrery
