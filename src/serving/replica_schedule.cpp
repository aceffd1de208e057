// Which requests a step serves, and with how many tokens: V-10 to V-29, V-50.

#include <algorithm>

#include "orrery/base/result.h"
#include "orrery/serving/replica.h"

namespace orrery {

void Replica::schedule(std::int64_t now) {
  if (select(now)) {
    begin_segment(now);
  } else {
    stand_by();
  }
}

bool Replica::select(std::int64_t now) {
  for (;;) {
    chunks_.clear();
    late_.clear();
    budget_ = limits_.max_batched_tokens;
    preempted_ = 0;
    head_is_blocked_ = false;
    if (!is_plain_ && estimates_answers()) {
      schedule_prompts_first(now);
    } else {
      schedule_running();
      if (blocks_.has_cache()) register_running();
      if (preempted_ == 0) {  // V-20
        if (!remote_.empty()) admit_received(now);
        admit_in_order(now);
        if (!set_aside_.empty()) return_set_aside();
      }
    }
    if ((is_paused_ ? 0 : decodes_.size()) + static_cast<std::int64_t>(chunks_.size()) > 0) return true;
    if (!is_plain_ && estimates_answers() && tries_again()) continue;
    // A step without tokens takes no time: try again, unless the step under way is to end first.
    if (preempted_ == 0 || is_under_way_) return false;
  }
}

void Replica::stand_by() {
  ORRERY_CHECK(waiting_.empty() || is_under_way_ || !held_.empty() || !remote_.empty());
  segment_.steps = 0;
  next_event_ps_ = is_under_way_ ? last_step_end_ps_ : INT64_MAX;
}

// ---- running requests: phase A (V-10 to V-17) ----------------------------------------------

/// Who comes first matters only where tokens or blocks do not suffice for all.
void Replica::schedule_running() {
  std::int64_t blocks = 0;
  if (!plan_running(blocks)) {
    chunks_.clear();
    by_priority_ ? walk_by_priority() : walk_running();
    return;
  }
  blocks_.take(blocks);
  budget_ -= decodes_.size();
  std::size_t kept = 0;
  for (const Chunk chunk : chunks_) {
    budget_ -= chunk.tokens;
    if (begin_chunk(chunk)) chunks_[kept++] = chunk;
  }
  chunks_.resize(kept);
}

/// Collects a chunk for every request that is not decoding; false where tokens or blocks do not suffice.
bool Replica::plan_running(std::int64_t& blocks) {
  const std::int64_t decode_blocks = decodes_.blocks_of_next_step();
  blocks = decode_blocks;
  std::int64_t left = budget_ - decodes_.size();
  for (const std::int32_t index : computing_) {
    const Slot& slot = at(index);
    std::int64_t tokens = std::min(wanted_tokens(slot), chunk_limit_);
    if (tokens > left) {
      if (index != last_running_ && !rules_.decodes_first) return false;
      tokens = left;
    }
    if (tokens == 0) break;
    left -= tokens;
    blocks += more_blocks(index, slot.computed, tokens);
    chunks_.push_back({index, tokens});
  }
  if (is_plain_) return blocks <= blocks_.free();
  const std::int64_t promised = rules_.reservation == Reservation::prompt ? blocks - decode_blocks : blocks;
  if (blocks - promised > unpromised_blocks()) return false;
  if (!rules_.whole_batches) promised_ -= promised;
  return true;
}

/// The same, one request after the other.
void Replica::walk_running() {
  std::int32_t index = first_running_;
  if (rules_.decodes_first) {
    for (; index != kNone; index = at(index).next) {
      if (at(index).state == SlotState::decoding && !serve_in_turn(index)) break;
    }
    for (std::size_t i = 0; i < computing_.size() && budget_ > 0; ++i) serve_in_turn(computing_[i]);
    return;
  }
  for (; index != kNone && budget_ > 0; index = at(index).next) {
    if (at(index).state == SlotState::ending) continue;  // V-11
    if (!serve_in_turn(index)) return;
  }
  for (; index != kNone; index = at(index).next) {
    if (at(index).state == SlotState::decoding) starve(index);
  }
}

/// False where it had to be preempted itself (V-16).
bool Replica::serve_in_turn(std::int32_t index) {
  const Slot& slot = at(index);
  const bool decodes = slot.state == SlotState::decoding;
  const std::int64_t tokens = decodes ? 1 : std::min({wanted_tokens(slot), chunk_limit_, budget_});
  const std::int64_t computed = decodes ? decodes_.computed_of(index) : slot.computed;
  const std::int64_t blocks = more_blocks(index, computed, tokens);
  if (!decodes && rules_.reservation == Reservation::prompt) {
    promised_ -= blocks;
  } else {
    while (blocks > unpromised_blocks()) {
      const std::int32_t victim = last_running_;  // V-15
      preempt(victim);
      if (victim == index) return false;
    }
  }
  blocks_.take(blocks);
  budget_ -= tokens;
  if (!decodes && begin_chunk({index, tokens})) chunks_.push_back({index, tokens});
  return true;
}

/// False where the chunk is the one token of a request that was starved and decodes on.
bool Replica::begin_chunk(const Chunk& chunk) {
  Slot& slot = at(chunk.slot);
  if (slot.state == SlotState::starved) {
    late_.push_back({chunk.slot, slot.last_token_ps});
    std::erase(computing_, chunk.slot);
    join_decoding(chunk.slot);
    return false;
  }
  if (speculation_ != nullptr) {
    hold(chunk.slot,
         blocks_held_[static_cast<std::size_t>(chunk.slot)] + blocks_to_look_ahead(chunk.slot, chunk.tokens));
  }
  slot.computed += chunk.tokens;
  return true;
}

void Replica::starve(std::int32_t index) {
  leave_decoding(index);
  Slot& slot = at(index);
  slot.state = SlotState::starved;
  slot.last_token_ps = last_step_end_ps_;
  const auto place = std::lower_bound(computing_.begin(), computing_.end(), slot.admission,
                                      [&](std::int32_t other, std::int64_t own) { return at(other).admission < own; });
  computing_.insert(place, index);
  if (lead_ > 0) updates_.push_back({slot.admission, index, slot.request});
}

/// V-50: all blocks are given back, what was computed is lost, and the request goes to the front. A token that is
/// on its way still arrives (V-64), before anybody is admitted; if it is the last one, the request is done with it.
/// `taken_back` are tokens of the step that the request has blocks for, and that are not counted as computed.
void Replica::preempt(std::int32_t index, std::int64_t taken_back) {
  Slot& slot = at(index);
  std::int64_t unknown = slot.state == SlotState::ending ? lead_ : 0;
  if (slot.state == SlotState::decoding) {
    leave_decoding(index);
    slot.last_token_ps = last_step_end_ps_;
    unknown = lead_;
  } else if (slot.state != SlotState::ending) {
    std::erase(computing_, index);
  }
  const bool comes_back = slot.state != SlotState::ending || start_over(index);
  slot.computed += taken_back;
  give_back_blocks(index, slot.computed - unknown, comes_back);
  if (comes_back) {
    const std::uint32_t own_segment = blocks_.has_cache() ? holding_of(index).own_segment : KvBlocks::kNone;
    const WaitingRequest waiting{slot.request, slot.generated, slot.last_token_ps, own_segment, true};
    by_priority_ ? enqueue(waiting) : waiting_.push_front(waiting);
  } else {
    for (Update& update : updates_) {
      if (update.slot == index) update.slot = kNone;
    }
  }
  ++preempted_;
  ++totals_.preemptions;
  auto& times = outcomes_.preemptions[slot.request];
  if (times < UINT16_MAX) ++times;
  drop_slot(index);
}

// ---- the prefix index (V-40 to V-44) -------------------------------------------------------

/// V-42: what this step computes for running requests enters the index before anybody is admitted. Answers that nobody
/// else can ask for are left until their request gives its blocks back.
void Replica::register_running() {
  if (prefixes_->has_answers()) {
    register_answers(decodes_.tick() + 1);
    return;
  }
  for (const Chunk& chunk : chunks_) register_tokens(chunk.slot, certain_tokens(chunk));
  for (const LateToken& late : late_) register_tokens(late.slot, at(late.slot).computed + 1);
}

void Replica::register_tokens(std::int32_t index, std::int64_t tokens) {
  blocks_.register_blocks(holding_of(index), at(index).request, tokens / limits_.block_size);
}

/// Registers the known blocks that have filled until a tick in the order in which they did: where several have the same
/// content, the first is found (V-43). The last of them may be that of the step being scheduled.
void Replica::register_answers(std::int64_t until_tick) {
  registrations_.clear();
  for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
    const Slot& slot = at(index);
    if (slot.state != SlotState::decoding) continue;
    const std::int64_t now = decodes_.tick();
    const std::int64_t computed = decodes_.computed_of(index);
    const std::int64_t in_flight = in_flight_of(slot);
    const std::int64_t full = (computed + until_tick - now - in_flight) / limits_.block_size;
    const std::int64_t end = std::min<std::int64_t>(full, prefixes_->known_blocks(slot.request));
    for (std::int64_t block = holding_of(index).registered + 1; block <= end; ++block) {
      registrations_.push_back({now + block * limits_.block_size + in_flight - computed, slot.admission, index, block});
    }
  }
  if (until_tick > decodes_.tick()) {
    for (const Chunk& chunk : chunks_) {
      const std::int64_t full = certain_tokens(chunk) / limits_.block_size;
      registrations_.push_back({until_tick, at(chunk.slot).admission, chunk.slot, full});
    }
    for (const LateToken& late : late_) {
      const Slot& slot = at(late.slot);
      registrations_.push_back({until_tick, slot.admission, late.slot, (slot.computed + 1) / limits_.block_size});
    }
  }
  std::sort(registrations_.begin(), registrations_.end(), [](const Registration& a, const Registration& b) {
    return a.tick != b.tick ? a.tick < b.tick : a.admission < b.admission;
  });
  for (const Registration& each : registrations_) {
    blocks_.register_blocks(holding_of(each.slot), at(each.slot).request, each.end);
  }
}

