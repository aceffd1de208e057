#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "orrery/serving/replica.h"

namespace orrery {

/// A second, plain implementation of the block manager's rules: a list of free blocks, a map of hashes, one block
/// at a time.
class ReferenceBlocks {
 public:
  /// Keys behind which prefix, number of the block, and the request where nobody else has its content (or -1).
  using Content = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

  explicit ReferenceBlocks(std::int64_t usable) : blocks_(static_cast<std::size_t>(usable)) {
    for (std::size_t i = 0; i < blocks_.size(); ++i) blocks_[i].place = free_.insert(free_.end(), i);
  }
  std::int64_t free() const { return static_cast<std::int64_t>(free_.size()); }
  std::int64_t evictions() const { return evictions_; }
  bool is_idle(std::size_t block) const { return blocks_[block].holders == 0; }

  /// The block registered first among those of a content, or -1.
  std::int64_t find(const Content& content) const {
    const auto found = index_.find(content);
    return found == index_.end() ? -1 : static_cast<std::int64_t>(found->second.front());
  }
  void touch(std::size_t block) {
    if (blocks_[block].holders++ == 0) free_.erase(blocks_[block].place);
  }
  std::size_t pop() {
    const std::size_t block = free_.front();
    free_.pop_front();
    Block& b = blocks_[block];
    b.holders = 1;
    if (b.is_hashed) {
      auto& same = index_[b.content];
      same.erase(std::find(same.begin(), same.end(), block));
      if (same.empty()) index_.erase(b.content);
      b.is_hashed = false;
      ++evictions_;
    }
    return block;
  }
  void put_back(std::size_t block) {
    if (--blocks_[block].holders == 0) blocks_[block].place = free_.insert(free_.end(), block);
  }
  void take_from_index(std::size_t block) {
    auto& same = index_[blocks_[block].content];
    same.erase(std::find(same.begin(), same.end(), block));
    if (same.empty()) index_.erase(blocks_[block].content);
    blocks_[block].is_hashed = false;
  }
  void add_to_index(std::size_t block, const Content& content) {
    blocks_[block].is_hashed = true;
    blocks_[block].content = content;
    index_[content].push_back(block);
  }

 private:
  struct Block {
    int holders = 0;
    bool is_hashed = false;
    Content content;
    std::list<std::size_t>::iterator place;
  };
  std::vector<Block> blocks_;
  std::list<std::size_t> free_;
  std::map<Content, std::vector<std::size_t>> index_;
  std::int64_t evictions_ = 0;
};

/// A second, plain implementation of the scheduler's rules: lists, one step at a time, nothing
/// derived or accelerated. It shares no code with Replica, so that the two check each other.
class ReferenceScheduler {
 public:
  struct Request {
    std::int64_t arrival = 0, input = 0, output = 0;
    std::int64_t computed = 0, generated = 0, placeholders = 0;
    std::vector<std::size_t> blocks = {};
    std::size_t registered = 0;
    std::int64_t scheduled = -1, first_token = -1, finish = -1, queued = -1;
    std::int64_t preemptions = 0;
    std::int64_t local = 0;  // decode half: cached tokens when its blocks were reserved
    bool rejected = false;
    bool is_there = false;  // decode half: its prompt came from outside
    std::int64_t give_up = INT64_MAX;
    bool failed = false;
    std::int64_t prompt = 0;  // tokens computed as one, when it was admitted last
    bool padded = false;      // its answer is complete, and its batch is not
    bool prefilling = true;   // until a step that yields a token is scheduled after an admission
    std::int64_t priority = 0;
    std::int64_t known() const { return input + generated; }
  };
  struct Share {
    std::size_t id;
    std::int64_t tokens;
    bool is_prefill;
    bool yields;
  };
  struct StepRecord {
    std::int64_t scheduled = 0, start = 0, end = 0;
    std::vector<Share> shares = {};
    std::int64_t free_blocks = 0;  // after scheduling
    std::int64_t adapters = 0;     // distinct ones
  };

