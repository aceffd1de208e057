#include "orrery/serving/lock_step.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "drive.h"
#include "linear_cost.h"
#include "orrery/serving/pool.h"

namespace orrery {
namespace {

PoolSetup setup(const StepCost& cost, std::size_t replicas, std::size_t lanes_in_step) {
  return {&cost, {8, 64, 4, 100, 4096, true}, replicas, find_routing_policy("round-robin"), false, lanes_in_step};
}

PoolOutcome run(const PoolSetup& pool, const RequestTable& table, int threads = 1) {
  RunControl control;
  return run_pool(pool, table, threads, control);
}

RequestTable random_requests(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  RequestTable table;
  std::int64_t now = 0;
  for (std::size_t i = 0; i < count; ++i) {
    now += static_cast<std::int64_t>(random() % 3000);
    table.add(now, static_cast<std::int32_t>(1 + random() % 90), static_cast<std::int32_t>(1 + random() % 40));
  }
  return table;
}

TEST(LockStep, EveryLanePadsToTheLargestAndIdleOnesRunAlong) {  // V-73
  const StepCost cost = linear_cost(1000, 10, 0, 64, 8);
  RequestTable table;
  table.add(0, 8, 2);      // lane 0
  table.add(0, 4, 3);      // lane 1
  table.add(2500, 20, 1);  // lane 0, while lane 1 decodes on
  const PoolOutcome outcome = run(setup(cost, 2, 2), table);
  // Steps of 8, 1, 1 and 20 tokens on every lane: they end at 1080, 2090, 3100 and 4300.
  EXPECT_EQ(outcome.requests.first_token_ps, (std::vector<std::int64_t>{1080, 1080, 4300}));
  EXPECT_EQ(outcome.requests.finish_ps, (std::vector<std::int64_t>{2090, 3100, 4300}));
  EXPECT_EQ(outcome.requests.queued_ps, (std::vector<std::int64_t>{0, 0, 3100}));
  for (const ReplicaTotals& lane : outcome.replicas) {
    EXPECT_EQ(lane.steps, 4);
    EXPECT_EQ(lane.busy_ps, 4300);
    EXPECT_EQ(lane.steps_by_padded_tokens[1], 2);
    EXPECT_EQ(lane.steps_by_padded_tokens[8], 1);
    EXPECT_EQ(lane.steps_by_padded_tokens[20], 1);
  }
  EXPECT_EQ(outcome.replicas[0].steps_by_tokens[0], 1);
  EXPECT_TRUE(outcome.blocks_balance);
}

TEST(LockStep, TheLongestLaneSetsThePace) {
  const StepCost cost = linear_cost(1000, 0, 3, 64, 8);  // 3 for each computed token of a lane
  RequestTable table;
  table.add(0, 40, 2);
  table.add(0, 10, 2);
  const PoolOutcome outcome = run(setup(cost, 2, 2), table);
  EXPECT_EQ(outcome.requests.first_token_ps, (std::vector<std::int64_t>{1120, 1120}));
  EXPECT_EQ(outcome.requests.finish_ps, (std::vector<std::int64_t>{2243, 2243}));
}

TEST(LockStep, EqualLanesAreAsOneAlone) {
  const StepCost cost = linear_cost(700, 5, 2, 64, 8);
  for (const bool async : {false, true}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      const RequestTable once = random_requests(seed, 60);
      RequestTable thrice;
      for (std::size_t i = 0; i < once.size(); ++i) {
        for (int lane = 0; lane < 3; ++lane) {
          thrice.add(once.arrival_ps[i], once.input_tokens[i], once.output_tokens[i]);
        }
      }
      PoolSetup pool = setup(cost, 3, 3);
      pool.limits.async_scheduling = async;
      const PoolOutcome outcome = run(pool, thrice);
      const ReplicaRun alone = serve(cost, pool.limits, once);
      for (std::size_t i = 0; i < thrice.size(); ++i) {
        ASSERT_EQ(outcome.requests.finish_ps[i], alone.outcomes.finish_ps[i / 3]) << seed << " " << i;
        ASSERT_EQ(outcome.requests.first_token_ps[i], alone.outcomes.first_token_ps[i / 3]);
        ASSERT_EQ(outcome.requests.queued_ps[i], alone.outcomes.queued_ps[i / 3]);
      }
    }
  }
}

TEST(LockStep, EqualLanesAreAsOneAloneWithPriorities) {
  const StepCost cost = linear_cost(700, 5, 2, 64, 8);
  std::int64_t preemptions = 0;
  for (const bool async : {false, true}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      RequestTable once = random_requests(seed, 60);
      RequestTable twice;
      for (std::size_t i = 0; i < once.size(); ++i) {
        once.priorities.push_back(static_cast<std::int32_t>(i * i % 3));
        for (int lane = 0; lane < 2; ++lane) {
          twice.add(once.arrival_ps[i], once.input_tokens[i], once.output_tokens[i]);
          twice.priorities.push_back(once.priorities[i]);
        }
      }
      PoolSetup pool = setup(cost, 2, 2);
      pool.limits.async_scheduling = async;
      pool.limits.by_priority = true;
      pool.limits.usable_blocks = 50;
      const PoolOutcome outcome = run(pool, twice);
      const ReplicaRun alone = serve(cost, pool.limits, once);
      preemptions += alone.totals.preemptions;
      for (std::size_t i = 0; i < twice.size(); ++i) {
        ASSERT_EQ(outcome.requests.finish_ps[i], alone.outcomes.finish_ps[i / 2]) << seed << " " << i;
        ASSERT_EQ(outcome.requests.first_token_ps[i], alone.outcomes.first_token_ps[i / 2]);
        ASSERT_EQ(outcome.requests.queued_ps[i], alone.outcomes.queued_ps[i / 2]);
      }
    }
  }
  EXPECT_GT(preemptions, 100);
}

TEST(LockStep, LanesOfAnEngineStepTogetherWhateverTheyServe) {
  const StepCost cost = linear_cost(700, 5, 2, 64, 8);
  for (const bool async : {false, true}) {
    for (const std::string_view routing : {"round-robin", "join-shortest-queue"}) {
      const RequestTable table = random_requests(11, 900);
      PoolSetup pool = setup(cost, 6, 3);
      pool.limits.async_scheduling = async;
      pool.routing = find_routing_policy(routing);
      const PoolOutcome outcome = run(pool, table);
      const PoolOutcome again = run(pool, table, 2);
      EXPECT_EQ(outcome.requests.finish_ps, again.requests.finish_ps);
      for (const RequestState state : outcome.requests.state) EXPECT_EQ(state, RequestState::completed);
      EXPECT_TRUE(outcome.blocks_balance);
      for (std::size_t lane = 0; lane < 6; ++lane) {
        const ReplicaTotals& totals = outcome.replicas[lane];
        const ReplicaTotals& first = outcome.replicas[lane / 3 * 3];
        EXPECT_EQ(totals.steps, first.steps);
        EXPECT_EQ(totals.busy_ps, first.busy_ps);
        EXPECT_EQ(totals.end_ps, first.end_ps);
        EXPECT_EQ(totals.steps_by_padded_tokens, first.steps_by_padded_tokens);
        const auto sum = [](const std::vector<std::int64_t>& counts) {
          std::int64_t tokens = 0;
          for (std::size_t t = 0; t < counts.size(); ++t) tokens += static_cast<std::int64_t>(t) * counts[t];
          return tokens;
        };
        EXPECT_LE(sum(totals.steps_by_tokens), sum(totals.steps_by_padded_tokens));
      }
    }
  }
}

}  // namespace
}  // namespace orrery
