// Engines that count the answers of running requests by a share, compute prompts in steps of their own, and retract
// requests when blocks run out.

#include <algorithm>

#include "orrery/base/result.h"
#include "orrery/serving/replica.h"

namespace orrery {

/// Prompts first; the running requests go on if there are none.
void Replica::schedule_prompts_first(std::int64_t now) {
  pass_tokens_ = 0;
  if (blocks_.has_cache() && prefixes_->has_answers()) register_answers(decodes_.tick());
  for (const std::int32_t index : computing_) {
    if (budget_ == 0) break;
    const Slot& slot = at(index);
    const std::int64_t tokens = std::min({left_to_compute(slot), chunk_limit_, budget_});
    const std::int64_t blocks = blocks_for(slot.computed + tokens) - blocks_for(slot.computed);
    blocks_.take(blocks);
    promised_ -= blocks;
    budget_ -= tokens;
    begin_chunk({index, tokens});
    chunks_.push_back({index, tokens});
    if (blocks_.has_cache()) register_tokens(index, slot.computed);
    if (left_to_compute(slot) == 0) pass_tokens_ += expected_answer(slot.request, slot.generated);
  }
  if (!is_full_) admit_in_order(now);
  is_full_ |= !waiting_.empty() && running_ >= limits_.max_sequences;

  is_paused_ = !chunks_.empty();
  if (is_paused_ || decodes_.size() == 0) return;
  if (has_shrunk_) is_full_ = false;
  has_shrunk_ = false;
  if (decodes_.blocks_of_next_step() > unpromised_blocks()) retract();
  // The last one waits for the blocks of requests whose last token is on its way.
  is_paused_ = decodes_.blocks_of_next_step() > unpromised_blocks();
  if (is_paused_) return;
  blocks_.take(decodes_.blocks_of_next_step());
  if (blocks_.has_cache() && prefixes_->has_answers()) register_answers(decodes_.tick() + 1);
}

/// Nothing runs: what was full is empty. True where the queue is to be looked at once more.
bool Replica::tries_again() {
  const bool was_full = is_full_;
  is_full_ = false;
  if (is_under_way_) return false;
  if (!was_full) answer_share_ = rules_.estimate.first;
  return was_full;
}

/// Tokens that an answer is taken to add at most, so many being generated.
std::int64_t Replica::expected_answer(std::uint32_t request, std::int64_t generated) const {
  return std::min<std::int64_t>(requests_.output_tokens[request] - generated, rules_.estimate.most_tokens);
}

std::int64_t Replica::generated_of(std::int32_t index) const {
  const Slot& slot = at(index);
  return slot.generated + (slot.state == SlotState::decoding ? decodes_.computed_of(index) - slot.computed : 0);
}

/// Whether the answers that are expected, a prompt and its answer fit the free blocks. O(running requests): it is asked
/// once for each admission, and once in vain until a request leaves.
bool Replica::fits_estimate(const WaitingRequest& head, std::int64_t to_compute, std::int64_t idle_hits) const {
  std::int64_t expected = 0;
  for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
    if (at(index).state == SlotState::decoding) expected += expected_answer(at(index).request, generated_of(index));
  }
  const auto share = static_cast<std::int64_t>(static_cast<Int128>(expected) * answer_share_ / AnswerEstimate::kWhole);
  const std::int64_t left = (unpromised_blocks() - idle_hits) * limits_.block_size - share - pass_tokens_;
  return to_compute + expected_answer(head.request, head.generated) < left;
}

/// Blocks do not suffice for the next token of each: some requests give theirs back, and the share of answers that is
/// counted follows from how far the others are.
void Replica::retract() {
  while (decodes_.size() > 1 && decodes_.blocks_of_next_step() > unpromised_blocks()) {
    std::int32_t victim = kNone;
    for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
      if (at(index).state != SlotState::decoding) continue;
      if (victim == kNone || comes_before(index, victim)) victim = index;
    }
    retract(victim);
  }
  std::int64_t generated = 0;
  std::int64_t limits = 1;
  for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
    if (at(index).state != SlotState::decoding) continue;
    generated += generated_of(index) + rules_.estimate.steps;
    limits += requests_.output_tokens[at(index).request];
  }
  const Int128 share = static_cast<Int128>(generated) * AnswerEstimate::kWhole / limits;
  answer_share_ = static_cast<std::int64_t>(std::min<Int128>(share, AnswerEstimate::kWhole));
  is_full_ = false;
}

/// Whether one running request is retracted rather than another that was admitted before.
bool Replica::comes_before(std::int32_t index, std::int32_t other) const {
  const std::int64_t own = generated_of(index);
  const std::int64_t others = generated_of(other);
  if (own != others) return own < others;
  return requests_.input_tokens[at(index).request] >= requests_.input_tokens[at(other).request];
}

void Replica::retract(std::int32_t index) {
  Slot& slot = at(index);
  leave_pause(slot);
  const std::int64_t last_token_ps = last_token_of(slot);
  const std::int64_t cached = slot.computed;  // what it generated since is not in the cache
  leave_decoding(index);
  give_back_blocks(index, cached, /*comes_back=*/true);
  const std::uint32_t own_segment = blocks_.has_cache() ? holding_of(index).own_segment : KvBlocks::kNone;
  waiting_.push_back({slot.request, slot.generated, last_token_ps, own_segment, true});
  ++preempted_;
  ++totals_.preemptions;
  auto& times = outcomes_.preemptions[slot.request];
  if (times < UINT16_MAX) ++times;
  drop_slot(index);
}

// ---- gaps between tokens over steps without running requests -------------------------------

/// Requests of the decode batch by when their last token came, as long as it is paused.
void Replica::note_pause() {
  std::int64_t known = 0;
  for (const Pause& pause : pauses_) known += pause.requests;
  const std::int64_t others = decodes_.size() - known;
  if (others > 0) pauses_.push_back({last_step_end_ps_, others});
}

std::int64_t Replica::last_token_of(const Slot& slot) const {
  if (pauses_.empty()) return last_step_end_ps_;
  return std::max(slot.last_token_ps, pauses_.front().since_ps);
}

/// A request leaves the paused batch. Pre: it is in the decode batch.
void Replica::leave_pause(const Slot& slot) {
  const std::int64_t since = last_token_of(slot);
  for (Pause& pause : pauses_) {
    if (pause.since_ps == since) --pause.requests;
  }
}

/// The batch goes on: gaps of the first step.
void Replica::end_pause(std::int64_t first_step_end_ps) {
  for (const Pause& pause : pauses_) {
    if (pause.requests > 0) totals_.token_gaps.add(first_step_end_ps - pause.since_ps, pause.requests);
  }
  pauses_.clear();
}

}  // namespace orrery