  ReferenceScheduler(const StepCost& cost, const EngineLimits& limits, const RequestTable& table)
      : cost_(cost), limits_(limits), pool_(limits.usable_blocks) {
    std::map<std::pair<std::int64_t, std::uint64_t>, std::int64_t> prefixes;
    for (std::size_t i = 0; i < table.size(); ++i) {
      requests.push_back({table.arrival_ps[i], table.input_tokens[i], table.output_tokens[i]});
      if (table.clients_give_up()) requests.back().give_up = table.give_up_ps[i];
      if (table.has_priorities()) requests.back().priority = table.priorities[i];
      prefix_after_key_.emplace_back();
      known_tokens_.push_back(0);
      tokens_per_key_.push_back(1);
      if (!table.has_keys()) continue;
      known_tokens_.back() = table.key_ranges[i].known_tokens;
      tokens_per_key_.back() = table.key_ranges[i].tokens_per_key;
      std::int64_t prefix = -1;
      for (const std::uint64_t key : table.keys_of(i)) {
        prefix = prefixes.emplace(std::pair(prefix, key), std::ssize(prefixes)).first->second;
        prefix_after_key_.back().push_back(prefix);
      }
    }
  }

  void run() { run(limits_.async_scheduling ? 2 : 1); }
  /// With so many steps scheduled ahead.
  void run(std::size_t depth) {
    depth_ = depth;
    std::int64_t now = 0;
    std::size_t arrived = 0;
    for (;;) {
      for (; arrived < requests.size() && requests[arrived].arrival <= now; ++arrived) submit(arrived, now);
      abort_given_up(now);
      schedule_ahead(now);
      if (is_idle()) {
        if (arrived == requests.size()) return;
        now = requests[arrived].arrival;
        continue;
      }
      now = next_end();
      end_step();
    }
  }

  // The same by hand: what happens between two boundaries is told at the second.
  void set_depth(std::size_t depth) { depth_ = depth; }
  void submit(std::size_t id, std::int64_t now) {
    Request& r = requests[id];
    const std::int64_t longest = r.input + r.output;
    std::int64_t slots = longest - 1;
    if (speculation != nullptr) slots = std::min(slots + 2 * speculation->tokens, limits_.context_limit);
    r.rejected =
        longest > limits_.context_limit || blocks_for(slots) + watermark() > limits_.usable_blocks ||
        (!limits_.chunked_prefill &&
         (limits_.rules.reservation == Reservation::answer ? r.input : longest - 1) > limits_.max_batched_tokens) ||
        (limits_.rules.reservation == Reservation::estimate && longest >= limits_.usable_blocks * limits_.block_size);
    if (r.rejected) return;
    r.queued = now;
    waiting_.push_back(id);
    if (limits_.by_priority) put_in_order();
  }
  bool is_idle() const { return queue_.empty(); }
  std::int64_t next_end() const { return queue_.front().end; }
  void end_step() {
    update(queue_.front());
    queue_.pop_front();
  }
  void schedule_ahead(std::int64_t now) {
    while (queue_.size() < depth_) {
      StepRecord step = schedule(now, queue_.empty() ? now : queue_.back().end);
      if (step.shares.empty()) {
        if (queue_.empty() && (preempted_ || tries_again_)) continue;
        break;
      }
      queue_.push_back(step);
      steps.push_back(std::move(step));
    }
  }

  // Adapters (V-22): by request, 0 for none.
  const AdapterCost* adapters = nullptr;
  std::vector<std::uint32_t> adapter_of = {};
  std::int64_t times_set_aside = 0;

  // Speculative decoding (V-80), synchronous.
  const Speculation* speculation = nullptr;
  std::int64_t drafted = 0;
  std::int64_t accepted = 0;

  // Prompts and answers on different engines (V-90 to V-92).
  enum class Half { whole, prefill, decode };
  Half half = Half::whole;
  std::vector<bool> holds = {};            // prefill: by request, whether its blocks are kept when it is finished
  std::vector<std::size_t> reserved = {};  // decode: whose blocks were taken since somebody looked
  std::vector<std::size_t> finished = {};  // who finished since somebody looked
  void acknowledge(std::size_t id) { free(requests[id]); }
  void receive(std::size_t id) { requests[id].is_there = true; }

  std::vector<Request> requests;
  std::vector<StepRecord> steps;
  std::int64_t preemptions = 0;
  std::int64_t recomputed = 0;
  std::int64_t hit_tokens = 0;
  std::int64_t taken_back = 0;      // tokens of victims that had been served in the step
  std::int64_t passed_victims = 0;  // victims that the walk had passed without giving them tokens
  std::int64_t evictions() const { return pool_.evictions(); }
  std::int64_t free_blocks() const { return pool_.free(); }

 private:
  std::int64_t blocks_for(std::int64_t tokens) const { return (tokens + limits_.block_size - 1) / limits_.block_size; }

  ReferenceBlocks::Content content_of(std::size_t id, std::int64_t block) const {
    const std::int64_t end = (block + 1) * limits_.block_size;
    if (end > known_tokens_[id]) return {-1, block, static_cast<std::int64_t>(id)};
    return {prefix_after_key_[id][static_cast<std::size_t>((end - 1) / tokens_per_key_[id])], block, -1};
  }

