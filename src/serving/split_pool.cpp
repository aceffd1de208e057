#include "orrery/serving/split_pool.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "orrery/base/result.h"
#include "orrery/serving/handover.h"
#include "orrery/sim/source_queue.h"

namespace orrery {
namespace {

constexpr std::uint32_t kControlInterval = 1024;

/// The prompts of all requests: each ends with its first token, and nothing of its answer is ever cached.
RequestTable prompts_of(const RequestTable& requests) {
  RequestTable prompts = requests;
  std::fill(prompts.output_tokens.begin(), prompts.output_tokens.end(), 1);
  for (std::size_t i = 0; i < prompts.key_ranges.size(); ++i) {
    prompts.key_ranges[i].known_tokens = std::min(prompts.key_ranges[i].known_tokens, prompts.input_tokens[i]);
  }
  return prompts;
}

/// What the decode engines see of all requests. A request without anything left to generate never comes to one.
RequestTable answers_of(const RequestTable& requests, std::int32_t given_tokens) {
  RequestTable answers = requests;
  for (std::int32_t& tokens : answers.input_tokens) tokens += given_tokens;
  for (std::int32_t& tokens : answers.output_tokens) tokens -= given_tokens;
  return answers;
}

/// One half: its replicas, and what they leave word of.
struct Half {
  Half(const PoolSetup& from, const RequestTable& own_table, Handover::Half which, bool step_by_step)
      : setup(from), table(own_table), outcomes(own_table.size()), words(from.replicas), loads(from.replicas) {
    if (setup.limits.prefix_caching) prefixes.emplace(table, setup.limits.block_size);
    replicas.reserve(setup.replicas);
    for (std::size_t i = 0; i < setup.replicas; ++i) {
      words[i].half = which;
      replicas.emplace_back(*setup.cost, setup.limits, table, prefixes ? &*prefixes : nullptr, outcomes,
                            static_cast<std::uint16_t>(i), step_by_step, &words[i]);
      if (setup.speculation != nullptr) replicas.back().speculate(*setup.speculation);
    }
  }
  Half(const Half&) = delete;
  Half& operator=(const Half&) = delete;

  std::size_t choose(std::uint64_t number) const { return setup.routing->choose(loads, number); }

  const PoolSetup& setup;
  const RequestTable& table;
  RequestOutcomes outcomes;
  std::optional<PrefixTree> prefixes;
  std::vector<Handover> words;
  std::vector<Replica> replicas;
  std::vector<ReplicaLoad> loads;
};

class SplitPool {
 public:
  SplitPool(const SplitSetup& setup, const RequestTable& requests, RunControl& control)
      : setup_(setup),
        requests_(requests),
        control_(control),
        given_(setup.path.first_token == FirstToken::prefill ? 1 : 0),
        reserves_first_(setup.path.overlap == TransferOverlap::layers),
        prompts_(prompts_of(requests)),
        answers_(answers_of(requests, given_)),
        prefill_(setup.prefill, prompts_, Handover::Half::prefill, setup.prefill.step_by_step),
        decode_(setup.decode, answers_, Handover::Half::decode, setup.prefill.step_by_step),
        exchange_(setup.path, requests.size(), setup.prefill.replicas, setup.decode.replicas),
        events_(1 + setup.prefill.replicas + setup.decode.replicas),
        transfers_(requests.size()),
        is_handed_over_(requests.size()) {
    for (Handover& words : prefill_.words) words.left_to_generate = answers_.output_tokens;
    for (Handover& words : decode_.words) words.given_tokens = given_;
  }

  SplitOutcome run() {
    for (std::uint32_t request = 0; request < requests_.size() && !is_stopped(); ++request) {
      const SimTime now(requests_.arrival_ps[request]);
      // Links come before arrivals, all else after them.
      while (!is_stopped() && (events_.first_time() < now || exchange_.next_event() <= now)) advance_first();
      if (is_stopped()) break;
      arrive(request, now);
      control_.add_submitted(1);
    }
    while (!is_stopped() && events_.first_time() < SimTime::never()) advance_first();
    return outcome();
  }

 private:
  static constexpr std::size_t kExchange = 0;
  std::size_t source_of_prefill(std::size_t replica) const { return 1 + replica; }
  std::size_t source_of_decode(std::size_t replica) const { return 1 + setup_.prefill.replicas + replica; }

