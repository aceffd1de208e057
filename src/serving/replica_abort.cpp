// Clients that give up: V-54. Their requests leave at the next step boundary, behind the tokens that come out there and
// before anybody is admitted; a step that runs is not interrupted, and what it computes for them is lost.

#include <algorithm>

#include "orrery/serving/replica.h"

namespace orrery {
namespace {

constexpr auto kLater = [](const auto& a, const auto& b) {
  return a.time != b.time ? a.time > b.time : a.request > b.request;
};

}  // namespace

/// A request has arrived: the run of steps under way must not pass over its client's patience.
void Replica::expect_give_up(std::uint32_t request) {
  const std::int64_t time = requests_.give_up_ps[request];
  give_ups_.push_back({time, request});
  std::push_heap(give_ups_.begin(), give_ups_.end(), kLater);
  if (segment_.steps <= 1 || beyond_horizon_ || time >= next_event_ps_) return;
  segment_.steps = scheduled_before(time);
  next_event_ps_ = segment_.start_ps + duration_of(segment_.steps - lead_);
}

/// When the next client gives up whose request is in the system.
std::int64_t Replica::next_give_up() {
  while (!give_ups_.empty() && outcomes_.state[give_ups_.front().request] != RequestState::unfinished) {
    std::pop_heap(give_ups_.begin(), give_ups_.end(), kLater);
    give_ups_.pop_back();
  }
  return give_ups_.empty() ? INT64_MAX : give_ups_.front().time;
}

/// A segment ends where somebody gives up.
void Replica::stop_at_give_up() {
  if (segment_.steps <= 1) return;
  const std::int64_t time = next_give_up();
  if (time < segment_.start_ps + duration_of(segment_.steps - lead_)) segment_.steps = scheduled_before(time);
}

/// Those in order of the time at which they give up.
void Replica::abort_given_up(std::int64_t now) {
  if (next_give_up() > now) return;
  if (estimates_answers() && blocks_.has_cache() && prefixes_->has_answers()) register_answers(decodes_.tick());
  while (next_give_up() <= now) let_go(give_ups_.front().request, now);
  drop_gone_heads();
  if (rules_.whole_batches) {
    end_batch_if_done();
    if (lead_ == 0) end_step(now);
  }
}

void Replica::let_go(std::uint32_t request, std::int64_t now) {
  fail(request, now);
  const auto running = running_slots_.find(request);
  if (running == running_slots_.end()) return;  // it waits: it is taken off the queue when it comes to its head
  const std::int32_t index = running->second;
  Slot& slot = at(index);
  std::int64_t unknown = 0;  // computed tokens that are not for the prefix index
  has_shrunk_ = true;
  if (slot.state == SlotState::decoding) {
    leave_pause(slot);
    const std::int64_t steps = leave_decoding(index);
    unknown = estimates_answers() ? steps : lead_;  // the former keep no answer that is not complete
  } else if (slot.state == SlotState::padding) {
    leave_decoding(index);
    --padding_;
    slot.generated = requests_.output_tokens[request];
    unknown = lead_;
  } else if (slot.state == SlotState::ending) {
    std::erase_if(updates_, [&](const Update& update) { return update.slot == index; });
    unknown = lead_;
  } else {
    std::erase(computing_, index);
  }
  if (outcomes_.first_token_ps[request] > now) outcomes_.first_token_ps[request] = RequestOutcomes::kUnset;
  totals_.failed_tokens += slot.generated;
  give_back_blocks(index, slot.computed - unknown, /*comes_back=*/false);
  drop_slot(index);
}

void Replica::fail(std::uint32_t request, std::int64_t now) {
  outcomes_.finish_ps[request] = now;
  outcomes_.state[request] = RequestState::failed;
  ++totals_.failed;
  count_in_system(now, -1, requests_.input_tokens[request]);
}

/// Keeps the head of the queue alive: each failed request is taken off once, however long the queue is.
void Replica::drop_gone_heads() {
  while (!waiting_.empty() && outcomes_.state[waiting_.front().request] != RequestState::unfinished) {
    totals_.failed_tokens += waiting_.front().generated;
    if (blocks_.has_cache()) blocks_.forget(waiting_.front().own_segment);
    waiting_.pop_front();
    if (by_priority_) take_next_level();
  }
}

}  // namespace orrery
