// Requests of which another engine computes a part: V-90 to V-92.

#include <algorithm>
#include <utility>

#include "orrery/base/result.h"
#include "orrery/serving/replica.h"

namespace orrery {

/// Makes the first scheduling at or after `now` the next event. That changes no figure: how many steps a segment has
/// never does.
void Replica::wake(std::int64_t now) {
  if (segment_.steps == 0) {
    next_event_ps_ = is_under_way_ ? last_step_end_ps_ : now;
  } else if (!beyond_horizon_) {
    segment_.steps = scheduled_before(now);
    next_event_ps_ = segment_.start_ps + duration_of(segment_.steps - lead_);
  }
}

// ---- prefill -------------------------------------------------------------------------------

/// V-90: the request is done here, but its blocks are not free.
void Replica::hold_blocks(std::int32_t index) {
  const Slot& slot = at(index);
  HeldBlocks held{blocks_of(index), {}};
  if (blocks_.has_cache()) std::swap(held.holding, holding_of(index));
  held_.emplace(slot.request, std::move(held));
}

void Replica::acknowledge(std::uint32_t request, SimTime now) {
  ORRERY_CHECK(held_.contains(request));
  acknowledged_.push_back(request);
  wake(now.ps());
}

void Replica::free_acknowledged() {
  for (const std::uint32_t request : acknowledged_) {
    const auto found = held_.find(request);
    if (blocks_.has_cache()) {
      blocks_.release(found->second.holding, request, found->second.blocks, /*comes_back=*/false);
    } else {
      blocks_.release_uncached(found->second.blocks);
    }
    held_.erase(found);
  }
  acknowledged_.clear();
}

/// A prompt that is preempted while its first token is on its way would leave nothing to hand over: it is computed
/// again, and the token is dropped. False where it is not half of a request.
bool Replica::start_over(std::int32_t index) {
  if (!is_half(Handover::Half::prefill)) return false;
  Slot& slot = at(index);
  std::erase_if(updates_, [&](const Update& update) { return update.slot == index; });
  --slot.generated;
  --totals_.generated_tokens;
  outcomes_.first_token_ps[slot.request] = RequestOutcomes::kUnset;
  return true;
}

// ---- decode --------------------------------------------------------------------------------

/// V-91: takes the blocks of the head's whole prompt at once, given tokens included, so that its first step needs none
/// and no request waits for blocks that others like it hold. False where they do not suffice (V-25). They are
/// registered when their content is there.
bool Replica::reserve_remote(std::int64_t now) {
  const WaitingRequest head = waiting_.front();
  const std::int64_t all = requests_.input_tokens[head.request];
  KvBlocks::Hits hits;
  if (blocks_.has_cache()) hits = blocks_.look_up(head.request, head.own_segment, (all - 1) / limits_.block_size);
  const std::int64_t cached = hits.blocks * limits_.block_size;
  head_is_blocked_ = blocks_for(all) > blocks_.free() - hits.idle + hits.blocks;
  if (head_is_blocked_) return false;
  waiting_.pop_front();
  RemoteRequest& remote = remote_.emplace_back(head.request, false, RequestOutcomes::kUnset, KvBlocks::Holding{});
  if (blocks_.has_cache()) blocks_.take_hits(remote.holding);
  blocks_.take(blocks_for(all) - hits.blocks);
  totals_.hit_tokens += cached;
  note_peaks();
  handover_->reserved.push_back({head.request, now, all - handover_->given_tokens - cached});
  return true;
}

void Replica::receive(std::uint32_t request, SimTime now, std::int64_t last_token_ps) {
  const auto found = std::find_if(remote_.begin(), remote_.end(),
                                  [&](const RemoteRequest& remote) { return remote.request == request; });
  ORRERY_CHECK(found != remote_.end());
  found->is_there = true;
  found->last_token_ps = last_token_ps;
  if (running_ < limits_.max_sequences) wake(now.ps());  // otherwise the run goes on unchanged
}

/// V-22, V-92: requests whose prompts are there run before any that wait, in the order of their reservations. They
/// hold their blocks, so that none of them can be refused for lack of them. vLLM keeps them in a queue of their own,
/// too, which comes first (`skipped_waiting`).
void Replica::admit_received(std::int64_t now) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < remote_.size(); ++i) {
    if (remote_[i].is_there && budget_ > 0 && running_ < limits_.max_sequences) {
      admit_received(now, remote_[i]);
    } else {
      if (kept != i) remote_[kept] = std::move(remote_[i]);
      ++kept;
    }
  }
  remote_.erase(remote_.begin() + static_cast<std::ptrdiff_t>(kept), remote_.end());
}

/// Its first step computes one token, as every later one does: the last of the prompt, whose logits are not there, or
/// the token that was given.
void Replica::admit_received(std::int64_t now, RemoteRequest& remote) {
  const std::int32_t index = take_slot();
  Slot& slot = at(index);
  slot.request = remote.request;
  slot.generated = 0;
  slot.computed = requests_.input_tokens[remote.request] - 1;
  slot.last_token_ps = remote.last_token_ps;
  if (blocks_.has_cache()) {
    holding_of(index) = std::move(remote.holding);
    register_tokens(index, slot.computed + 1);
  }
  --budget_;
  if (speculation_ != nullptr) {  // nothing is drafted yet
    slot.state = SlotState::speculating;
    hold(index, blocks_for(++slot.computed));
    computing_.push_back(index);
    chunks_.push_back({index, 1});
  } else {
    late_.push_back({index, remote.last_token_ps});
    join_decoding(index);
  }
  outcomes_.scheduled_ps[remote.request] = is_under_way_ ? last_step_end_ps_ : now;
}

}  // namespace orrery
