// Requests with priorities, as vLLM serves them: V-02 and V-15. Of equal ones the earlier comes first, so that equal
// priorities are first come, first served. Requests are numbered in the order of arrival.

#include <algorithm>
#include <utility>

#include "orrery/serving/replica.h"

namespace orrery {

// ---- the waiting queue ---------------------------------------------------------------------

/// Pre: somebody waits.
bool Replica::comes_before_head(std::uint32_t request) const {
  const std::uint32_t head = waiting_.front().request;
  return std::pair(requests_.priorities[request], request) < std::pair(requests_.priorities[head], head);
}

/// V-02: in the order of (priority, arrival), those that were preempted as well.
void Replica::enqueue(const WaitingRequest& request) {
  std::deque<WaitingRequest>* level = &waiting_;
  if (!waiting_.empty()) {
    const std::int32_t own = requests_.priorities[request.request];
    const std::int32_t first = requests_.priorities[waiting_.front().request];
    if (own < first) later_levels_[first].swap(waiting_);
    if (own > first) level = &later_levels_[own];
  }
  const auto place =
      std::lower_bound(level->begin(), level->end(), request.request,
                       [](const WaitingRequest& other, std::uint32_t own) { return other.request < own; });
  level->insert(place, request);
}

/// After a head has left.
void Replica::take_next_level() {
  if (!waiting_.empty() || later_levels_.empty()) return;
  const auto next = later_levels_.begin();
  waiting_ = std::move(next->second);
  later_levels_.erase(next);
}

// ---- running requests where tokens or blocks do not suffice for all -------------------------

/// V-10 to V-17 in the order of admission. Whoever is passed over keeps its place and gets nothing.
void Replica::walk_by_priority() {
  std::vector<std::int32_t> passed;
  std::int32_t index = first_running_;
  bool goes_on = true;
  while (goes_on && index != kNone && budget_ > 0) {
    Slot& slot = at(index);
    if (slot.state == SlotState::ending) {  // V-11
      passed.push_back(index);
      index = slot.next;
      continue;
    }
    const bool decodes = slot.state == SlotState::decoding;
    const std::int64_t tokens = decodes ? 1 : std::min({left_to_compute(slot), chunk_limit_, budget_});
    const std::int64_t computed = decodes ? decodes_.computed_of(index) : slot.computed;
    const std::int64_t blocks = more_blocks(index, computed, tokens);
    std::int64_t to_pass = make_room(index, blocks, passed);
    goes_on = to_pass >= 0;
    if (goes_on) {
      blocks_.take(blocks);
      budget_ -= tokens;
      if (!decodes && begin_chunk({index, tokens})) chunks_.push_back({index, tokens});
      if (blocks_.has_cache()) register_served(index);
    }
    // A request that was preempted itself is off the list, but still knows who came behind it.
    for (index = slot.next; to_pass > 0 && index != kNone; --to_pass) {
      passed.push_back(index);
      index = at(index).next;
    }
  }
  for (const std::int32_t other : passed) {
    if (at(other).state == SlotState::decoding) starve(other);
  }
  for (; index != kNone; index = at(index).next) {
    if (at(index).state == SlotState::decoding) starve(index);
  }
}

/// V-15: preempts the least important until so many blocks are free for a request of the walk. Returns -1 where that
/// was the request itself (V-16); otherwise how many requests behind it are passed over: vLLM walks by an index into
/// its list, and moves that back for a victim whose tokens it takes back, but not for one that it had passed.
std::int64_t Replica::make_room(std::int32_t index, std::int64_t blocks, std::vector<std::int32_t>& passed) {
  std::int64_t to_pass = 0;
  while (blocks > blocks_.free()) {
    const std::int32_t victim = least_important();
    std::int64_t taken_back = 0;
    if (at(victim).admission < at(index).admission) {
      const auto place = std::find(passed.begin(), passed.end(), victim);
      if (place == passed.end()) {
        taken_back = take_back(victim);
      } else {
        passed.erase(place);
        ++to_pass;
      }
    }
    preempt(victim, taken_back);
    if (victim == index) return -1;
  }
  return to_pass;
}

/// Of all that run. Pre: there are any.
std::int32_t Replica::least_important() const {
  const auto rank = [&](std::int32_t index) {
    return std::pair(requests_.priorities[at(index).request], at(index).request);
  };
  std::int32_t least = first_running_;
  for (std::int32_t index = first_running_; index != kNone; index = at(index).next) {
    if (rank(index) > rank(least)) least = index;
  }
  return least;
}

/// Takes a request out of the step that has tokens in it; its blocks stay for now. Returns those of the tokens that are
/// not counted as computed.
std::int64_t Replica::take_back(std::int32_t index) {
  Slot& slot = at(index);
  if (slot.state != SlotState::decoding) {
    const auto chunk =
        std::find_if(chunks_.begin(), chunks_.end(), [&](const Chunk& other) { return other.slot == index; });
    budget_ += chunk->tokens;
    chunks_.erase(chunk);
    return 0;
  }
  ++budget_;
  const auto late =
      std::find_if(late_.begin(), late_.end(), [&](const LateToken& other) { return other.slot == index; });
  if (late != late_.end()) {  // it was starved until now
    late_.erase(late);
    leave_decoding(index);
    slot.state = SlotState::starved;
    computing_.push_back(index);
  }
  return 1;
}

/// V-42, at once: a victim's blocks keep their place in the index, in the order in which they got it, even those that
/// the step would have filled.
void Replica::register_served(std::int32_t index) {
  const Slot& slot = at(index);
  if (slot.state != SlotState::decoding) {
    register_tokens(index, slot.computed);
    return;
  }
  const std::int64_t after = decodes_.computed_of(index) + 1;
  const bool was_starved = !late_.empty() && late_.back().slot == index;
  if (was_starved) {
    register_tokens(index, after);
  } else if (prefixes_->has_answers()) {
    const std::int64_t full = (after - lead_) / limits_.block_size;
    blocks_.register_blocks(holding_of(index), slot.request,
                            std::min<std::int64_t>(full, prefixes_->known_blocks(slot.request)));
  }
}

}  // namespace orrery
