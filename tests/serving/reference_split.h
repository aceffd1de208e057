#pragma once

#include <cmath>
#include <optional>
#include <tuple>

#include "orrery/network/shared_link.h"
#include "orrery/serving/split_pool.h"
#include "reference_scheduler.h"

namespace orrery {

/// A second, plain view of a pool with prompts and answers apart: plain schedulers, and after every event a look at
/// everything. Routing is round robin.
class ReferenceSplit {
 public:
  struct Request {
    std::int64_t started = -1, prefilled = -1, asked = -1, reserved = -1, received = -1;
    std::int64_t first_token = -1, finish = -1, preemptions = 0;
    std::size_t sender = 0, receiver = 0;
    std::int64_t bytes = -1, unsent = 0;
    bool rejected = false;
    enum class Stage { waiting, early, between, last, there } stage = Stage::waiting;
  };
  struct Engine {
    ReferenceScheduler scheduler;
    std::vector<std::size_t> notices = {};  // prompts that were fetched, or are there
    bool is_poked = false;                  // something came while it was idle
  };

  ReferenceSplit(const SplitSetup& setup, const RequestTable& table)
      : requests(table.size()),
        setup_(setup),
        given_(setup.path.first_token == FirstToken::prefill ? 1 : 0),
        prompts_(table),
        answers_(table) {
    for (std::size_t i = 0; i < table.size(); ++i) {
      prompts_.output_tokens[i] = 1;
      if (table.has_keys()) {
        prompts_.key_ranges[i].known_tokens = std::min(prompts_.key_ranges[i].known_tokens, table.input_tokens[i]);
      }
      answers_.input_tokens[i] += static_cast<std::int32_t>(given_);
      answers_.output_tokens[i] -= static_cast<std::int32_t>(given_);
      holds_.push_back(answers_.output_tokens[i] > 0);
    }
    for (std::size_t i = 0; i < setup.prefill.replicas; ++i) {
      add(prefill, setup.prefill, prompts_, ReferenceScheduler::Half::prefill);
    }
    for (std::size_t i = 0; i < setup.decode.replicas; ++i) {
      add(decode, setup.decode, answers_, ReferenceScheduler::Half::decode);
    }
    links_.resize(prefill.size() * decode.size(), SharedLink(setup.path.capacity, setup.path.most_of_one));
  }

  void run() {
    while (next_link_event() || next_arrival() || next_boundary(prefill) || next_boundary(decode)) {
      const std::int64_t now =
          std::min({next_link_event().value_or(INT64_MAX), next_arrival().value_or(INT64_MAX),
                    next_boundary(prefill).value_or(INT64_MAX), next_boundary(decode).value_or(INT64_MAX)});
      now_ = now;
      if (next_link_event() == now) {
        move_links();
      } else if (next_arrival() == now) {
        arrive(arrived_++);
      } else if (next_boundary(prefill) == now) {
        step_prefill(first_at_boundary(prefill));
      } else {
        step_decode(first_at_boundary(decode));
      }
    }
  }

  std::vector<Request> requests;
  std::vector<Engine> prefill;
  std::vector<Engine> decode;

 private:
  void add(std::vector<Engine>& to, const PoolSetup& pool, const RequestTable& table, ReferenceScheduler::Half half) {
    to.push_back({ReferenceScheduler(*pool.cost, pool.limits, table)});
    to.back().scheduler.half = half;
    to.back().scheduler.holds = holds_;
    to.back().scheduler.speculation = pool.speculation;
    to.back().scheduler.set_depth(pool.limits.async_scheduling ? 2 : 1);
  }

  // ---- what comes next

  std::optional<std::int64_t> boundary_of(const Engine& engine) const {
    if (!engine.scheduler.is_idle()) return engine.scheduler.next_end();
    return engine.is_poked ? std::optional(now_) : std::nullopt;
  }
  std::optional<std::int64_t> next_boundary(const std::vector<Engine>& engines) const {
    std::optional<std::int64_t> first;
    for (const Engine& engine : engines) {
      const auto time = boundary_of(engine);
      if (time && (!first || *time < *first)) first = time;
    }
    return first;
  }
  Engine& first_at_boundary(std::vector<Engine>& engines) {
    return *std::find_if(engines.begin(), engines.end(),
                         [&](const Engine& engine) { return boundary_of(engine) == now_; });
  }
  std::optional<std::int64_t> next_arrival() const {
    if (arrived_ == requests.size()) return std::nullopt;
    return prompts_.arrival_ps[arrived_];
  }
  std::optional<std::int64_t> next_link_event() const {
    std::int64_t first = INT64_MAX;
    for (const SharedLink& link : links_) first = std::min(first, link.next_end().ps());
    for (const auto& start : starts_) first = std::min(first, std::get<0>(start));
    return first == INT64_MAX ? std::nullopt : std::optional(first);
  }

  // ---- engines

  void arrive(std::size_t i) {
    const auto fits = [&](const PoolSetup& pool, const RequestTable& table) {
      const std::int64_t all = table.input_tokens[i] + table.output_tokens[i];
      const std::int64_t size = pool.limits.block_size;
      std::int64_t slots = all - 1;
      if (pool.speculation != nullptr) {
        slots = std::min(slots + 2 * pool.limits.draft_tokens, pool.limits.context_limit);
      }
      return all <= pool.limits.context_limit && (slots + size - 1) / size <= pool.limits.usable_blocks;
    };
    Request& r = requests[i];
    r.rejected = !fits(setup_.prefill, prompts_) || (holds_[i] && !fits(setup_.decode, answers_));
    if (r.rejected) return;
    if (setup_.path.overlap == TransferOverlap::layers && holds_[i]) {
      ask(i);
    } else {
      compute(i);
    }
  }
  void compute(std::size_t i) {
    requests[i].sender = sent_to_prefill_++ % prefill.size();
    submit(prefill[requests[i].sender], i);
  }
  void ask(std::size_t i) {
    requests[i].asked = now_;
    requests[i].receiver = sent_to_decode_++ % decode.size();
    submit(decode[requests[i].receiver], i);
  }
  void submit(Engine& engine, std::size_t i) {
    engine.scheduler.submit(i, now_);
    engine.is_poked = true;
  }

