#include "orrery/serving/replica.h"

#include <gtest/gtest.h>

#include <random>

#include "drive.h"
#include "linear_cost.h"
#include "reference_scheduler.h"

// The small cases are those of the scheduler's specification that need no prefix cache: a step
// takes 1,000 units whatever its batch, blocks of 4 tokens, one block of the given number is null.

namespace orrery {
namespace {

struct SmallCase {
  std::int64_t blocks;
  std::int64_t budget;
  std::int64_t sequences;
  bool reserve = true;
  RequestTable table;

  EngineLimits limits() const { return {sequences, budget, 4, blocks - 1, 1000, reserve}; }
  StepCost cost() const { return linear_cost(1000, 0, 0, budget, sequences); }
};

RequestTable requests(std::initializer_list<std::array<int, 3>> rows) {
  RequestTable table;
  for (const auto& [arrival, input, output] : rows) table.add(arrival, input, output);
  return table;
}

std::vector<std::int64_t> free_blocks_by_step(const SmallCase& c) {
  const StepCost cost = c.cost();
  ReferenceScheduler reference(cost, c.limits(), c.table);
  reference.run();
  std::vector<std::int64_t> free;
  for (const auto& step : reference.steps) free.push_back(step.free_blocks);
  return free;
}

void expect_times(const SmallCase& c, std::vector<std::int64_t> first, std::vector<std::int64_t> last) {
  const StepCost cost = c.cost();
  for (const bool step_by_step : {false, true}) {
    const ReplicaRun run = serve(cost, c.limits(), c.table, step_by_step);
    EXPECT_EQ(run.outcomes.first_token_ps, first);
    EXPECT_EQ(run.outcomes.finish_ps, last);
    EXPECT_EQ(run.free_blocks, c.blocks - 1);
  }
}

TEST(VllmV1, T1PromptsAreComputedInChunksOfTheBudget) {
  const SmallCase c{33, 8, 4, true, requests({{0, 10, 3}, {0, 6, 2}})};
  EXPECT_EQ(free_blocks_by_step(c), (std::vector<std::int64_t>{30, 27, 27, 29}));
  expect_times(c, {2000, 2000}, {4000, 3000});
}

TEST(VllmV1, T6TheHeadOfTheQueueBlocksIt) {
  const SmallCase c{8, 64, 64, true, requests({{0, 16, 3}, {0, 20, 1}, {0, 4, 1}})};
  EXPECT_EQ(free_blocks_by_step(c), (std::vector<std::int64_t>{3, 2, 2, 1}));
  expect_times(c, {1000, 4000, 4000}, {3000, 4000, 4000});
}

TEST(VllmV1, T9NoMoreThanMaxNumSeqsRun) {
  const SmallCase c{33, 64, 2, true, requests({{0, 4, 3}, {0, 4, 3}, {0, 4, 3}})};
  expect_times(c, {1000, 1000, 4000}, {3000, 3000, 6000});
}

TEST(VllmV1, T10AnArrivalJoinsAtTheNextStepBoundary) {
  const SmallCase c{33, 64, 64, true, requests({{0, 4, 4}, {1500, 4, 2}})};
  expect_times(c, {1000, 3000}, {4000, 4000});
  const StepCost cost = c.cost();
  const ReplicaRun run = serve(cost, c.limits(), c.table);
  EXPECT_EQ(run.outcomes.queued_ps, (std::vector<std::int64_t>{0, 2000}));
}

TEST(VllmV1, AnArrivalExactlyAtABoundaryJoinsTheStepThatStartsThere) {
  const SmallCase c{33, 64, 64, true, requests({{0, 4, 5}, {2000, 4, 1}})};
  expect_times(c, {1000, 3000}, {5000, 3000});
}

TEST(VllmV1, TheLastRequestIsPreemptedAndComputesEverythingAgain) {
  // Both need a fourth block at the sixth step, and one is left: B goes, and returns when A is done.
  const SmallCase c{7, 16, 16, true, requests({{0, 8, 9}, {0, 8, 9}})};
  const StepCost cost = c.cost();
  const ReplicaRun run = serve(cost, c.limits(), c.table);
  EXPECT_EQ(run.totals.preemptions, 1);
  EXPECT_EQ(run.totals.recomputed_tokens, 13);
  EXPECT_EQ(run.outcomes.preemptions, (std::vector<std::uint16_t>{0, 1}));
  EXPECT_EQ(run.outcomes.finish_ps, (std::vector<std::int64_t>{9000, 13000}));
}

TEST(VllmV1, ARequestThatCanNeverFitIsRejectedAndTheOthersGoOn) {
  const SmallCase c{7, 64, 8, true, requests({{0, 30, 2}, {0, 4, 2}, {0, 24, 1}, {0, 990, 11}})};
  const StepCost cost = c.cost();
  const ReplicaRun run = serve(cost, c.limits(), c.table);
  EXPECT_EQ(run.totals.rejected, 2);
  EXPECT_EQ(run.totals.completed, 2);
  EXPECT_EQ(run.outcomes.state[0], RequestState::rejected);
  EXPECT_EQ(run.outcomes.state[2], RequestState::completed) << "24 tokens fill the six blocks exactly";
  EXPECT_EQ(run.outcomes.finish_ps[0], RequestOutcomes::kUnset);
}

TEST(VllmV1, AnIdleReplicaHasNoEvents) {
  const StepCost cost = linear_cost(1000, 0, 0, 8, 8);
  const RequestTable table;
  RequestOutcomes outcomes(0);
  const Replica replica(cost, {8, 8, 4, 10, 100, true}, table, outcomes, 0, false);
  EXPECT_EQ(replica.next_event(), SimTime::never());
}

TEST(VllmV1, TimeInTheSystemIsTheSumOfLatencies) {
  const SmallCase c{9, 12, 3, true, requests({{0, 10, 7}, {100, 6, 9}, {2500, 9, 3}, {40000, 3, 1}})};
  const StepCost cost = c.cost();
  const ReplicaRun run = serve(cost, c.limits(), c.table);
  std::int64_t latencies = 0;
  for (std::size_t i = 0; i < 4; ++i) latencies += run.outcomes.finish_ps[i] - c.table.arrival_ps[i];
  EXPECT_EQ(static_cast<std::int64_t>(run.totals.request_ps), latencies);
}

// ---- two independent views -----------------------------------------------------------------

class RandomCase {
 public:
  explicit RandomCase(std::uint64_t seed) : random_(seed) {
    limits.block_size = draw(1, 9);
    limits.max_sequences = draw(1, 8);
    limits.max_batched_tokens = limits.max_sequences + draw(0, 40);
    limits.usable_blocks = draw(4, 40);
    limits.context_limit = draw(20, 200);
    limits.reserve_full_prompt = draw(0, 1) == 1;
    cost = linear_cost(draw(1, 1000), draw(0, 50), draw(0, 9), limits.max_batched_tokens, limits.max_sequences);
    cost.sequences_ps.back() += 3;
    cost.decode_fixed_ps = draw(0, 30);
    cost.decode_sequence_ps = draw(0, 9);
    cost.prefill_fixed_ps = draw(0, 20);
    cost.full_layers.token_ps += static_cast<double>(draw(0, 3));
    if (draw(0, 1) == 1) {
      cost.window_tokens = draw(1, 30);
      cost.window_token_ps = draw(0, 7);
    }
    std::int64_t now = 0;
    const std::int64_t count = draw(1, 30);
    for (std::int64_t i = 0; i < count; ++i) {
      now += draw(0, 2) == 0 ? 0 : draw(0, 4000);
      table.add(now, static_cast<std::int32_t>(draw(1, 60)), static_cast<std::int32_t>(draw(1, 60)));
    }
  }

