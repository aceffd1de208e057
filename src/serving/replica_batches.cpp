// What engines do differently (BatchRules): what they keep for a request, and whole batches.

#include <algorithm>

#include "orrery/base/result.h"
#include "orrery/serving/replica.h"

namespace orrery {

// ---- blocks that are kept for a running request --------------------------------------------

/// Tokens whose blocks are kept for a request from its admission on.
std::int64_t Replica::target_of(const Slot& slot) const {
  const std::int64_t prompt = requests_.input_tokens[slot.request];
  if (rules_.reservation == Reservation::answer) return prompt + requests_.output_tokens[slot.request] - 1;
  return slot.state == SlotState::computing ? prompt + slot.generated : 0;
}

/// Of these blocks, those that it does not have yet. Pre: not in the decode batch.
std::int64_t Replica::promise_of(const Slot& slot) const {
  if (rules_.reservation == Reservation::by_setting || rules_.whole_batches) return 0;
  return std::max<std::int64_t>(blocks_for(target_of(slot)) - blocks_for(slot.computed), 0);
}

/// Blocks without a promise that there must be for the head of the queue, hits in the prefix cache included.
std::int64_t Replica::blocks_to_admit(const WaitingRequest& head, std::int64_t first_tokens) const {
  const std::int64_t all = requests_.input_tokens[head.request] + head.generated;
  switch (rules_.reservation) {
    case Reservation::by_setting:
      return blocks_for(limits_.reserve_full_prompt ? all : first_tokens);
    case Reservation::estimate:
      return 0;  // fits_estimate() tells
    case Reservation::prompt:
      return blocks_for(all) + watermark_;
    case Reservation::answer:
      break;
  }
  const std::int64_t prompt = requests_.input_tokens[head.request];
  const std::int64_t answer = requests_.output_tokens[head.request];
  if (!rules_.whole_batches) return blocks_for(prompt + answer - 1) + watermark_;
  std::int64_t longest = answer;
  std::int64_t taken = 0;
  for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
    longest = std::max<std::int64_t>(longest, requests_.output_tokens[at(index).request]);
    taken += blocks_for(at(index).computed);
  }
  // Nobody is decoding yet where a batch is formed. What its members have is not asked for again.
  return blocks_of_batch(longest) - taken + blocks_for(prompt + longest - 1);
}

/// An arrival, at the next scheduling. Not always right where it says yes.
bool Replica::next_could_be_admitted(std::uint32_t request) const {
  if (estimates_answers()) return !is_full_;
  if (!waiting_.empty() || running_ >= limits_.max_sequences || batch_is_closed()) return false;
  return blocks_.has_cache() || blocks_to_admit({request, 0, 0, KvBlocks::kNone, false}, 1) <= unpromised_blocks();
}

/// Whether something may change at the next scheduling that neither a finish nor a lack of blocks tells.
bool Replica::tries_next_step() const { return is_paused_ || (estimates_answers() && !is_full_ && !waiting_.empty()); }

/// What a segment leaves behind beside its tokens.
void Replica::note_segment(std::int64_t steps) {
  if (rules_.whole_batches) end_batch_if_done();
  if (estimates_answers() && chunks_.empty() && preempted_ == 0) {
    answer_share_ = std::max(answer_share_ - steps * rules_.estimate.decay, rules_.estimate.least);
  }
}

// ---- whole batches -------------------------------------------------------------------------

/// Blocks of the running requests, if each of their answers is so long.
std::int64_t Replica::blocks_of_batch(std::int64_t longest_answer) const {
  std::int64_t blocks = 0;
  for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
    blocks += blocks_for(requests_.input_tokens[at(index).request] + longest_answer - 1);
  }
  return blocks;
}

/// A member's answer is complete: it is computed on until the batch is done. Pre: in the decode batch, or its last
/// token comes with its prompt.
void Replica::pad(std::int32_t index) {
  Slot& slot = at(index);
  if (slot.state != SlotState::decoding) decodes_.join(index, slot.computed, DecodeBatch::kEndless);
  slot.state = SlotState::padding;
  ++padding_;
}

void Replica::end_batch_if_done() {
  if (padding_ == 0 || padding_ < decodes_.size() || !computing_.empty()) return;
  padding_ = 0;
  for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
    if (at(index).state != SlotState::padding) continue;
    leave_decoding(index);
    at(index).generated = requests_.output_tokens[at(index).request];
    end_soon(index);
  }
}

}  // namespace orrery