  void step_prefill(Engine& engine) {
    ReferenceScheduler& scheduler = engine.scheduler;
    if (!scheduler.is_idle()) scheduler.end_step();
    for (const std::size_t i : engine.notices) scheduler.acknowledge(i);
    engine.notices.clear();
    engine.is_poked = false;
    scheduler.schedule_ahead(now_);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests[i].started >= 0 || scheduler.requests[i].scheduled < 0) continue;
      requests[i].started = scheduler.requests[i].scheduled;
      send(i);
    }
    const std::vector<std::size_t> finished = std::exchange(scheduler.finished, {});
    for (const std::size_t i : finished) {
      Request& r = requests[i];
      r.prefilled = now_;
      r.preemptions += scheduler.requests[i].preemptions;
      if (given_ > 0 || !holds_[i]) r.first_token = now_;
      if (!holds_[i]) {
        r.finish = now_;
        continue;
      }
      send(i);
      if (r.asked < 0) ask(i);
    }
  }

  void step_decode(Engine& engine) {
    ReferenceScheduler& scheduler = engine.scheduler;
    if (!scheduler.is_idle()) scheduler.end_step();
    for (const std::size_t i : engine.notices) scheduler.receive(i);
    engine.notices.clear();
    engine.is_poked = false;
    scheduler.schedule_ahead(now_);
    for (const std::size_t i : std::exchange(scheduler.finished, {})) {
      Request& r = requests[i];
      r.finish = now_;
      r.preemptions += scheduler.requests[i].preemptions;
      if (given_ == 0) r.first_token = scheduler.requests[i].first_token;
    }
    for (const std::size_t i : std::exchange(scheduler.reserved, {})) {
      requests[i].reserved = now_;
      if (setup_.path.overlap == TransferOverlap::layers) compute(i);
      const std::int64_t tokens = scheduler.requests[i].input - given_ - scheduler.requests[i].local;
      requests[i].bytes = std::llround(setup_.path.bytes_per_token * static_cast<double>(tokens));
      send(i);
    }
  }

  // ---- transfers

  void send(std::size_t i) {
    using Stage = Request::Stage;
    Request& r = requests[i];
    if (r.bytes < 0) return;
    const std::int64_t set_up = setup_.path.set_up.ps();
    const std::int64_t last = (r.bytes + setup_.path.layers - 1) / setup_.path.layers;
    if (r.stage == Stage::waiting && r.prefilled >= 0) {
      r.stage = Stage::last;
      starts_.push_back({now_ + set_up, i, r.bytes});
    } else if (r.stage == Stage::waiting && r.started >= 0 && setup_.path.overlap == TransferOverlap::layers &&
               last < r.bytes) {
      r.stage = Stage::early;
      r.unsent = last;
      starts_.push_back({std::max(now_, r.started) + set_up, i, r.bytes - last});
    } else if (r.stage == Stage::between && r.prefilled >= 0) {
      r.stage = Stage::last;
      starts_.push_back({std::max(now_, r.prefilled + set_up), i, r.unsent});
    }
  }

  void move_links() {
    for (auto start = starts_.begin(); start != starts_.end(); ++start) {
      const auto [time, i, bytes] = *start;
      if (time != now_) continue;
      starts_.erase(start);
      if (bytes == 0) {
        arrived_there(i);
        return;
      }
      link_of(requests[i]).start(static_cast<std::uint32_t>(i), SimTime(now_), Bytes(static_cast<double>(bytes)));
      return;
    }
    for (SharedLink& link : links_) {
      if (link.next_end().ps() != now_) continue;
      const std::size_t i = link.end_next();
      if (requests[i].stage == Request::Stage::last) {
        arrived_there(i);
      } else {
        requests[i].stage = Request::Stage::between;
        send(i);
      }
      return;
    }
  }

  void arrived_there(std::size_t i) {
    Request& r = requests[i];
    r.stage = Request::Stage::there;
    r.received = now_;
    for (Engine* engine : {&decode[r.receiver], &prefill[r.sender]}) {
      engine->notices.push_back(i);
      engine->is_poked = true;
    }
  }

  SharedLink& link_of(const Request& r) {
    if (setup_.path.sharing == LinkSharing::pair) return links_[r.sender * decode.size() + r.receiver];
    if (setup_.path.sharing == LinkSharing::sender) return links_[r.sender];
    if (setup_.path.sharing == LinkSharing::receiver) return links_[r.receiver];
    return links_[0];
  }

  const SplitSetup& setup_;
  const std::int64_t given_;
  RequestTable prompts_;
  RequestTable answers_;
  std::vector<bool> holds_;
  std::vector<SharedLink> links_;
  std::vector<std::tuple<std::int64_t, std::size_t, std::int64_t>> starts_;  // time, request, bytes
  std::int64_t now_ = 0;
  std::size_t arrived_ = 0;
  std::size_t sent_to_prefill_ = 0;
  std::size_t sent_to_decode_ = 0;
};

}  // namespace orrery