// ---- admission: phase B (V-20 to V-27) -----------------------------------------------------

/// First come, first served; the head blocks the queue.
void Replica::admit_in_order(std::int64_t now) {
  if (!is_plain_ && batch_is_closed()) return;
  while (!waiting_.empty() && budget_ > 0 && running_ < limits_.max_sequences) {
    const WaitingRequest& head = waiting_.front();
    if (adapter_cost_ != nullptr && lacks_adapter(head.request)) {
      set_head_aside();
      continue;
    }
    if (is_half(Handover::Half::decode) && !head.preempted) {
      if (!reserve_remote(now)) return;
      continue;
    }
    const std::int64_t all = requests_.input_tokens[head.request] + head.generated;
    KvBlocks::Hits hits;
    // V-41: the last token is computed in any case.
    if (blocks_.has_cache()) hits = blocks_.look_up(head.request, head.own_segment, (all - 1) / limits_.block_size);
    const std::int64_t cached = hits.blocks * limits_.block_size;
    const std::int64_t wanted = std::min(all - cached, chunk_limit_);
    const std::int64_t tokens = std::min(wanted, budget_);
    const std::int64_t available = blocks_.free() - hits.idle + hits.blocks;  // V-32
    if (!is_plain_ && estimates_answers() && !fits_estimate(head, all - cached, hits.idle)) {
      is_full_ = true;
      return;
    }
    const std::int64_t needed = is_plain_ ? blocks_for(limits_.reserve_full_prompt ? all : cached + tokens)
                                          : blocks_to_admit(head, cached + tokens) + promised_;
    head_is_blocked_ = needed > available || (tokens < wanted && !limits_.chunked_prefill);  // V-25, V-24
    if (head_is_blocked_) return;
    admit(now, cached, tokens);
  }
}

