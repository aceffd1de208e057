#include "orrery/serving/pool.h"

#include <gtest/gtest.h>

#include <random>

#include "linear_cost.h"

namespace orrery {
namespace {

RequestTable bursty_requests(std::size_t count) {
  std::mt19937_64 random(5);
  RequestTable table;
  std::int64_t now = 0;
  for (std::size_t i = 0; i < count; ++i) {
    now += random() % 4 == 0 ? static_cast<std::int64_t>(random() % 60000) : 0;
    table.add(now, static_cast<std::int32_t>(1 + random() % 400), static_cast<std::int32_t>(1 + random() % 200));
  }
  return table;
}

const StepCost& cost() {
  static const StepCost cost = linear_cost(500, 3, 1, 512, 32);
  return cost;
}

PoolSetup setup(std::string_view routing, std::size_t replicas) {
  return {&cost(), {32, 512, 16, 200, 4096, true}, replicas, find_routing_policy(routing), false};
}

bool same(const PoolOutcome& a, const PoolOutcome& b) {
  return a.requests.queued_ps == b.requests.queued_ps && a.requests.scheduled_ps == b.requests.scheduled_ps &&
         a.requests.first_token_ps == b.requests.first_token_ps && a.requests.finish_ps == b.requests.finish_ps &&
         a.requests.preemptions == b.requests.preemptions && a.requests.replica == b.requests.replica &&
         a.requests.state == b.requests.state;
}

class EveryRoutingPolicy : public testing::TestWithParam<RoutingPolicy> {};
INSTANTIATE_TEST_SUITE_P(Pool, EveryRoutingPolicy,
                         testing::ValuesIn(routing_policies().begin(), routing_policies().end()), [](const auto& info) {
                           std::string name(info.param.name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(EveryRoutingPolicy, GivesTheSameOutcomeOnOneAndTwoThreadsAndAgain) {
  const RequestTable table = bursty_requests(3000);
  RunControl control;
  const PoolOutcome once = run_pool(setup(GetParam().name, 5), table, 1, control);
  EXPECT_TRUE(same(once, run_pool(setup(GetParam().name, 5), table, 2, control)));
  EXPECT_TRUE(same(once, run_pool(setup(GetParam().name, 5), table, 1, control)));
  EXPECT_TRUE(once.blocks_balance);
}

TEST_P(EveryRoutingPolicy, GivesTheSameOutcomeWithAPrefixCacheAsynchronously) {
  RequestTable table = bursty_requests(3000);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const std::vector<std::uint64_t> prompt(static_cast<std::size_t>(table.input_tokens[i] + 15) / 16, i % 7);
    table.add_keys(prompt, table.input_tokens[i], 16);
  }
  PoolSetup pool = setup(GetParam().name, 5);
  pool.limits.prefix_caching = true;
  pool.limits.async_scheduling = true;
  RunControl control;
  const PoolOutcome once = run_pool(pool, table, 1, control);
  const PoolOutcome again = run_pool(pool, table, 2, control);
  pool.step_by_step = true;
  EXPECT_TRUE(same(once, again));
  EXPECT_TRUE(same(once, run_pool(pool, table, 1, control)));
  EXPECT_TRUE(once.blocks_balance);
  std::int64_t hits = 0;
  for (std::size_t i = 0; i < once.replicas.size(); ++i) {
    hits += once.replicas[i].hit_tokens;
    EXPECT_EQ(once.replicas[i].evicted_blocks, again.replicas[i].evicted_blocks);
  }
  EXPECT_GT(hits, 10000);
}

TEST_P(EveryRoutingPolicy, ServesEveryRequest) {
  const RequestTable table = bursty_requests(2000);
  RunControl control;
  const PoolOutcome outcome = run_pool(setup(GetParam().name, 3), table, 2, control);
  for (const RequestState state : outcome.requests.state) ASSERT_EQ(state, RequestState::completed);
}

TEST_P(EveryRoutingPolicy, OfOneReplicaLeavesNoChoice) {
  const RequestTable table = bursty_requests(500);
  RunControl control;
  EXPECT_TRUE(same(run_pool(setup(GetParam().name, 1), table, 1, control),
                   run_pool(setup("round-robin", 1), table, 1, control)));
}

TEST_P(EveryRoutingPolicy, ChoosesAReplicaThatExists) {
  const std::vector<ReplicaLoad> loads = {{3, 10}, {1, 90}, {2, 5}};
  for (std::uint64_t request = 0; request < 10; ++request) EXPECT_LT(GetParam().choose(loads, request), 3U);
}

TEST(Routing, PoliciesChooseWhatTheirNamesSay) {
  const std::vector<ReplicaLoad> loads = {{3, 10}, {1, 90}, {2, 5}, {1, 80}};
  EXPECT_EQ(choose_round_robin(loads, 6), 2U);
  EXPECT_EQ(choose_shortest_queue(loads, 6), 1U) << "ties go to the first";
  EXPECT_EQ(choose_least_loaded(loads, 6), 2U);
}

TEST(Routing, ShortestQueueEvensOutLongAndShortRequests) {
  RequestTable table;
  for (int i = 0; i < 400; ++i)
    table.add(i * 2000, 64, i % 2 == 0 ? 400 : 1);  // round robin sends all long ones to one
  RunControl control;
  const auto mean_latency = [&](std::string_view policy) {
    const PoolOutcome outcome = run_pool(setup(policy, 2), table, 1, control);
    double sum = 0;
    for (std::size_t i = 0; i < table.size(); ++i)
      sum += static_cast<double>(outcome.requests.finish_ps[i] - table.arrival_ps[i]);
    return sum;
  };
  EXPECT_LT(mean_latency("join-shortest-queue"), mean_latency("round-robin"));
}

TEST(Pool, AStoppedRunKeepsWhatIsDoneAndSaysSo) {
  const RequestTable table = bursty_requests(50000);
  RunControl control;
  control.stop();
  for (const std::string_view policy : {"round-robin", "join-shortest-queue"}) {
    const PoolOutcome outcome = run_pool(setup(policy, 2), table, 1, control);
    EXPECT_TRUE(outcome.stopped);
    EXPECT_EQ(outcome.requests.state.back(), RequestState::unfinished);
  }
}

TEST(Pool, AStepBeyondTheHorizonStandsStillInsteadOfOverflowing) {
  const StepCost slow = linear_cost(std::int64_t{1} << 61, 0, 0, 512, 32);
  PoolSetup pool = setup("round-robin", 1);
  pool.cost = &slow;
  RequestTable table;
  table.add(0, 10, 10);
  RunControl control;
  const PoolOutcome outcome = run_pool(pool, table, 1, control);
  EXPECT_TRUE(outcome.beyond_horizon);
  EXPECT_EQ(outcome.requests.state[0], RequestState::unfinished);
}

}  // namespace
}  // namespace orrery
