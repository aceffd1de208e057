#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "orrery/serving/policies/routing_policy.h"
#include "orrery/serving/replica.h"

namespace orrery {

/// Lets another thread stop a run and watch its progress.
class RunControl {
 public:
  void stop() { stop_.store(true, std::memory_order_relaxed); }
  bool is_stopped() const { return stop_.load(std::memory_order_relaxed); }
  void add_submitted(std::uint64_t requests) { submitted_.fetch_add(requests, std::memory_order_relaxed); }
  std::uint64_t submitted() const { return submitted_.load(std::memory_order_relaxed); }
  void set_expected(std::uint64_t requests) { expected_.store(requests, std::memory_order_relaxed); }
  std::uint64_t expected() const { return expected_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> submitted_{0};
  std::atomic<std::uint64_t> expected_{0};
};

/// Replicas of one model behind one router.
struct PoolSetup {
  const StepCost* cost = nullptr;
  EngineLimits limits;
  std::size_t replicas = 1;
  const RoutingPolicy* routing = nullptr;
  bool step_by_step = false;
  std::size_t lanes_in_step = 1;             ///< so many neighbouring replicas are lanes of one engine; see LockStep
  const AdapterCost* adapters = nullptr;     ///< null: requests have none
  const Speculation* speculation = nullptr;  ///< null: every step gives a sequence one token
};

struct PoolOutcome {
  RequestOutcomes requests;
  std::vector<ReplicaTotals> replicas;
  bool stopped = false;         ///< RunControl::stop() came first; unfinished requests are marked so
  bool beyond_horizon = false;  ///< time would have passed 105 days
  bool blocks_balance = true;   ///< every replica that has finished its work holds all its blocks again
};

/// Serves all requests to the end. Equal input gives equal output whatever `threads` is.
/// Pre: threads >= 1; replicas >= 1 and at most 65,535, a multiple of lanes_in_step.
PoolOutcome run_pool(const PoolSetup& setup, const RequestTable& requests, int threads, RunControl& control);

}  // namespace orrery