  EngineLimits limits;
  StepCost cost;
  RequestTable table;

 private:
  std::int64_t draw(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::mt19937_64 random_;
};

TEST(Replica, AgreesWithThePlainSchedulerInClosedFormAndStepByStep) {
  std::int64_t preemptions = 0;
  std::int64_t rejections = 0;
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    const RandomCase c(seed);
    ReferenceScheduler reference(c.cost, c.limits, c.table);
    reference.run();
    for (const bool step_by_step : {false, true}) {
      const ReplicaRun run = serve(c.cost, c.limits, c.table, step_by_step);
      ASSERT_EQ(run.totals.steps, static_cast<std::int64_t>(reference.steps.size())) << seed;
      ASSERT_EQ(run.totals.preemptions, reference.preemptions) << seed;
      ASSERT_EQ(run.totals.recomputed_tokens, reference.recomputed) << seed;
      ASSERT_EQ(run.free_blocks, c.limits.usable_blocks) << seed;
      for (std::size_t i = 0; i < c.table.size(); ++i) {
        const auto& expected = reference.requests[i];
        ASSERT_EQ(run.outcomes.queued_ps[i], expected.queued) << seed;
        ASSERT_EQ(run.outcomes.scheduled_ps[i], expected.scheduled) << seed;
        ASSERT_EQ(run.outcomes.first_token_ps[i], expected.first_token) << seed;
        ASSERT_EQ(run.outcomes.finish_ps[i], expected.finish) << seed;
        ASSERT_EQ(run.outcomes.preemptions[i], expected.preemptions) << seed;
      }
      preemptions += run.totals.preemptions;
      rejections += run.totals.rejected;
    }
  }
  EXPECT_GT(preemptions, 10000) << "the cases must be tight enough to matter";
  EXPECT_GT(rejections, 1000);
}

TEST(Replica, ClosedFormCountsTheSameWorkAsStepByStep) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const RandomCase c(seed);
    const ReplicaTotals a = serve(c.cost, c.limits, c.table, false).totals;
    const ReplicaTotals b = serve(c.cost, c.limits, c.table, true).totals;
    ASSERT_EQ(a.busy_ps, b.busy_ps) << seed;
    ASSERT_EQ(a.end_ps, b.end_ps) << seed;
    ASSERT_EQ(a.prefill_tokens, b.prefill_tokens) << seed;
    ASSERT_EQ(a.generated_tokens, b.generated_tokens) << seed;
    ASSERT_EQ(a.decode_sequence_steps, b.decode_sequence_steps) << seed;
    ASSERT_EQ(a.context_token_steps, b.context_token_steps) << seed;
    ASSERT_EQ(a.window_token_steps, b.window_token_steps) << seed;
    ASSERT_EQ(a.resident_token_steps, b.resident_token_steps) << seed;
    ASSERT_EQ(a.peak_blocks, b.peak_blocks) << seed;
    ASSERT_EQ(a.peak_sequences, b.peak_sequences) << seed;
    ASSERT_EQ(a.steps_by_tokens, b.steps_by_tokens) << seed;
    ASSERT_EQ(a.steps_by_sequences, b.steps_by_sequences) << seed;
    ASSERT_EQ(a.token_gaps, b.token_gaps) << seed;
    ASSERT_TRUE(a.request_ps == b.request_ps) << seed;
  }
}

TEST(Replica, MoreBlocksNeverPreemptMoreWithEqualArrivals) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    RandomCase c(seed);
    c.limits.usable_blocks = 4000;
    const ReplicaRun run = serve(c.cost, c.limits, c.table);
    ASSERT_EQ(run.totals.preemptions, 0) << seed;
  }
}

TEST(Replica, TokensAndRequestsAreConserved) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const RandomCase c(seed);
    const ReplicaRun run = serve(c.cost, c.limits, c.table);
    std::int64_t output = 0;
    for (std::size_t i = 0; i < c.table.size(); ++i) {
      if (run.outcomes.state[i] == RequestState::completed) output += c.table.output_tokens[i];
    }
    ASSERT_EQ(run.totals.generated_tokens, output) << seed;
    ASSERT_EQ(run.totals.completed + run.totals.rejected, static_cast<std::int64_t>(c.table.size())) << seed;
    ASSERT_EQ(run.totals.token_gaps.count(), output - run.totals.completed) << seed;
  }
}

}  // namespace
}  // namespace orrery
