#pragma once

#include <cstdint>
#include <vector>

#include "orrery/base/wide_integer.h"
#include "orrery/model/step_cost.h"

namespace orrery {

/// first + (first + growth) + ... over `steps` terms.
constexpr Int128 sum_of_ramp(std::int64_t first, std::int64_t growth, std::int64_t steps) {
  return static_cast<Int128>(first) * steps + static_cast<Int128>(growth) * steps * (steps - 1) / 2;
}

/// The decoding requests of one replica: every step gives each of them one token. What a step costs
/// follows from a few sums, and what happens next from heaps, so that a run of steps takes no longer than
/// one. Requests are named by the slots of their replica; a tick is a step.
class DecodeBatch {
 public:
  DecodeBatch(const StepCost& cost, std::int64_t block_size);

  std::int64_t size() const { return size_; }
  std::int64_t tick() const { return tick_; }
  std::int64_t context_tokens() const { return context_tokens_; }
  std::int64_t window_tokens() const { return window_tokens_; }
  std::int64_t unsaturated() const { return unsaturated_; }

  static constexpr std::int64_t kEndless = 0;
  /// A request with so many computed tokens joins, and leaves on its own after `steps` more, or only by leave(). Pre:
  /// steps >= 1, or kEndless.
  void join(std::int32_t slot, std::int64_t computed, std::int64_t steps);
  /// A request leaves; returns the steps that it took part in.
  std::int64_t leave(std::int32_t slot);
  /// Its computed tokens. Pre: it is in the batch.
  std::int64_t computed_of(std::int32_t slot) const {
    const Member& member = members_[static_cast<std::size_t>(slot)];
    return member.computed + (tick_ - member.join_tick);
  }

  /// Blocks that the next step takes: those of requests whose blocks are full.
  std::int64_t blocks_of_next_step() const { return members_by_phase_[tick_phase_]; }
  std::int64_t blocks_of_run(std::int64_t steps) const;
  /// Steps until a request leaves or reaches the attention window, until the mean context leaves its octave, or until
  /// the blocks run out, those of the first step being taken. Pre: not empty.
  std::int64_t run_limit(std::int64_t free_blocks);

  void advance(std::int64_t steps) {
    tick_ += steps;
    tick_phase_ = steps == 1 ? phase_after(tick_phase_) : phase_of_tick(tick_);
    context_tokens_ += size_ * steps;
    window_tokens_ += unsaturated_ * steps;
    if (!saturations_.empty()) saturate();
  }
  /// A request whose last step is done, or -1; it is still to leave.
  std::int32_t next_finished() { return finishes_.empty() || finishes_.top().tick > tick_ ? -1 : pop_finished(); }

  /// Time of the next step, without what depends on the whole batch, and by how much longer each one after it takes,
  /// as far as run_limit() goes. Pre: not empty.
  struct Ramp {
    std::int64_t first_ps = 0;
    std::int64_t growth_ps = 0;
  };
  Ramp ramp() const {
    const std::int64_t context = context_tokens_ + size_;
    const std::int64_t window = window_tokens_ + unsaturated_;
    std::int64_t context_token_ps = cost_->context_token_ps;
    std::int64_t window_token_ps = cost_->window_token_ps;
    std::int64_t fixed_ps = cost_->decode_fixed_ps + size_ * cost_->decode_sequence_ps;
    if (!cost_->lines.empty()) {
      const StepCost::DecodeLine& line = cost_->line(size_, cost_->octave_of(size_, context));
      fixed_ps += line.fixed_ps;
      context_token_ps += line.token_ps;
    }
    if (!cost_->window_lines.empty()) {
      const StepCost::DecodeLine& line = cost_->window_lines[static_cast<std::size_t>(size_)];
      fixed_ps += line.fixed_ps;
      window_token_ps += line.token_ps;
    }
    return {fixed_ps + context * context_token_ps + window * window_token_ps,
            size_ * context_token_ps + unsaturated_ * window_token_ps};
  }

 private:
  struct Member {
    std::int64_t computed = 0;  ///< tokens with KV, at join_tick
    std::int64_t join_tick = 0;
    std::int32_t epoch = 0;  ///< outdates heap entries of earlier occupants
  };
  struct Deadline {
    std::int64_t tick;
    std::int32_t slot;
    std::int32_t epoch;
  };
  /// Slots by the tick at which something happens to them; outdated entries are dropped when met.
  class DeadlineHeap {
   public:
    void push(Deadline deadline);
    void pop();
    bool empty() const { return heap_.empty(); }
    const Deadline& top() const { return heap_.front(); }

   private:
    static bool later(const Deadline& a, const Deadline& b) {
      return a.tick != b.tick ? a.tick > b.tick : a.slot > b.slot;
    }
    std::vector<Deadline> heap_;
  };

  void saturate();
  std::int32_t pop_finished();
  std::size_t phase_of(const Member& member) const;
  /// The phase of the requests whose computed tokens fill their blocks exactly at a tick, and that of the next tick.
  std::size_t phase_of_tick(std::int64_t tick) const;
  std::size_t phase_after(std::size_t phase) const {
    return phase == 0 ? static_cast<std::size_t>(block_size_) - 1 : phase - 1;
  }
  bool is_stale(const Deadline& deadline) const {
    return members_[static_cast<std::size_t>(deadline.slot)].epoch != deadline.epoch;
  }

  const StepCost* cost_;
  std::int64_t block_size_;
  std::int64_t tick_ = 0;
  std::size_t tick_phase_ = 0;
  std::int64_t size_ = 0;
  std::int64_t context_tokens_ = 0;             ///< sum of computed tokens
  std::int64_t window_tokens_ = 0;              ///< the same, each capped at the window
  std::int64_t unsaturated_ = 0;                ///< requests shorter than the window
  std::vector<std::int64_t> members_by_phase_;  ///< by (computed - tick) modulo block size
  std::vector<Member> members_;                 ///< by slot
  DeadlineHeap finishes_;
  DeadlineHeap saturations_;
};

}  // namespace orrery
