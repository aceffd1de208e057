#include "orrery/serving/decode_batch.h"

#include <algorithm>

namespace orrery {
namespace {

std::int64_t modulo(std::int64_t a, std::int64_t n) {
  const std::int64_t r = a % n;
  return r < 0 ? r + n : r;
}

}  // namespace

void DecodeBatch::DeadlineHeap::push(Deadline deadline) {
  heap_.push_back(deadline);
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void DecodeBatch::DeadlineHeap::pop() {
  std::pop_heap(heap_.begin(), heap_.end(), later);
  heap_.pop_back();
}

DecodeBatch::DecodeBatch(const StepCost& cost, std::int64_t block_size)
    : cost_(&cost), block_size_(block_size), members_by_phase_(static_cast<std::size_t>(block_size)) {}

void DecodeBatch::join(std::int32_t slot, std::int64_t computed, std::int64_t steps) {
  const auto index = static_cast<std::size_t>(slot);
  if (index >= members_.size()) members_.resize(index + 1);
  Member& member = members_[index];
  member.computed = computed;
  member.join_tick = tick_;
  ++size_;
  ++members_by_phase_[phase_of(member)];
  context_tokens_ += computed;
  if (steps != kEndless) finishes_.push({tick_ + steps, slot, member.epoch});
  if (cost_->window_tokens == 0) return;
  window_tokens_ += std::min(computed, cost_->window_tokens);
  if (computed < cost_->window_tokens) {
    ++unsaturated_;
    saturations_.push({tick_ + cost_->window_tokens - computed, slot, member.epoch});
  }
}

std::int64_t DecodeBatch::leave(std::int32_t slot) {
  Member& member = members_[static_cast<std::size_t>(slot)];
  const std::int64_t steps = tick_ - member.join_tick;
  const std::int64_t computed = member.computed + steps;
  --size_;
  --members_by_phase_[phase_of(member)];
  context_tokens_ -= computed;
  if (cost_->window_tokens > 0) {
    window_tokens_ -= std::min(computed, cost_->window_tokens);
    if (computed < cost_->window_tokens) --unsaturated_;
  }
  ++member.epoch;
  return steps;
}

std::size_t DecodeBatch::phase_of(const Member& member) const {
  return static_cast<std::size_t>(modulo(member.computed - member.join_tick, block_size_));
}

std::size_t DecodeBatch::phase_of_tick(std::int64_t tick) const {
  return static_cast<std::size_t>(modulo(-tick, block_size_));
}

std::int64_t DecodeBatch::blocks_of_run(std::int64_t steps) const {
  std::int64_t blocks = steps / block_size_ * size_;
  std::size_t phase = tick_phase_;
  for (std::int64_t rest = steps % block_size_; rest > 0; --rest) {
    blocks += members_by_phase_[phase];
    phase = phase_after(phase);
  }
  return blocks;
}

std::int64_t DecodeBatch::run_limit(std::int64_t free_blocks) {
  while (is_stale(finishes_.top())) finishes_.pop();
  std::int64_t limit = finishes_.top().tick - tick_;
  while (!saturations_.empty() && is_stale(saturations_.top())) saturations_.pop();
  if (!saturations_.empty()) limit = std::min(limit, saturations_.top().tick - tick_);

  if (!cost_->lines.empty()) limit = std::min(limit, cost_->steps_in_octave(size_, context_tokens_ + size_));

  const std::int64_t rounds = limit / block_size_ + 1;
  if (rounds * size_ <= free_blocks) return limit;
  // Any block_size successive steps take one block per request; the first step has taken its own.
  std::int64_t steps = 1 + free_blocks / size_ * block_size_;
  std::int64_t left = free_blocks % size_;
  for (std::size_t phase = phase_of_tick(tick_ + steps); steps < limit; ++steps) {
    left -= members_by_phase_[phase];
    if (left < 0) break;
    phase = phase_after(phase);
  }
  return std::min(steps, limit);
}

void DecodeBatch::saturate() {
  for (; !saturations_.empty() && saturations_.top().tick <= tick_; saturations_.pop()) {
    if (!is_stale(saturations_.top())) --unsaturated_;
  }
}

std::int32_t DecodeBatch::pop_finished() {
  while (!finishes_.empty() && finishes_.top().tick <= tick_) {
    const Deadline deadline = finishes_.top();
    finishes_.pop();
    if (!is_stale(deadline)) return deadline.slot;
  }
  return -1;
}

}  // namespace orrery
