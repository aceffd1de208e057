#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "orrery/serving/replica.h"

namespace orrery {

/// A second, plain implementation of the scheduler's rules: lists, one step at a time, nothing
/// derived or accelerated. It shares no code with Replica, so that the two check each other.
class ReferenceScheduler {
 public:
  struct Request {
    std::int64_t arrival = 0, input = 0, output = 0;
    std::int64_t computed = 0, generated = 0, blocks = 0;
    std::int64_t scheduled = -1, first_token = -1, finish = -1, queued = -1;
    std::int64_t preemptions = 0;
    bool rejected = false;
    bool prefilling = true;  // until it yields a token after an admission
    std::int64_t known() const { return input + generated; }
  };
  struct StepRecord {
    std::int64_t start = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> tokens;  // request, tokens
    std::int64_t free_blocks = 0;                               // after scheduling
  };

  ReferenceScheduler(const StepCost& cost, const EngineLimits& limits, const RequestTable& table)
      : cost_(cost), limits_(limits), free_(limits.usable_blocks) {
    for (std::size_t i = 0; i < table.size(); ++i) {
      requests.push_back({table.arrival_ps[i], table.input_tokens[i], table.output_tokens[i]});
    }
  }

  void run() {
    std::int64_t now = 0;
    std::size_t arrived = 0;
    for (;;) {
      for (; arrived < requests.size() && requests[arrived].arrival <= now; ++arrived) {
        Request& r = requests[arrived];
        const std::int64_t longest = r.input + r.output;
        r.rejected = longest > limits_.context_limit || blocks_for(longest - 1) > limits_.usable_blocks;
        if (r.rejected) continue;
        r.queued = now;
        waiting_.push_back(arrived);
      }
      if (waiting_.empty() && running_.empty()) {
        if (arrived == requests.size()) return;
        now = requests[arrived].arrival;
        continue;
      }
      now += step(now);
    }
  }

  std::vector<Request> requests;
  std::vector<StepRecord> steps;
  std::int64_t preemptions = 0;
  std::int64_t recomputed = 0;

 private:
  std::int64_t blocks_for(std::int64_t tokens) const { return (tokens + limits_.block_size - 1) / limits_.block_size; }

  bool allocate(Request& r, std::int64_t tokens) {
    const std::int64_t need = blocks_for(r.computed + tokens) - r.blocks;
    if (need > free_) return false;
    free_ -= need;
    r.blocks += need;
    return true;
  }

  void preempt_last() {
    Request& r = requests[running_.back()];
    free_ += r.blocks;
    r.blocks = 0;
    r.computed = 0;
    r.prefilling = true;
    ++r.preemptions;
    ++preemptions;
    waiting_.push_front(running_.back());
    running_.pop_back();
  }

  std::int64_t step(std::int64_t now) {
    StepRecord record;
    record.start = now;
    std::int64_t budget = limits_.max_batched_tokens;
    bool preempted = false;
    for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
      const std::size_t id = running_[i];
      Request& r = requests[id];
      const std::int64_t tokens = std::min(r.known() - r.computed, budget);
      bool self = false;
      while (!allocate(r, tokens)) {
        self = running_.back() == id;
        preempt_last();
        preempted = true;
        if (self) break;
      }
      if (self) break;
      record.tokens.emplace_back(id, tokens);
      budget -= tokens;
    }
    while (!preempted && !waiting_.empty() && budget > 0 &&
           static_cast<std::int64_t>(running_.size()) < limits_.max_sequences) {
      const std::size_t id = waiting_.front();
      Request& r = requests[id];
      const std::int64_t tokens = std::min(r.known(), budget);
      if (limits_.reserve_full_prompt && blocks_for(r.known()) > free_) break;
      if (!allocate(r, tokens)) break;
      waiting_.pop_front();
      running_.push_back(id);
      if (r.preemptions > 0) recomputed += r.known();
      if (r.scheduled < 0) r.scheduled = now;
      record.tokens.emplace_back(id, tokens);
      budget -= tokens;
    }
    if (record.tokens.empty()) return 0;
    const std::int64_t duration = duration_of(record);
    record.free_blocks = free_;
    for (auto [id, tokens] : record.tokens) {
      Request& r = requests[id];
      r.computed += tokens;
      if (r.computed < r.known()) continue;
      r.prefilling = false;
      ++r.generated;
      if (r.first_token < 0) r.first_token = now + duration;
      if (r.generated < r.output) continue;
      r.finish = now + duration;
      free_ += r.blocks;
      running_.erase(std::find(running_.begin(), running_.end(), id));
    }
    steps.push_back(std::move(record));
    return duration;
  }

  std::int64_t duration_of(const StepRecord& record) const {
    std::int64_t total = 0, decoding = 0, chunks = 0, context = 0, window = 0;
    StepCost::PrefillLoad prefill;
    for (auto [id, tokens] : record.tokens) {
      const Request& r = requests[id];
      total += tokens;
      if (!r.prefilling) {
        ++decoding;
        context += r.computed + 1;
        window += std::min(r.computed + 1, cost_.window_tokens);
      } else {
        ++chunks;
        cost_.add_chunk(prefill, r.computed, tokens);
      }
    }
    std::int64_t duration = cost_.tokens_ps[static_cast<std::size_t>(total)] + cost_.sequences_ps[record.tokens.size()];
    if (chunks > 0) duration += cost_.prefill_fixed_ps + cost_.prefill_ps(prefill);
    if (decoding > 0) {
      duration += cost_.decode_fixed_ps + decoding * cost_.decode_sequence_ps + context * cost_.context_token_ps;
      if (cost_.window_tokens > 0) duration += window * cost_.window_token_ps;
    }
    return duration;
  }

  const StepCost& cost_;
  const EngineLimits limits_;
  std::int64_t free_;
  std::deque<std::size_t> waiting_;
  std::vector<std::size_t> running_;
};

}  // namespace orrery