  std::vector<std::size_t> look_up(std::size_t id) const {
    std::vector<std::size_t> hits;
    if (!limits_.prefix_caching) return hits;
    for (std::int64_t k = 0; k < (requests[id].known() - 1) / limits_.block_size; ++k) {
      const std::int64_t block = pool_.find(content_of(id, k));
      if (block < 0) break;
      hits.push_back(static_cast<std::size_t>(block));
    }
    return hits;
  }

  std::int64_t idle(const std::vector<std::size_t>& hits) const {
    return std::count_if(hits.begin(), hits.end(), [&](std::size_t block) { return pool_.is_idle(block); });
  }

  void register_full(std::size_t id, std::int64_t tokens) {
    if (!limits_.prefix_caching) return;
    Request& r = requests[id];
    for (; static_cast<std::int64_t>(r.registered + 1) * limits_.block_size <= tokens; ++r.registered) {
      pool_.add_to_index(r.blocks[r.registered], content_of(id, static_cast<std::int64_t>(r.registered)));
    }
  }

  std::int64_t watermark() const {
    return static_cast<std::int64_t>(limits_.rules.watermark * static_cast<double>(limits_.usable_blocks));
  }
  /// Blocks that a running request does not have yet and will get.
  std::int64_t promise_of(const Request& r) const {
    std::int64_t tokens = 0;
    if (limits_.rules.reservation == Reservation::prompt && r.prefilling) tokens = r.known();
    if (limits_.rules.reservation == Reservation::estimate && r.prefilling) tokens = r.known();
    if (limits_.rules.reservation == Reservation::answer) {
      std::int64_t answer = r.output;
      if (limits_.rules.whole_batches) {
        for (const std::size_t id : running_) answer = std::max(answer, requests[id].output);
      }
      tokens = r.input + answer - 1;
    }
    return std::max<std::int64_t>(blocks_for(tokens) - std::ssize(r.blocks), 0);
  }
  /// Whether the head of the queue may come in, as far as blocks go.
  bool has_room_for(std::size_t id, const std::vector<std::size_t>& hits) {
    const Request& r = requests[id];
    std::int64_t needed = 0;
    if (limits_.rules.reservation == Reservation::by_setting) {
      if (!limits_.reserve_full_prompt) return true;
      needed = blocks_for(r.known());
    } else {
      running_.push_back(id);  // as if it ran
      for (const std::size_t other : running_) needed += promise_of(requests[other]);
      running_.pop_back();
      if (limits_.rules.reservation == Reservation::prompt) needed += r.prefilling ? 0 : blocks_for(r.known());
      if (!limits_.rules.whole_batches) needed += watermark();
    }
    return std::max<std::int64_t>(needed - std::ssize(hits), 0) + idle(hits) <= pool_.free();
  }

  bool allocate(std::size_t id, const std::vector<std::size_t>& hits, std::int64_t tokens, std::int64_t ahead = 0) {
    Request& r = requests[id];
    const std::int64_t cached = std::ssize(hits) * limits_.block_size;
    std::int64_t slots = r.computed + cached + tokens + ahead;
    if (!limits_.rules.whole_batches) slots = std::min(slots, limits_.context_limit);
    const std::int64_t fresh = std::max<std::int64_t>(blocks_for(slots) - std::ssize(r.blocks) - std::ssize(hits), 0);
    std::int64_t kept = 0;
    for (const std::size_t other : running_) kept += other == id ? 0 : promise_of(requests[other]);
    if (fresh + idle(hits) > pool_.free() - kept) return false;
    for (const std::size_t block : hits) {
      pool_.touch(block);
      r.blocks.push_back(block);
    }
    r.registered += hits.size();
    for (std::int64_t i = 0; i < fresh; ++i) r.blocks.push_back(pool_.pop());
    register_full(id, std::min(r.computed + cached + tokens, r.known()));
    return true;
  }

  void free(Request& r) {
    for (auto block = r.blocks.rbegin(); block != r.blocks.rend(); ++block) pool_.put_back(*block);
    r.blocks.clear();
    r.registered = 0;
  }

  void preempt_last() {
    const std::size_t id = running_.back();
    running_.pop_back();
    lose(id);
  }
  void lose(std::size_t id) {
    Request& r = requests[id];
    free(r);
    r.computed = 0;
    r.prefilling = true;
    ++r.preemptions;
    ++preemptions;
    preempted_ = true;
    waiting_.push_front(id);
    if (limits_.by_priority) put_in_order();
  }

