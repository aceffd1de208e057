#include "orrery/serving/pool.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "orrery/base/result.h"
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

/// One replica with its own arrivals, to the end.
void run_alone(Replica& replica, const RequestTable& requests, const std::vector<std::uint32_t>& arrivals,
               RunControl& control) {
  Watch watch(control);
  for (const std::uint32_t request : arrivals) {
    if (!watch.goes_on()) return;
    while (replica.next_event().ps() < requests.arrival_ps[request]) replica.advance();
    replica.submit(request);
  }
  for (std::uint32_t steps = 0; replica.next_event() < SimTime::never(); ++steps) {
    if (steps % kControlInterval == 0 && control.is_stopped()) return;
    replica.advance();
  }
}

void run_apart(const PoolSetup& setup, std::vector<Replica>& replicas, const RequestTable& requests, int threads,
               RunControl& control) {
  const std::vector<ReplicaLoad> loads(replicas.size());
  std::vector<std::vector<std::uint32_t>> arrivals(replicas.size());
  for (std::uint32_t i = 0; i < requests.size(); ++i) arrivals[setup.routing->choose(loads, i)].push_back(i);

  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < replicas.size(); i = next++)
      run_alone(replicas[i], requests, arrivals[i], control);
  };
  std::vector<std::jthread> others;
  const std::size_t helpers = std::min(static_cast<std::size_t>(threads), replicas.size()) - 1;
  for (std::size_t i = 0; i < helpers; ++i) others.emplace_back(work);
  work();
}

/// All replicas in one time order, since the router looks at their loads.
void run_together(const PoolSetup& setup, std::vector<Replica>& replicas, const RequestTable& requests,
                  RunControl& control) {
  SourceQueue events(replicas.size());
  std::vector<ReplicaLoad> loads(replicas.size());
  const auto refresh = [&](std::size_t i) {
    events.set(i, replicas[i].next_event());
    loads[i] = {replicas[i].unfinished_requests(), replicas[i].unfinished_prompt_tokens()};
  };
  const auto advance_before = [&](SimTime time) {
    while (events.first_time() < time) {
      const std::size_t i = events.first_source();
      replicas[i].advance();
      refresh(i);
    }
  };
  Watch watch(control);
  for (std::uint32_t request = 0; request < requests.size(); ++request) {
    if (!watch.goes_on()) return;
    advance_before(SimTime(requests.arrival_ps[request]));
    const std::size_t chosen = setup.routing->choose(loads, request);
    replicas[chosen].submit(request);
    refresh(chosen);
  }
  for (std::uint32_t steps = 0; events.first_time() < SimTime::never(); ++steps) {
    if (steps % kControlInterval == 0 && control.is_stopped()) return;
    const std::size_t i = events.first_source();
    replicas[i].advance();
    events.set(i, replicas[i].next_event());
  }
}

}  // namespace

PoolOutcome run_pool(const PoolSetup& setup, const RequestTable& requests, int threads, RunControl& control) {
  ORRERY_CHECK(threads >= 1 && setup.replicas >= 1 && setup.replicas <= UINT16_MAX);
  PoolOutcome outcome{.requests = RequestOutcomes(requests.size()), .replicas = {}};
  std::optional<PrefixTree> prefixes;
  if (setup.limits.prefix_caching) prefixes.emplace(requests, setup.limits.block_size);
  std::vector<Replica> replicas;
  replicas.reserve(setup.replicas);
  for (std::size_t i = 0; i < setup.replicas; ++i) {
    replicas.emplace_back(*setup.cost, setup.limits, requests, prefixes ? &*prefixes : nullptr, outcome.requests,
                          static_cast<std::uint16_t>(i), setup.step_by_step);
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
