#include <fmt/format.h>
#include <gtest/gtest.h>

#include "drive.h"
#include "linear_cost.h"
#include "orrery/serving/policies/batch_policy.h"
#include "reference_scheduler.h"

// Small cases of the rules in which engines differ, with exact answers: a step takes 1,000 units whatever its batch.
// "A:8 B:6" is a step that gives request A 8 tokens and B 6.

namespace orrery {
namespace {

using Times = std::vector<std::int64_t>;
using Steps = std::vector<std::string>;

RequestTable requests(std::initializer_list<std::array<int, 3>> rows) {
  RequestTable table;
  for (const auto& [arrival, input, output] : rows) table.add(arrival, input, output);
  return table;
}

EngineLimits limits_of(std::string_view policy, std::int64_t sequences, std::int64_t budget, std::int64_t block_size,
                       std::int64_t usable_blocks) {
  EngineLimits limits{sequences, budget, block_size, usable_blocks, 1000, true};
  limits.rules = find_batch_policy(policy)->rules;
  return limits;
}

struct Answer {
  Steps steps;
  Times first;
  Times last;
};

void expect(const EngineLimits& limits, const RequestTable& table, const Answer& answer) {
  const StepCost cost = linear_cost(1000, 0, 0, limits.max_batched_tokens, limits.max_sequences);
  ReferenceScheduler reference(cost, limits, table);
  reference.run();
  Steps steps;
  for (const auto& step : reference.steps) {
    std::string text;
    for (const auto& share : step.shares) {
      text += fmt::format("{}{}:{}", text.empty() ? "" : " ", static_cast<char>('A' + share.id), share.tokens);
    }
    steps.push_back(text);
  }
  EXPECT_EQ(steps, answer.steps);
  for (const bool step_by_step : {false, true}) {
    const ReplicaRun run = serve(cost, limits, table, step_by_step);
    EXPECT_EQ(run.outcomes.first_token_ps, answer.first);
    EXPECT_EQ(run.outcomes.finish_ps, answer.last);
    EXPECT_EQ(run.totals.steps, std::ssize(answer.steps));
    EXPECT_EQ(run.totals.preemptions, 0);
    EXPECT_EQ(run.free_blocks, limits.usable_blocks);
  }
}

TEST(TensorrtLlm, ARequestIsAdmittedOnlyIfItsWholeAnswerFits) {
  expect(limits_of("tensorrt-llm", 8, 16, 4, 6), requests({{0, 8, 9}, {0, 8, 5}}),
         {.steps = {"A:8", "A:1", "A:1", "A:1", "A:1", "A:1", "A:1", "A:1", "A:1", "B:8", "B:1", "B:1", "B:1", "B:1"},
          .first = {1000, 10000},
          .last = {9000, 14000}});
}

TEST(TensorrtLlm, TwoRequestsThatFitToTheirEndsRunTogether) {
  expect(limits_of("tensorrt-llm", 8, 16, 4, 7), requests({{0, 8, 9}, {0, 8, 5}}),
         {.steps = {"A:8 B:8", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1", "A:1", "A:1", "A:1"},
          .first = {1000, 1000},
          .last = {9000, 5000}});
}

TEST(TensorrtLlm, WithoutChunksAPromptWaitsForAStepThatHoldsItWhole) {
  EngineLimits limits = limits_of("tensorrt-llm", 8, 10, 4, 100);
  limits.chunked_prefill = false;
  expect(limits, requests({{0, 8, 3}, {0, 6, 1}}),
         {.steps = {"A:8", "A:1 B:6", "A:1"}, .first = {1000, 2000}, .last = {3000, 2000}});
}

TEST(TensorrtLlm, WithoutChunksAPromptThatNoStepHoldsIsRejected) {
  EngineLimits limits = limits_of("tensorrt-llm", 8, 10, 4, 100);
  limits.chunked_prefill = false;
  const RequestTable table = requests({{0, 11, 1}, {0, 10, 200}});
  const StepCost cost = linear_cost(1000, 0, 0, 10, 8);
  const ReplicaRun run = serve(cost, limits, table);
  EXPECT_EQ(run.outcomes.state[0], RequestState::rejected);
  EXPECT_EQ(run.outcomes.state[1], RequestState::completed);
}

TEST(Sarathi, AnAdmissionLeavesTheWatermarkFree) {
  EngineLimits limits = limits_of("sarathi", 8, 64, 4, 10);
  limits.rules.watermark = 0.2;
  expect(limits, requests({{0, 8, 3}, {0, 25, 1}}),
         {.steps = {"A:8", "A:1", "A:1", "B:25"}, .first = {1000, 4000}, .last = {3000, 4000}});
  limits.rules.watermark = 0;
  expect(limits, requests({{0, 8, 3}, {0, 25, 1}}),
         {.steps = {"A:8 B:25", "A:1", "A:1"}, .first = {1000, 1000}, .last = {3000, 1000}});
}

TEST(Sarathi, AStepHoldsATokenOfEachRunningRequestAndFillsItsChunkWithPrompts) {
  expect(limits_of("sarathi", 8, 8, 4, 100), requests({{0, 4, 4}, {0, 20, 1}}),
         {.steps = {"A:4 B:4", "A:1 B:7", "A:1 B:7", "A:1 B:2"}, .first = {1000, 4000}, .last = {4000, 4000}});
}

TEST(Sarathi, BlocksOfAPromptThatIsPartlyComputedAreKeptForIt) {
  // B's six blocks are set aside when it is admitted, so that C finds two free ones and waits, where chunks of B alone
  // would have left four.
  expect(limits_of("sarathi", 8, 12, 4, 10), requests({{0, 4, 5}, {0, 24, 1}, {0, 12, 1}}),
         {.steps = {"A:4 B:8", "A:1 B:11", "A:1 B:5", "A:1 C:11", "A:1 C:1"},
          .first = {1000, 3000, 5000},
          .last = {5000, 3000, 5000}});
}

TEST(StaticBatches, EveryMemberStaysUntilTheLongestEndsAndTheNextBatchWaits) {
  EngineLimits limits = limits_of("static", 8, 64, 4, 100);
  limits.chunked_prefill = false;
  const RequestTable table = requests({{0, 4, 5}, {0, 4, 2}, {100, 4, 1}});
  expect(limits, table,
         {.steps = {"A:4 B:4", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1 B:1", "C:4"},
          .first = {1000, 1000, 6000},
          .last = {5000, 5000, 6000}});
  const StepCost cost = linear_cost(1000, 0, 0, 64, 8);
  const ReplicaRun run = serve(cost, limits, table);
  EXPECT_EQ(run.totals.generated_tokens, 8) << "tokens behind the end of an answer are nobody's";
  EXPECT_EQ(run.totals.decode_sequence_steps, 8) << "but they are computed";
  EXPECT_EQ(run.totals.token_gaps.count(), 5);
}

TEST(StaticBatches, ABatchIsAsLargeAsItsLongestAnswerLetsItBe) {
  // Six blocks: B beside A needs (4 + 8 - 1) / 4 = 3 of them for each; a third would need three more.
  EngineLimits limits = limits_of("static", 8, 64, 4, 6);
  limits.chunked_prefill = false;
  expect(limits, requests({{0, 4, 1}, {0, 4, 8}, {0, 4, 1}}),
         {.steps = {"A:4 B:4", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1 B:1", "C:4"},
          .first = {1000, 1000, 9000},
          .last = {8000, 8000, 9000}});
}

TEST(Sglang, PromptsTakeStepsOfTheirOwn) {
  const EngineLimits limits = limits_of("sglang", 8, 64, 1, 1000);
  const RequestTable table = requests({{0, 4, 4}, {1500, 4, 2}});
  expect(limits, table,
         {.steps = {"A:4", "A:1", "B:4", "A:1 B:1", "A:1"}, .first = {1000, 3000}, .last = {5000, 4000}});
  const StepCost cost = linear_cost(1000, 0, 0, 64, 8);
  const ReplicaRun run = serve(cost, limits, table);
  EXPECT_EQ(run.totals.token_gaps.count(), 4);
  EXPECT_EQ(run.totals.token_gaps.largest(), 2000) << "A waits for B's prompt";
}

TEST(Sglang, APromptThatIsPartlyComputedGoesFirstAndAlone) {
  expect(limits_of("sglang", 8, 8, 1, 1000), requests({{0, 2, 3}, {1500, 20, 1}}),
         {.steps = {"A:2", "A:1", "B:8", "B:8", "B:4", "A:1"}, .first = {1000, 5000}, .last = {6000, 5000}});
}

TEST(Sglang, ARequestWaitsWhereTheAnswersOfOthersAreExpectedToFillTheCacheAndIsTriedAgainWhenOneLeaves) {
  expect(limits_of("sglang", 8, 64, 1, 20), requests({{0, 6, 10}, {0, 3, 2}}),
         {.steps = {"A:6", "A:1", "A:1", "A:1", "A:1", "A:1", "A:1", "A:1", "A:1", "A:1", "B:3", "B:1"},
          .first = {1000, 11000},
          .last = {10000, 12000}});
}

TEST(Sglang, RetractsTheRequestThatHasGeneratedLeastAndOfTheseTheOneWithTheLongestPrompt) {
  EngineLimits limits = limits_of("sglang", 8, 64, 1, 24);
  limits.rules.estimate.first = limits.rules.estimate.least = 0;  // nothing is expected of running requests
  // A goes first; B and C come one step later, with one token less, and C's prompt is longer.
  const RequestTable table = requests({{0, 2, 18}, {500, 2, 8}, {500, 3, 8}});
  const StepCost cost = linear_cost(1000, 0, 0, 64, 8);
  for (const bool step_by_step : {false, true}) {
    const ReplicaRun run = serve(cost, limits, table, step_by_step);
    EXPECT_EQ(run.outcomes.preemptions, (std::vector<std::uint16_t>{0, 0, 1}));
    EXPECT_EQ(run.totals.completed, 3);
  }
}

TEST(BatchPolicies, HaveNamesOfTheirOwn) {
  for (const BatchPolicy& policy : batch_policies()) {
    EXPECT_EQ(find_batch_policy(policy.name), &policy);
    EXPECT_FALSE(policy.help.empty());
  }
  EXPECT_EQ(find_batch_policy("vllm"), nullptr);
}

}  // namespace
}  // namespace orrery