  // Priorities.
  std::tuple<std::int64_t, std::int64_t, std::size_t> rank(std::size_t id) const {
    return {requests[id].priority, requests[id].arrival, id};
  }
  void put_in_order() {
    std::sort(waiting_.begin(), waiting_.end(), [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
  }
  bool is_certain(const Request& r) const {
    return r.padded || (r.placeholders > 0 && r.computed + 2 - r.placeholders >= r.input + r.output);
  }
  /// Phase A, by an index into `running`.
  void serve_running_by_priority(StepRecord& step, std::int64_t& budget) {
    std::size_t i = 0;
    while (i < running_.size() && budget > 0) {
      const std::size_t id = running_[i];
      const Request& r = requests[id];
      if (is_certain(r)) {
        ++i;
        continue;
      }
      const std::int64_t tokens = limited(r.known() + r.placeholders - r.computed, budget);
      bool self = false;
      while (!self && !allocate(id, {}, tokens)) {
        const auto last = std::max_element(running_.begin(), running_.end(),
                                           [&](std::size_t a, std::size_t b) { return rank(a) < rank(b); });
        const std::size_t victim = *last;
        passed_victims += last - running_.begin() < static_cast<std::ptrdiff_t>(i);
        running_.erase(last);
        const auto share = std::find_if(step.shares.begin(), step.shares.end(),
                                        [&](const Share& other) { return other.id == victim; });
        if (share != step.shares.end()) {
          budget += share->tokens;
          taken_back += share->tokens;
          step.shares.erase(share);
          --i;
          --passed_victims;
        }
        lose(victim);
        self = victim == id;
      }
      if (self) break;
      step.shares.push_back({id, tokens, r.prefilling, false});
      budget -= tokens;
      ++i;
    }
  }

  void abort_given_up(std::int64_t now) {
    std::vector<std::pair<std::int64_t, std::size_t>> gone;
    const auto note = [&](std::size_t id) {
      if (requests[id].give_up <= now) gone.emplace_back(requests[id].give_up, id);
    };
    for (const std::size_t id : waiting_) note(id);
    for (const std::size_t id : running_) note(id);
    std::sort(gone.begin(), gone.end());
    for (const auto& [time, id] : gone) {
      Request& r = requests[id];
      r.failed = true;
      r.finish = now;
      const bool ends_soon = r.placeholders > 0 && r.computed + 2 - r.placeholders >= r.input + r.output;
      if (limits_.rules.reservation == Reservation::estimate && !ends_soon) forget_answer(id);
      free(r);
      has_shrunk_ |= std::find(running_.begin(), running_.end(), id) != running_.end();
      std::erase(waiting_, id);
      std::erase(running_, id);
    }
    if (queue_.empty()) finish_batch(now);
  }

  std::int64_t limited(std::int64_t tokens, std::int64_t budget) const {
    if (limits_.long_prefill_token_threshold > 0) tokens = std::min(tokens, limits_.long_prefill_token_threshold);
    return std::min(tokens, budget);
  }

  // Engines that estimate answers.
  std::int64_t expected_answer(const Request& r) const {
    return std::min(r.output - r.generated - r.placeholders, limits_.rules.estimate.most_tokens);
  }
  std::int64_t unpromised() const {
    std::int64_t kept = 0;
    for (const std::size_t id : running_) kept += promise_of(requests[id]);
    return pool_.free() - kept;
  }
  std::int64_t blocks_of_decoding(const std::vector<std::size_t>& decoding) const {
    std::int64_t blocks = 0;
    for (const std::size_t id : decoding) {
      blocks += blocks_for(requests[id].computed + 1) - std::ssize(requests[id].blocks);
    }
    return blocks;
  }
  /// What a request has generated since its admission leaves the index, unless others may ask for it.
  void forget_answer(std::size_t id) {
    const Request& r = requests[id];
    for (std::size_t k = 0; k < r.registered; ++k) {
      const auto block = static_cast<std::int64_t>(k);
      const bool is_of_prompt = (block + 1) * limits_.block_size <= r.prompt;
      if (!is_of_prompt && std::get<2>(content_of(id, block)) >= 0) pool_.take_from_index(r.blocks[k]);
    }
  }
  void retract(std::vector<std::size_t>& decoding) {
    while (decoding.size() > 1 && blocks_of_decoding(decoding) > unpromised()) {
      auto victim = decoding.begin();
      for (auto other = decoding.begin(); other != decoding.end(); ++other) {
        const Request& a = requests[*victim];
        const Request& b = requests[*other];
        const std::int64_t of_a = a.generated + a.placeholders;
        const std::int64_t of_b = b.generated + b.placeholders;
        if (of_b < of_a || (of_b == of_a && b.input >= a.input)) victim = other;
      }
      Request& r = requests[*victim];
      forget_answer(*victim);
      free(r);
      r.computed = 0;
      r.prefilling = true;
      ++r.preemptions;
      ++preemptions;
      waiting_.push_back(*victim);
      std::erase(running_, *victim);
      decoding.erase(victim);
    }
    std::int64_t generated = 0;
    std::int64_t limit = 1;
    for (const std::size_t id : decoding) {
      generated += requests[id].generated + requests[id].placeholders + limits_.rules.estimate.steps;
      limit += requests[id].output;
    }
    share_ = std::min(generated * AnswerEstimate::kWhole / limit, AnswerEstimate::kWhole);
    is_full_ = false;
  }

  StepRecord schedule_by_estimate(std::int64_t now, std::int64_t start) {
    StepRecord step{now, start, start};
    if (share_ < 0) share_ = limits_.rules.estimate.first;
    std::vector<std::size_t> decoding;
    std::vector<std::size_t> computing;
    for (const std::size_t id : running_) {
      const Request& r = requests[id];
      if (r.prefilling) {
        computing.push_back(id);
      } else if (r.placeholders == 0 || r.computed + 2 - r.placeholders < r.input + r.output) {
        decoding.push_back(id);
      }
    }
    std::int64_t budget = limits_.max_batched_tokens;
    std::int64_t pass = 0;
    for (const std::size_t id : computing) {
      Request& r = requests[id];
      const std::int64_t tokens = limited(r.known() - r.computed, budget);
      if (tokens == 0) break;
      allocate(id, {}, tokens);
      step.shares.push_back({id, tokens, true, false});
      budget -= tokens;
      if (r.computed + tokens == r.known()) pass += expected_answer(r);
    }
    while (!is_full_ && !waiting_.empty() && budget > 0 && std::ssize(running_) < limits_.max_sequences) {
      const std::size_t id = waiting_.front();
      Request& r = requests[id];
      const std::vector<std::size_t> hits = look_up(id);
      const std::int64_t to_compute = r.known() - std::ssize(hits) * limits_.block_size;
      std::int64_t expected = 0;
      for (const std::size_t other : decoding) expected += expected_answer(requests[other]);
      const std::int64_t left =
          (unpromised() - idle(hits)) * limits_.block_size - expected * share_ / AnswerEstimate::kWhole - pass;
      is_full_ = to_compute + expected_answer(r) >= left;
      const std::int64_t tokens = limited(to_compute, budget);
      if (is_full_ || (!limits_.chunked_prefill && tokens < limited(to_compute, INT64_MAX))) break;
      allocate(id, hits, tokens);
      waiting_.pop_front();
      running_.push_back(id);
      r.computed = r.known() - to_compute;
      r.prompt = r.known();
      (r.preemptions > 0 ? recomputed : hit_tokens) += r.preemptions > 0 ? to_compute : r.computed;
      if (r.scheduled < 0) r.scheduled = start;
      step.shares.push_back({id, tokens, true, false});
      budget -= tokens;
      if (tokens == to_compute) pass += expected_answer(r);
    }
    is_full_ |= !waiting_.empty() && std::ssize(running_) >= limits_.max_sequences;
    const bool has_prompts = !step.shares.empty();
    if (!has_prompts && !decoding.empty()) {
      if (has_shrunk_) is_full_ = false;
      has_shrunk_ = false;
      if (blocks_of_decoding(decoding) > unpromised()) {
        retract(decoding);
        if (blocks_of_decoding(decoding) > unpromised()) decoding.clear();  // until those that end are done
      } else {
        share_ = std::max(share_ - limits_.rules.estimate.decay, limits_.rules.estimate.least);
      }
      for (const std::size_t id : decoding) {
        allocate(id, {}, 1);
        step.shares.push_back({id, 1, false, false});
      }
    }
    tries_again_ = step.shares.empty() && is_full_;
    if (step.shares.empty()) {
      if (queue_.empty() && !is_full_) share_ = limits_.rules.estimate.first;
      is_full_ = false;
    }
    close(step);
    return step;
  }

  StepRecord schedule(std::int64_t now, std::int64_t start) {
    if (limits_.rules.reservation == Reservation::estimate) return schedule_by_estimate(now, start);
    StepRecord step{now, start, start};
    std::int64_t budget = limits_.max_batched_tokens;
    preempted_ = false;
    const bool is_closed = limits_.rules.whole_batches && !running_.empty();
    const bool is_all_certain =
        std::all_of(running_.begin(), running_.end(), [&](std::size_t id) { return is_certain(requests[id]); });
    std::vector<std::size_t> order = running_;
    if (limits_.by_priority) {
      serve_running_by_priority(step, budget);
      order.clear();
    }
    if (limits_.rules.decodes_first) {
      std::stable_partition(order.begin(), order.end(), [&](std::size_t id) { return !requests[id].prefilling; });
    }
    for (std::size_t i = 0; i < order.size() && budget > 0; ++i) {
      const std::size_t id = order[i];
      Request& r = requests[id];
      if (std::find(running_.begin(), running_.end(), id) == running_.end()) continue;  // it was a victim
      if (limits_.rules.whole_batches ? is_all_certain : is_certain(r)) continue;
      std::int64_t wanted = r.known() + r.placeholders - r.computed;
      if (speculation != nullptr && !r.prefilling) {
        wanted = std::min(wanted + speculation->tokens, limits_.context_limit - 1 - r.computed);
      }
      const std::int64_t tokens = limited(wanted, budget);
      bool self = false;
      while (!self && !allocate(id, {}, tokens, speculation != nullptr ? speculation->tokens : 0)) {
        self = running_.back() == id;
        preempt_last();
      }
      if (self && limits_.rules.decodes_first) continue;
      if (self) break;
      step.shares.push_back({id, tokens, r.prefilling, false});
      budget -= tokens;
    }
    const auto may_admit = [&] {
      return !preempted_ && !is_closed && budget > 0 &&
             static_cast<std::int64_t>(running_.size()) < limits_.max_sequences;
    };
    for (std::size_t i = 0; i < skipped_.size() && may_admit();) {
      const std::size_t id = skipped_[i];
      Request& r = requests[id];
      if (!r.is_there) {
        ++i;
        continue;
      }
      skipped_.erase(skipped_.begin() + static_cast<std::ptrdiff_t>(i));
      r.computed = r.known() - 1;
      running_.push_back(id);
      r.scheduled = start;
      r.prefilling = false;  // one token, as in every later step
      register_full(id, r.known());
      step.shares.push_back({id, 1, false, false});
      --budget;
    }
    std::set<std::uint32_t> in_step = adapters_in(step);
    std::deque<std::size_t> set_aside;
    while (may_admit() && !waiting_.empty()) {
      if (adapters != nullptr && adapter_of[waiting_.front()] != 0 && std::ssize(in_step) == limits_.max_adapters &&
          !in_step.contains(adapter_of[waiting_.front()])) {
        set_aside.push_back(waiting_.front());
        waiting_.pop_front();
        continue;
      }
      const std::size_t id = waiting_.front();
      Request& r = requests[id];
      const std::vector<std::size_t> hits = look_up(id);
      const std::int64_t cached = std::ssize(hits) * limits_.block_size;
      const std::int64_t tokens = limited(r.known() - cached, budget);
      const std::int64_t whole = std::max<std::int64_t>(blocks_for(r.known()) - std::ssize(hits), 0) + idle(hits);
      if (half == Half::decode && r.preemptions == 0) {
        if (whole > pool_.free()) break;
        for (const std::size_t block : hits) {
          pool_.touch(block);
          r.blocks.push_back(block);
        }
        r.registered = hits.size();
        r.local = cached;
        hit_tokens += cached;
        while (std::ssize(r.blocks) < blocks_for(r.known())) r.blocks.push_back(pool_.pop());
        waiting_.pop_front();
        skipped_.push_back(id);
        reserved.push_back(id);
        continue;
      }
      if (!limits_.chunked_prefill && tokens < limited(r.known() - cached, INT64_MAX)) break;
      if (!has_room_for(id, hits)) break;
      if (!allocate(id, hits, tokens)) break;
      waiting_.pop_front();
      running_.push_back(id);
      if (adapters != nullptr && adapter_of[id] != 0) in_step.insert(adapter_of[id]);
      r.computed = cached;
      if (r.preemptions > 0) recomputed += r.known() - cached;
      if (r.preemptions == 0) hit_tokens += cached;
      if (r.scheduled < 0) r.scheduled = start;
      step.shares.push_back({id, tokens, true, false});
      budget -= tokens;
    }
    waiting_.insert(waiting_.begin(), set_aside.begin(), set_aside.end());
    times_set_aside += std::ssize(set_aside);
    step.adapters = std::ssize(adapters_in_running());
    close(step);
    return step;
  }

  void close(StepRecord& step) {
    step.free_blocks = pool_.free();
    step.end = step.start + duration_of(step);
    for (Share& share : step.shares) {
      Request& r = requests[share.id];
      r.computed += share.tokens;
      share.yields = r.computed >= r.known() + r.placeholders;
      if (!share.yields) continue;
      r.prefilling = false;
      if (limits_.async_scheduling) ++r.placeholders;
    }
  }

  void update(const StepRecord& step) {
    for (const Share& share : step.shares) {
      Request& r = requests[share.id];
      if (!share.yields || r.failed) continue;
      const auto running = std::find(running_.begin(), running_.end(), share.id);
      if (half == Half::prefill && running == running_.end()) {  // its blocks are lost: it starts over
        --r.placeholders;
        continue;
      }
      std::int64_t taken = 0;
      if (speculation != nullptr && !share.is_prefill) {
        taken = speculation->accepted(static_cast<std::uint32_t>(share.id), r.generated, share.tokens - 1);
        drafted += share.tokens - 1;
        accepted += taken;
      }
      r.generated += 1 + taken;
      if (!limits_.rules.whole_batches) r.generated = std::min(r.generated, r.output);
      if (speculation != nullptr) r.computed = r.known() - 1;
      if (limits_.async_scheduling) {
        --r.placeholders;
        if (running != running_.end()) register_full(share.id, r.computed - r.placeholders);
      }
      if (r.first_token < 0) r.first_token = step.end;
      if (r.generated < r.output) continue;
      if (limits_.rules.whole_batches) {
        r.padded = true;
        continue;
      }
      r.finish = step.end;
      finished.push_back(share.id);
      r.failed = r.give_up < step.end;
      has_shrunk_ |= running != running_.end();
      if (half != Half::prefill || !holds[share.id]) free(r);
      if (running != running_.end()) {
        running_.erase(running);
      } else {
        waiting_.erase(std::find(waiting_.begin(), waiting_.end(), share.id));
      }
    }
    finish_batch(step.end);
  }

  /// Whole batches: the last of them has its answer.
  void finish_batch(std::int64_t now) {
    if (!limits_.rules.whole_batches) return;
    for (const std::size_t id : running_) {
      if (!requests[id].padded) return;
    }
    for (const std::size_t id : running_) {
      requests[id].finish = now;
      requests[id].failed = requests[id].give_up < now;
      free(requests[id]);
    }
    running_.clear();
  }

  std::set<std::uint32_t> adapters_in(const StepRecord& step) const {
    std::set<std::uint32_t> all;
    for (const Share& share : step.shares) {
      if (adapters != nullptr && adapter_of[share.id] != 0) all.insert(adapter_of[share.id]);
    }
    return all;
  }
  /// Of all that run and have a token to come that is not scheduled, whether or not the budget has reached them.
  std::set<std::uint32_t> adapters_in_running() const {
    std::set<std::uint32_t> all;
    for (const std::size_t id : running_) {
      const Request& r = requests[id];
      const bool is_ending = r.placeholders > 0 && r.computed + 2 - r.placeholders >= r.input + r.output;
      if (adapters != nullptr && adapter_of[id] != 0 && !is_ending) all.insert(adapter_of[id]);
    }
    return all;
  }

  std::int64_t duration_of(const StepRecord& step) const {
    const std::int64_t plain = plain_duration_of(step);
    if (plain == 0 || step.adapters == 0) return plain;
    std::int64_t tokens = 0;
    for (const Share& share : step.shares) tokens += share.tokens;
    return plain + adapters->step_ps + step.adapters * adapters->adapter_ps + tokens * adapters->token_ps;
  }

  std::int64_t plain_duration_of(const StepRecord& step) const {
    std::int64_t total = 0, decoding = 0, chunks = 0, context = 0, window = 0;
    StepCost::PrefillLoad prefill;
    for (const Share& share : step.shares) {
      const Request& r = requests[share.id];
      total += share.tokens;
      if (!share.is_prefill) {
        ++decoding;
        context += r.computed + 1;
        window += std::min(r.computed + 1, cost_.window_tokens);
      } else {
        ++chunks;
        cost_.add_chunk(prefill, r.computed, share.tokens);
      }
    }
    if (total == 0) return 0;
    if (speculation != nullptr) return speculative_duration_of(step);
    std::int64_t duration = cost_.tokens_ps[static_cast<std::size_t>(total)] + cost_.sequences_ps[step.shares.size()];
    if (chunks > 0) {
      const std::int64_t launch = cost_.prefill_fixed_ps - (decoding > 0 ? cost_.decode_launch_ps : 0);
      duration += (launch > 0 ? launch : 0) + cost_.prefill_ps(prefill);
    }
    if (decoding > 0) {
      duration += cost_.decode_fixed_ps + decoding * cost_.decode_sequence_ps + context * cost_.context_token_ps;
      if (cost_.window_tokens > 0) duration += window * cost_.window_token_ps;
      if (!cost_.lines.empty()) {
        std::int64_t octave = 0;
        for (std::int64_t end = 1 << cost_.first_octave_bits; context / decoding >= end; end *= 2) ++octave;
        octave = std::min(octave, cost_.octaves - 1);
        const auto& line = cost_.lines[static_cast<std::size_t>(decoding * cost_.octaves + octave)];
        duration += line.fixed_ps + context * line.token_ps;
      }
      if (!cost_.window_lines.empty()) {
        const auto& line = cost_.window_lines[static_cast<std::size_t>(decoding)];
        duration += line.fixed_ps + window * line.token_ps;
      }
    }
    return duration;
  }

  /// The target's step with rows of logits for the drafts, then the drafter's passes, sequence by sequence.
  std::int64_t speculative_duration_of(const StepRecord& step) const {
    const StepCost& draft = speculation->cost.draft;
    std::int64_t total = 0, decoding = 0, drafts = 0, context = 0, window = 0, draft_window = 0;
    StepCost::PrefillLoad prefill, draft_prefill;
    std::vector<std::int64_t> on;  // contexts of those that go on
    for (const Share& share : step.shares) {
      const Request& r = requests[share.id];
      const std::int64_t after = r.computed + share.tokens;
      total += share.tokens;
      if (share.is_prefill) {
        cost_.add_chunk(prefill, r.computed, share.tokens);
        draft.add_chunk(draft_prefill, r.computed, share.tokens);
        if (after < r.known()) continue;
      } else {
        ++decoding;
        drafts += share.tokens - 1;
        context += after;
        window += std::min(after, cost_.window_tokens);
        draft_window += std::min(after, draft.window_tokens);
      }
      on.push_back(after);
    }
    const bool has_prompts = decoding < std::ssize(step.shares);
    const auto attention = [&](const StepCost& cost, const StepCost::PrefillLoad& load, std::int64_t k,
                               std::int64_t w) {
      std::int64_t ps = decoding > 0 ? cost.decode_ps(decoding, k, w) : 0;
      if (has_prompts) ps += cost.prefill_ps(load) + cost.prefill_fixed_of(decoding);
      return ps;
    };
    const std::vector<std::int64_t>& rows = speculation->cost.rows_ps;
    const std::size_t n = step.shares.size();
    std::int64_t duration = cost_.tokens_ps[static_cast<std::size_t>(total)] + cost_.sequences_ps[n] +
                            rows[n + static_cast<std::size_t>(drafts)] - rows[n];
    duration += attention(cost_, prefill, context, window);
    duration +=
        draft.tokens_ps[static_cast<std::size_t>(total)] + attention(draft, draft_prefill, context, draft_window);
    if (on.empty()) return duration;
    duration += draft.sequences_ps[on.size()];
    for (std::int64_t pass = 1; pass < speculation->tokens; ++pass) {
      context = window = 0;
      for (const std::int64_t tokens : on) {
        context += tokens + pass;
        window += std::min(tokens + pass, draft.window_tokens);
      }
      duration +=
          draft.tokens_ps[on.size()] + draft.sequences_ps[on.size()] + draft.decode_ps(std::ssize(on), context, window);
    }
    return duration;
  }

  const StepCost& cost_;
  const EngineLimits limits_;
  ReferenceBlocks pool_;
  std::vector<std::vector<std::int64_t>> prefix_after_key_;
  std::vector<std::int64_t> known_tokens_;
  std::vector<std::int64_t> tokens_per_key_;
  std::deque<StepRecord> queue_;  // scheduled and not ended
  std::size_t depth_ = 1;
  std::deque<std::size_t> waiting_;
  std::vector<std::size_t> skipped_;  // waiting, with blocks
  std::vector<std::size_t> running_;
  bool preempted_ = false;
  std::int64_t share_ = -1;  // of answers, in parts of AnswerEstimate::kWhole; not set
  bool is_full_ = false;
  bool has_shrunk_ = false;
  bool tries_again_ = false;
};

}  // namespace orrery