void Replica::admit(std::int64_t now, std::int64_t cached, std::int64_t tokens) {
  const WaitingRequest head = waiting_.front();
  waiting_.pop_front();
  if (by_priority_) take_next_level();
  const std::int32_t index = take_slot();
  Slot& slot = at(index);
  slot.request = head.request;
  if (adapter_cost_ != nullptr) count_adapter(head.request, +1);
  if (clients_give_up_) {
    running_slots_[head.request] = index;
    drop_gone_heads();
  }
  slot.generated = head.generated;
  slot.computed = cached + tokens;
  slot.last_token_ps = head.last_token_ps;
  slot.state = SlotState::computing;
  computing_.push_back(index);
  chunks_.push_back({index, tokens});
  budget_ -= tokens;
  if (blocks_.has_cache()) {
    KvBlocks::Holding& holding = holding_of(index);
    holding.own_segment = head.own_segment;
    blocks_.take_hits(holding);  // V-33: before the new blocks
    blocks_.take(blocks_for(slot.computed) - cached / limits_.block_size);
    register_tokens(index, slot.computed);
  } else {
    blocks_.take(blocks_for(slot.computed));
  }
  if (speculation_ != nullptr) hold(index, blocks_for(slot.computed));
  if (!is_plain_) promised_ += promise_of(slot);
  if (!is_plain_ && estimates_answers() && left_to_compute(slot) == 0)
    pass_tokens_ += expected_answer(slot.request, slot.generated);
  if (head.preempted) {
    totals_.recomputed_tokens += requests_.input_tokens[head.request] + head.generated - cached;
  } else {
    totals_.hit_tokens += cached;
    const std::int64_t start = is_under_way_ ? last_step_end_ps_ : now;
    outcomes_.scheduled_ps[head.request] = start;
    if (is_half(Handover::Half::prefill)) handover_->started.push_back({head.request, start, 0});
  }
}

