#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace orrery {

/// The ticks at which reads under way return. Those from the banks take equally long, so they return in the order in
/// which they were issued; those answered from the write queue do so among themselves.
class CompletionRing {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  /// Pre: before the first read. `reads`: from the banks, under way at once.
  void reserve(std::size_t reads) { reads_.reserve(reads); }
  void add(std::int64_t tick) {
    reads_.add(tick);
    last_ = std::max(last_, tick);
  }
  /// One that nobody waits for.
  void note(std::int64_t tick) { last_ = std::max(last_, tick); }
  void add_forwarded(std::int64_t tick) {
    forwarded_.add(tick);
    last_ = std::max(last_, tick);
  }
  std::int64_t next() const { return std::min(reads_.next(), forwarded_.next()); }
  /// Those from the banks alone. Pre of add_read: no more under way than reserved; the next one comes latest.
  void add_read(std::int64_t tick) {
    reads_.add_within(tick);
    last_ = tick;
  }
  std::int64_t next_read() const { return reads_.next(); }
  void drop_read() { reads_.drop(); }
  bool has_forwarded() const { return forwarded_.next() != kNever; }
  /// Takes out all that return until `tick`; how many.
  std::int64_t take(std::int64_t tick) { return reads_.take(tick) + forwarded_.take(tick); }
  /// The latest of all so far; 0 before the first.
  std::int64_t last() const { return last_; }

 private:
  class Ring {
   public:
    void reserve(std::size_t count) {
      std::size_t size = 16;
      while (size < count) size *= 2;
      ticks_.resize(size);
      mask_ = size - 1;
    }
    void add(std::int64_t tick) {
      if (tail_ - head_ > mask_) [[unlikely]]
        grow();
      add_within(tick);
    }
    void add_within(std::int64_t tick) {
      if (head_ == tail_) next_ = tick;
      ticks_[tail_++ & mask_] = tick;
    }
    std::int64_t next() const { return next_; }
    std::int64_t take(std::int64_t tick) {
      std::int64_t count = 0;
      for (; next_ <= tick; ++count) drop();
      return count;
    }
    void drop() { next_ = ++head_ == tail_ ? kNever : ticks_[head_ & mask_]; }

   private:
    [[gnu::noinline]] void grow() {
      std::vector<std::int64_t> larger(ticks_.size() * 2);
      for (std::size_t i = head_; i != tail_; ++i) larger[i & (larger.size() - 1)] = ticks_[i & (ticks_.size() - 1)];
      ticks_ = std::move(larger);
      mask_ = ticks_.size() - 1;
    }
    std::vector<std::int64_t> ticks_ = std::vector<std::int64_t>(16);
    std::size_t mask_ = 15;
    std::size_t head_ = 0, tail_ = 0;
    std::int64_t next_ = kNever;
  };

  Ring reads_, forwarded_;
  std::int64_t last_ = 0;
};

}  // namespace orrery