  bool is_stopped() {
    if (++looks_ % kControlInterval == 0) stopped_ |= control_.is_stopped();
    return stopped_;
  }

  void advance_first() {
    const std::size_t source = events_.first_source();
    const SimTime now = events_.first_time();
    if (source == kExchange) {
      const std::uint32_t request = exchange_.advance();
      if (request != KvExchange::kNone) receive(request, now);
      refresh_exchange();
    } else if (source <= setup_.prefill.replicas) {
      advance_prefill(source - 1, now);
    } else {
      advance_decode(source - 1 - setup_.prefill.replicas, now);
    }
  }

  void arrive(std::uint32_t request, SimTime now) {
    const std::int64_t prompt = prompts_.input_tokens[request];
    const std::int64_t left = answers_.output_tokens[request];
    if (!could_ever_serve(setup_.prefill.limits, prompt, 1) ||
        (left > 0 && !could_ever_serve(setup_.decode.limits, prompt + given_, left))) {
      prefill_.outcomes.state[request] = RequestState::rejected;
      return;
    }
    if (reserves_first_ && left > 0) {
      hand_over(request, now);
    } else {
      start_prefill(request, now);
    }
  }

  void start_prefill(std::uint32_t request, SimTime now) {
    const std::size_t chosen = prefill_.choose(prefilled_++);
    prompts_.arrival_ps[request] = now.ps();
    prefill_.replicas[chosen].submit(request);
    refresh_prefill(chosen);
  }

  /// Asks a decode engine for blocks.
  void hand_over(std::uint32_t request, SimTime now) {
    const std::size_t chosen = decode_.choose(handed_over_++);
    answers_.arrival_ps[request] = now.ps();
    is_handed_over_[request] = true;
    decode_.replicas[chosen].submit(request);
    refresh_decode(chosen);
  }

  void advance_prefill(std::size_t replica, SimTime now) {
    Handover& words = prefill_.words[replica];
    prefill_.replicas[replica].advance();
    refresh_prefill(replica);
    for (const Handover::Word& word : words.started) {
      exchange_.prefill_starts(word.request, now, SimTime(word.time_ps));
    }
    for (const Handover::Word& word : words.finished) {
      if (answers_.output_tokens[word.request] == 0) continue;
      transfers_[word.request].prefilled_ps = word.time_ps;
      exchange_.prefill_ends(word.request, now);
      if (!reserves_first_) hand_over(word.request, now);
    }
    words.started.clear();
    words.finished.clear();
    refresh_exchange();
  }

  void advance_decode(std::size_t replica, SimTime now) {
    Handover& words = decode_.words[replica];
    decode_.replicas[replica].advance();
    refresh_decode(replica);
    for (const Handover::Word& word : words.reserved) {
      transfers_[word.request].reserved_ps = word.time_ps;
      if (reserves_first_) start_prefill(word.request, now);
      exchange_.blocks_reserved(word.request, now, prefill_.outcomes.replica[word.request], replica, word.tokens);
    }
    words.reserved.clear();
    refresh_exchange();
  }

  /// A prompt is where its answer is computed, and no more needed where it was.
  void receive(std::uint32_t request, SimTime now) {
    SplitOutcome::Transfer& transfer = transfers_[request];
    transfer.received_ps = now.ps();
    const std::size_t receiver = decode_.outcomes.replica[request];
    const std::size_t sender = prefill_.outcomes.replica[request];
    decode_.replicas[receiver].receive(request, now, given_ > 0 ? transfer.prefilled_ps : RequestOutcomes::kUnset);
    refresh_decode(receiver);
    prefill_.replicas[sender].acknowledge(request, now);
    refresh_prefill(sender);
  }

  static ReplicaLoad load_of(const Replica& replica) {
    return {replica.unfinished_requests(), replica.unfinished_prompt_tokens()};
  }
  void refresh_prefill(std::size_t i) {
    events_.set(source_of_prefill(i), prefill_.replicas[i].next_event());
    prefill_.loads[i] = load_of(prefill_.replicas[i]);
  }
  void refresh_decode(std::size_t i) {
    events_.set(source_of_decode(i), decode_.replicas[i].next_event());
    decode_.loads[i] = load_of(decode_.replicas[i]);
  }
  void refresh_exchange() { events_.set(kExchange, exchange_.next_event()); }