/// Whether admission of a blocked head could succeed before any request finishes: where a running request registers
/// what the head waits for. In other ways it cannot: a block that is taken makes free blocks fewer by one, and the
/// blocks that the head needs by one at most (KvBlocks::look_up_segment says why).
bool Replica::head_may_be_admitted_soon() const {
  if (!blocks_.has_cache()) return false;
  // A promised block that is taken may be one of the hits, and another copy of it be held by somebody.
  if (rules_.reservation == Reservation::answer && blocks_.idle_hits() > 0) return true;
  if (!prefixes_->has_answers()) return false;
  for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
    if (blocks_.could_lengthen_hits(holding_of(index), at(index).request)) return true;
  }
  return false;
}

// ---- slots ---------------------------------------------------------------------------------

std::int32_t Replica::take_slot() {
  std::int32_t index = 0;
  if (free_slots_.empty()) {
    index = static_cast<std::int32_t>(slots_.size());
    slots_.emplace_back();
    if (blocks_.has_cache()) holdings_.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  Slot& slot = at(index);
  slot.admission = ++admissions_;
  slot.previous = last_running_;
  slot.next = kNone;
  if (last_running_ != kNone) at(last_running_).next = index;
  if (first_running_ == kNone) first_running_ = index;
  last_running_ = index;
  ++running_;
  return index;
}

/// Takes a request off `running`. Pre: not decoding, and without blocks.
void Replica::drop_slot(std::int32_t index) {
  const Slot& slot = at(index);
  (slot.previous == kNone ? first_running_ : at(slot.previous).next) = slot.next;
  (slot.next == kNone ? last_running_ : at(slot.next).previous) = slot.previous;
  free_slots_.push_back(index);
  if (adapter_cost_ != nullptr && slot.state != SlotState::ending) count_adapter(slot.request, -1);
  if (clients_give_up_) running_slots_.erase(slot.request);
  --running_;
}

/// Pre: not decoding. `registered` tokens have their place in the prefix index by now.
void Replica::give_back_blocks(std::int32_t index, std::int64_t registered, bool comes_back) {
  const Slot& slot = at(index);
  const std::int64_t blocks = blocks_of(index);
  if (!is_plain_) promised_ -= promise_of(slot);
  if (!blocks_.has_cache()) {
    blocks_.release_uncached(blocks);
    return;
  }
  if (speculation_ == nullptr) register_tokens(index, registered);  // otherwise done when they were scheduled
  blocks_.release(holding_of(index), slot.request, blocks, comes_back);
}

}  // namespace orrery
