#include "orrery/serving/pool.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "orrery/base/result.h"
#include "orrery/serving/lock_step.h"
#include "orrery/sim/source_queue.h"

namespace orrery {
namespace {

/// Requests between two looks at the control: rare enough to cost nothing, often enough to stop at once.
constexpr std::uint32_t kControlInterval = 1024;

class Watch {
 public:
  explicit Watch(RunControl& control) : control_(control) {}
  ~Watch() { control_.add_submitted(pending_); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  bool goes_on() {
    if (++pending_ < kControlInterval) return true;
    control_.add_submitted(pending_);
    pending_ = 0;
    return !control_.is_stopped();
  }

 private:
  RunControl& control_;
  std::uint32_t pending_ = 0;
};

/// Replicas that depend on each other, and on no others.
std::vector<LockStep> engines_of(const PoolSetup& setup, std::vector<Replica>& replicas) {
  std::vector<LockStep> engines;
  for (std::size_t first = 0; first < replicas.size(); first += setup.lanes_in_step) {
    engines.emplace_back(std::span(replicas).subspan(first, setup.lanes_in_step), *setup.cost);
  }
  return engines;
}

struct Arrival {
  std::uint32_t request;
  std::uint32_t lane;
};

/// One engine with its own arrivals, to the end.
void run_alone(LockStep& engine, const RequestTable& requests, const std::vector<Arrival>& arrivals,
               RunControl& control) {
  Watch watch(control);
  for (const auto& [request, lane] : arrivals) {
    if (!watch.goes_on()) return;
    while (engine.next_event().ps() < requests.arrival_ps[request]) engine.advance();
    engine.submit(lane, request);
  }
  for (std::uint32_t steps = 0; engine.next_event() < SimTime::never(); ++steps) {
    if (steps % kControlInterval == 0 && control.is_stopped()) return;
    engine.advance();
  }
}

void run_apart(const PoolSetup& setup, std::vector<Replica>& replicas, const RequestTable& requests, int threads,
               RunControl& control) {
  std::vector<LockStep> engines = engines_of(setup, replicas);
  const std::vector<ReplicaLoad> loads(replicas.size());
  std::vector<std::vector<Arrival>> arrivals(engines.size());
  const std::size_t lanes = setup.lanes_in_step;
  for (std::uint32_t i = 0; i < requests.size(); ++i) {
    const std::size_t chosen = setup.routing->choose(loads, i);
    arrivals[chosen / lanes].push_back({i, static_cast<std::uint32_t>(chosen % lanes)});
  }

  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < engines.size(); i = next++) run_alone(engines[i], requests, arrivals[i], control);
  };
  std::vector<std::jthread> others;
  const std::size_t helpers = std::min(static_cast<std::size_t>(threads), engines.size()) - 1;
  for (std::size_t i = 0; i < helpers; ++i) others.emplace_back(work);
  work();
}

/// All engines in one time order, since the router looks at their loads.
void run_together(const PoolSetup& setup, std::vector<Replica>& replicas, const RequestTable& requests,
                  RunControl& control) {
  std::vector<LockStep> engines = engines_of(setup, replicas);
  const std::size_t lanes = setup.lanes_in_step;
  SourceQueue events(engines.size());
  std::vector<ReplicaLoad> loads(replicas.size());
  const auto refresh = [&](std::size_t engine) {
    events.set(engine, engines[engine].next_event());
    for (std::size_t i = engine * lanes; i < (engine + 1) * lanes; ++i) {
      loads[i] = {replicas[i].unfinished_requests(), replicas[i].unfinished_prompt_tokens()};
    }
  };
  const auto advance_before = [&](SimTime time) {
    while (events.first_time() < time) {
      const std::size_t i = events.first_source();
      engines[i].advance();
      refresh(i);
    }
  };
  Watch watch(control);
  for (std::uint32_t request = 0; request < requests.size(); ++request) {
    if (!watch.goes_on()) return;
    advance_before(SimTime(requests.arrival_ps[request]));
    const std::size_t chosen = setup.routing->choose(loads, request);
    engines[chosen / lanes].submit(chosen % lanes, request);
    refresh(chosen / lanes);
  }
  for (std::uint32_t steps = 0; events.first_time() < SimTime::never(); ++steps) {
    if (steps % kControlInterval == 0 && control.is_stopped()) return;
    const std::size_t i = events.first_source();
    engines[i].advance();
    events.set(i, engines[i].next_event());
  }
}

}  // namespace

PoolOutcome run_pool(const PoolSetup& setup, const RequestTable& requests, int threads, RunControl& control) {
  ORRERY_CHECK(threads >= 1 && setup.replicas >= 1 && setup.replicas <= UINT16_MAX &&
               setup.replicas % setup.lanes_in_step == 0);
  PoolOutcome outcome{.requests = RequestOutcomes(requests.size()), .replicas = {}};
  std::optional<PrefixTree> prefixes;
  if (setup.limits.prefix_caching) prefixes.emplace(requests, setup.limits.block_size);
  std::vector<Replica> replicas;
  replicas.reserve(setup.replicas);
  for (std::size_t i = 0; i < setup.replicas; ++i) {
    replicas.emplace_back(*setup.cost, setup.limits, requests, prefixes ? &*prefixes : nullptr, outcome.requests,
                          static_cast<std::uint16_t>(i), setup.step_by_step);
    if (setup.adapters != nullptr) replicas.back().use_adapters(*setup.adapters);
    if (setup.speculation != nullptr) replicas.back().speculate(*setup.speculation);
  }
  if (setup.routing->uses_load) {
    run_together(setup, replicas, requests, control);
  } else {
    run_apart(setup, replicas, requests, threads, control);
  }
  for (const Replica& replica : replicas) {
    outcome.replicas.push_back(replica.totals());
    outcome.beyond_horizon |= replica.is_beyond_horizon();
    const bool is_done = replica.unfinished_requests() == 0;
    outcome.blocks_balance &= !is_done || replica.free_blocks() == setup.limits.usable_blocks;
  }
  const auto& states = outcome.requests.state;
  const bool is_finished = std::find(states.begin(), states.end(), RequestState::unfinished) == states.end();
  outcome.stopped = control.is_stopped() && !is_finished;
  return outcome;
}

}  // namespace orrery