  SplitOutcome outcome() {
    SplitOutcome outcome;
    outcome.requests = RequestOutcomes(requests_.size());
    for (std::size_t i = 0; i < requests_.size(); ++i) join_halves(outcome.requests, i);
    const auto handed_over = static_cast<std::size_t>(std::count(is_handed_over_.begin(), is_handed_over_.end(), true));
    outcome.decode.requests = RequestOutcomes(handed_over);
    for (std::size_t i = 0, at = 0; i < requests_.size(); ++i) {
      if (!is_handed_over_[i]) continue;
      outcome.answers.add(answers_.arrival_ps[i], answers_.input_tokens[i], answers_.output_tokens[i]);
      outcome.transfers.push_back(transfers_[i]);
      outcome.decode.requests.take(at++, decode_.outcomes, i);
    }
    outcome.prefill.requests = std::move(prefill_.outcomes);
    close(prefill_, outcome.requests, outcome.prefill);
    close(decode_, outcome.requests, outcome.decode);
    outcome.prompts = std::move(prompts_);
    outcome.sent = exchange_.transfers();
    outcome.sent_tokens = exchange_.tokens();
    outcome.asked_bytes = exchange_.bytes();
    outcome.links = exchange_.links().size();
    for (const SharedLink& link : exchange_.links()) {
      outcome.ended_bytes += link.ended_bytes().si();
      outcome.flowed_bytes += link.flowed_bytes().si();
      outcome.link_busy_ps += link.busy().ps();
    }
    return outcome;
  }

  void join_halves(RequestOutcomes& all, std::size_t i) const {
    all.take(i, prefill_.outcomes, i);
    if (all.state[i] == RequestState::rejected || answers_.output_tokens[i] == 0) return;
    all.state[i] = decode_.outcomes.state[i];
    all.finish_ps[i] = decode_.outcomes.finish_ps[i];
    if (given_ == 0) all.first_token_ps[i] = decode_.outcomes.first_token_ps[i];
    if (reserves_first_) all.queued_ps[i] = decode_.outcomes.queued_ps[i];
    if (!is_handed_over_[i]) return;
    all.replica[i] = decode_.outcomes.replica[i];
    all.preemptions[i] = static_cast<std::uint16_t>(
        std::min<std::uint32_t>(UINT16_MAX, 0U + all.preemptions[i] + decode_.outcomes.preemptions[i]));
  }

  void close(const Half& half, const RequestOutcomes& all, PoolOutcome& outcome) const {
    const bool is_finished = std::find(all.state.begin(), all.state.end(), RequestState::unfinished) == all.state.end();
    outcome.stopped = stopped_ && !is_finished;
    for (const Replica& replica : half.replicas) {
      outcome.replicas.push_back(replica.totals());
      outcome.beyond_horizon |= replica.is_beyond_horizon();
      outcome.blocks_balance &= !is_finished || replica.free_blocks() == half.setup.limits.usable_blocks;
    }
  }

  const SplitSetup& setup_;
  const RequestTable& requests_;
  RunControl& control_;
  const std::int32_t given_;
  /// Blocks of a decode engine before a prefill: so a prompt that holds blocks never waits for others, and prompts and
  /// answers cannot wait for each other.
  const bool reserves_first_;
  RequestTable prompts_;
  RequestTable answers_;
  Half prefill_;
  Half decode_;
  KvExchange exchange_;
  SourceQueue events_;
  std::vector<SplitOutcome::Transfer> transfers_;  ///< by request
  std::vector<bool> is_handed_over_;
  std::uint64_t prefilled_ = 0;
  std::uint64_t handed_over_ = 0;
  std::uint32_t looks_ = 0;
  bool stopped_ = false;
};

}  // namespace

SplitOutcome run_split_pool(const SplitSetup& setup, const RequestTable& requests, RunControl& control) {
  ORRERY_CHECK(!requests.clients_give_up());  // an abort would have to reach both halves and the transfer
  ORRERY_CHECK(setup.prefill.replicas >= 1 && setup.prefill.replicas <= UINT16_MAX);
  ORRERY_CHECK(setup.decode.replicas >= 1 && setup.decode.replicas <= UINT16_MAX);
  return SplitPool(setup, requests, control).run();
}

}  // namespace orrery
