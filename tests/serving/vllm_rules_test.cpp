#include <fmt/format.h>
#include <gtest/gtest.h>

#include "drive.h"
#include "linear_cost.h"
#include "reference_scheduler.h"

// The small cases of the scheduler's specification, with exact answers: a step takes 1,000 units whatever its
// batch, blocks hold 4 tokens, and one block of the given number is null. "A:8 B:6" is a step that gives
// request A 8 tokens and B 6.

namespace orrery {
namespace {

using Times = std::vector<std::int64_t>;
using Steps = std::vector<std::string>;

/// Requests, whose prompts begin with the given tokens and go on with tokens that no other has.
RequestTable requests(std::initializer_list<std::array<int, 3>> rows, const std::vector<std::string>& begins = {}) {
  RequestTable table;
  for (const auto& [arrival, input, output] : rows) {
    table.add(arrival, input, output);
    std::vector<std::uint64_t> tokens;
    if (table.size() <= begins.size()) tokens.assign(begins[table.size() - 1].begin(), begins[table.size() - 1].end());
    while (std::ssize(tokens) < input + output) tokens.push_back(table.size() * 1000 + tokens.size());
    table.add_keys(tokens, input + output, 1);
  }
  return table;
}

struct SmallCase {
  std::int64_t blocks;
  std::int64_t budget;
  std::int64_t sequences;
  RequestTable table;
  bool reserve = true;
  bool prefix_caching = true;
  bool async_scheduling = false;
  bool by_priority = false;

  EngineLimits limits() const {
    EngineLimits limits{sequences, budget, 4, blocks - 1, 1000, reserve, prefix_caching, async_scheduling, 0};
    limits.by_priority = by_priority;
    return limits;
  }
  StepCost cost() const { return linear_cost(1000, 0, 0, budget, sequences); }
};

struct Answer {
  Steps steps = {};  // not looked at where empty
  Times free = {};   // blocks after the scheduling of each step; likewise
  Times first = {};  // tokens
  Times last = {};
  std::int64_t preemptions = 0;
  std::int64_t recomputed = 0;
  std::int64_t hits = 0;
  std::int64_t evictions = -1;  // not looked at
};

void expect_plain(const SmallCase& c, const StepCost& cost, const Answer& answer) {
  ReferenceScheduler reference(cost, c.limits(), c.table);
  reference.run();
  Steps steps;
  Times free;
  for (const auto& step : reference.steps) {
    std::string text;
    for (const auto& share : step.shares) {
      text += fmt::format("{}{}:{}", text.empty() ? "" : " ", static_cast<char>('A' + share.id), share.tokens);
    }
    steps.push_back(text);
    free.push_back(step.free_blocks);
  }
  if (!answer.steps.empty()) {
    EXPECT_EQ(steps, answer.steps);
  }
  if (!answer.free.empty()) {
    EXPECT_EQ(free, answer.free);
  }
  Times first;
  Times last;
  for (const auto& request : reference.requests) {
    first.push_back(request.first_token);
    last.push_back(request.finish);
  }
  EXPECT_EQ(first, answer.first);
  EXPECT_EQ(last, answer.last);
  EXPECT_EQ(reference.preemptions, answer.preemptions);
  EXPECT_EQ(reference.recomputed, answer.recomputed);
  EXPECT_EQ(reference.hit_tokens, answer.hits);
  if (answer.evictions >= 0) {
    EXPECT_EQ(reference.evictions(), answer.evictions);
  }
}

/// The replica in both ways, and the plain scheduler, which also tells its steps.
void expect(const SmallCase& c, const Answer& answer) {
  const StepCost cost = c.cost();
  expect_plain(c, cost, answer);
  for (const bool step_by_step : {false, true}) {
    const ReplicaRun run = serve(cost, c.limits(), c.table, step_by_step);
    EXPECT_EQ(run.outcomes.first_token_ps, answer.first);
    EXPECT_EQ(run.outcomes.finish_ps, answer.last);
    EXPECT_EQ(run.totals.preemptions, answer.preemptions);
    EXPECT_EQ(run.totals.recomputed_tokens, answer.recomputed);
    EXPECT_EQ(run.totals.hit_tokens, answer.hits);
    if (answer.evictions >= 0) {
      EXPECT_EQ(run.totals.evicted_blocks, answer.evictions);
    }
    if (!answer.steps.empty()) {
      EXPECT_EQ(run.totals.steps, std::ssize(answer.steps));
    }
    EXPECT_EQ(run.free_blocks, c.blocks - 1);
  }
}

TEST(VllmV1, T1PromptsAreComputedInChunksOfTheBudget) {
  expect({33, 8, 4, requests({{0, 10, 3}, {0, 6, 2}})}, {.steps = {"A:8", "A:2 B:6", "A:1 B:1", "A:1"},
                                                         .free = {30, 27, 27, 29},
                                                         .first = {2000, 2000},
                                                         .last = {4000, 3000}});
}

TEST(VllmV1, T2TheTailOfTheRunningIsTheVictimAndFindsItsHeadAgain) {
  expect({7, 16, 16, requests({{0, 8, 9}, {0, 8, 9}})},
         {.steps = {"A:8 B:8", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1", "A:1", "A:1", "A:1", "B:5", "B:1",
                    "B:1", "B:1"},
          .free = {2, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2},
          .first = {1000, 1000},
          .last = {9000, 13000},
          .preemptions = 1,
          .recomputed = 5,
          .evictions = 3});
}

TEST(VllmV1, T3TwoVictimsComeBackInTheirOldOrder) {
  expect({8, 32, 32, requests({{0, 8, 9}, {0, 8, 9}, {0, 8, 2}})},
         {.steps = {"A:8 B:8 C:8", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1 B:1", "A:1", "A:1", "A:1", "A:1", "B:1 C:9",
                    "B:1", "B:1", "B:1"},
          .free = {1, 1, 1, 1, 1, 3, 3, 3, 3, 0, 3, 3, 3},
          .first = {1000, 1000, 1000},
          .last = {9000, 13000, 10000},
          .preemptions = 2,
          .recomputed = 10,
          .evictions = 6});
}

TEST(VllmV1, T4ACompleteHitComputesItsLastBlockAgain) {
  expect({33, 16, 16, requests({{0, 8, 2}, {3000, 8, 2}, {6000, 9, 2}}, {"abcdefgh", "abcdefgh", "abcdefgh"})},
         {.steps = {"A:8", "A:1", "B:4", "B:1", "C:1", "C:1"},
          .free = {30, 29, 30, 29, 29, 29},
          .first = {1000, 4000, 7000},
          .last = {2000, 5000, 8000},
          .hits = 12});
}

TEST(VllmV1, T5EqualPromptsOfOneStepShareTheirBlocks) {
  expect({33, 32, 32, requests({{0, 12, 1}, {0, 12, 1}}, {"abcdefghijkl", "abcdefghijkl"})},
         {.steps = {"A:12 B:4"}, .free = {28}, .first = {1000, 1000}, .last = {1000, 1000}, .hits = 8});
}

TEST(VllmV1, T6TheHeadOfTheQueueBlocksIt) {
  expect({8, 64, 64, requests({{0, 16, 3}, {0, 20, 1}, {0, 4, 1}})}, {.steps = {"A:16", "A:1", "A:1", "B:20 C:4"},
                                                                      .free = {3, 2, 2, 1},
                                                                      .first = {1000, 4000, 4000},
                                                                      .last = {3000, 4000, 4000}});
}

TEST(VllmV1, T7WithoutTheReservationAPromptIsAdmittedAndPreempted) {
  expect({8, 24, 24, requests({{0, 16, 3}, {0, 20, 1}, {0, 4, 1}}), /*reserve=*/false},
         {.steps = {"A:16 B:8", "A:1", "A:1", "B:12 C:4"},
          .free = {1, 2, 2, 1},
          .first = {1000, 4000, 4000},
          .last = {3000, 4000, 4000},
          .preemptions = 1,
          .recomputed = 12});
}

TEST(VllmV1, T8TheTailOfTheFirstToFinishIsReusedBeforeItsHead) {
  expect({8, 64, 64, requests({{0, 8, 1}, {1000, 20, 1}, {2000, 9, 1}}, {"abcdefgh", "", "abcdefgh"})},
         {.steps = {"A:8", "B:20", "C:1"},
          .free = {5, 2, 4},
          .first = {1000, 2000, 3000},
          .last = {1000, 2000, 3000},
          .hits = 8,
          .evictions = 1});
}

TEST(VllmV1, T9NoMoreThanMaxNumSeqsRun) {
  expect({33, 64, 2, requests({{0, 4, 3}, {0, 4, 3}, {0, 4, 3}})},
         {.steps = {"A:4 B:4", "A:1 B:1", "A:1 B:1", "C:4", "C:1", "C:1"},
          .first = {1000, 1000, 4000},
          .last = {3000, 3000, 6000}});
}

TEST(VllmV1, T10AnArrivalJoinsAtTheNextStepBoundary) {
  const SmallCase c{33, 64, 64, requests({{0, 4, 4}, {1500, 4, 2}})};
  expect(c, {.steps = {"A:4", "A:1", "A:1 B:4", "A:1 B:1"}, .first = {1000, 3000}, .last = {4000, 4000}});
  const StepCost cost = c.cost();
  EXPECT_EQ(serve(cost, c.limits(), c.table).outcomes.queued_ps, (Times{0, 2000}));
}

TEST(VllmV1, T10aAsynchronouslyAnArrivalJoinsOneStepLater) {
  SmallCase c{33, 64, 64, requests({{0, 4, 4}, {1500, 4, 2}})};
  c.async_scheduling = true;
  expect(c, {.steps = {"A:4", "A:1", "A:1", "A:1 B:4", "B:1"}, .first = {1000, 4000}, .last = {4000, 5000}});
  const StepCost cost = c.cost();
  ReferenceScheduler reference(cost, c.limits(), c.table);
  reference.run();
  Times scheduled;
  for (const auto& step : reference.steps) scheduled.push_back(step.scheduled);
  EXPECT_EQ(scheduled, (Times{0, 0, 1000, 2000, 3000}));
  EXPECT_EQ(serve(cost, c.limits(), c.table).outcomes.queued_ps, (Times{0, 2000}));
}

TEST(VllmV1, AnArrivalExactlyAtABoundaryJoinsTheStepThatStartsThere) {
  expect({33, 64, 64, requests({{0, 4, 5}, {2000, 4, 1}})}, {.first = {1000, 3000}, .last = {5000, 3000}});
}

TEST(VllmV1, WithoutAPrefixCacheAVictimComputesEverythingAgain) {
  SmallCase c{7, 16, 16, requests({{0, 8, 9}, {0, 8, 9}})};
  c.prefix_caching = false;
  expect(c, {.first = {1000, 1000}, .last = {9000, 13000}, .preemptions = 1, .recomputed = 13, .evictions = 0});
}

TEST(VllmV1, ARequestWhoseLastTokenIsOnItsWayTakesNoStepMore) {
  SmallCase c{33, 64, 64, requests({{0, 4, 1}})};
  c.async_scheduling = true;
  expect(c, {.steps = {"A:4"}, .first = {1000}, .last = {1000}});
}

TEST(VllmV1, ARequestThatCanNeverFitIsRejectedAndTheOthersGoOn) {
  const SmallCase c{7, 64, 8, requests({{0, 30, 2}, {0, 4, 2}, {0, 24, 1}, {0, 990, 11}})};
  const StepCost cost = c.cost();
  const ReplicaRun run = serve(cost, c.limits(), c.table);
  EXPECT_EQ(run.totals.rejected, 2);
  EXPECT_EQ(run.totals.completed, 2);
  EXPECT_EQ(run.outcomes.state[0], RequestState::rejected);
  EXPECT_EQ(run.outcomes.state[2], RequestState::completed) << "24 tokens fill the six blocks exactly";
  EXPECT_EQ(run.outcomes.finish_ps[0], RequestOutcomes::kUnset);
}

/// Requests with the times at which their clients give up.
SmallCase with_patience(SmallCase c, Times give_up) {
  c.table.give_up_ps = std::move(give_up);
  return c;
}
constexpr std::int64_t kNever = INT64_MAX;

TEST(VllmV1, V54AClientThatGivesUpFreesItsBlocksAtTheNextStepBoundary) {
  const SmallCase c = with_patience({33, 16, 16, requests({{0, 8, 9}, {0, 8, 4}})}, {2500, kNever});
  expect(c, {.steps = {"A:8 B:8", "A:1 B:1", "A:1 B:1", "B:1"},
             .free = {28, 26, 26, 29},
             .first = {1000, 1000},
             .last = {3000, 4000}});
  const StepCost cost = c.cost();
  const ReplicaRun run = serve(cost, c.limits(), c.table);
  EXPECT_EQ(run.outcomes.state[0], RequestState::failed);
  EXPECT_EQ(run.totals.failed, 1);
  EXPECT_EQ(run.totals.failed_tokens, 3);
  EXPECT_EQ(run.totals.generated_tokens, 7);
}

TEST(VllmV1, V54AStepThatRunsIsNotInterruptedAndItsTokenIsLostAsynchronously) {
  SmallCase c = with_patience({33, 16, 16, requests({{0, 8, 9}})}, {1500});
  c.async_scheduling = true;
  expect(c, {.steps = {"A:8", "A:1", "A:1"}, .first = {1000}, .last = {2000}});
}

TEST(VllmV1, V54AnAnswerThatEndsInTimeIsCompletedAndOneThatEndsLateHasFailed) {
  for (const bool async_scheduling : {false, true}) {
    SmallCase c = with_patience({33, 16, 16, requests({{0, 8, 3}, {0, 8, 3}})}, {3000, 2999});
    c.async_scheduling = async_scheduling;
    expect(c, {.steps = {"A:8 B:8", "A:1 B:1", "A:1 B:1"}, .first = {1000, 1000}, .last = {3000, 3000}});
    const StepCost cost = c.cost();
    const ReplicaRun run = serve(cost, c.limits(), c.table);
    EXPECT_EQ(run.outcomes.state[0], RequestState::completed);
    EXPECT_EQ(run.outcomes.state[1], RequestState::failed);
  }
}

TEST(VllmV1, V54AHeadOfTheQueueThatGivesUpLetsTheNextOneIn) {
  const SmallCase c = with_patience({8, 64, 64, requests({{0, 16, 5}, {0, 20, 1}, {0, 4, 1}})}, {kNever, 1500, kNever});
  expect(c, {.steps = {"A:16", "A:1", "A:1 C:4", "A:1", "A:1"},
             .free = {3, 2, 1, 2, 2},
             .first = {1000, -1, 3000},
             .last = {5000, 2000, 3000}});
}

TEST(VllmV1, V54RequestsThatGiveUpInTheQueueAreTakenOffItOnceHoweverLongItIs) {
  constexpr int kWaiting = 200'000;
  RequestTable table;
  table.add(0, 4, 1000);
  for (int i = 0; i < kWaiting; ++i) table.add(1, 4, 1);
  table.give_up_ps.assign(table.size(), kNever);
  for (int i = 0; i < kWaiting; ++i) table.give_up_ps[static_cast<std::size_t>(kWaiting - i)] = 1000 + i;
  const StepCost cost = linear_cost(1000, 0, 0, 8, 1);
  const ReplicaRun run = serve(cost, {1, 8, 4, 1000, 2000, true}, table);
  EXPECT_EQ(run.totals.completed, 1);
  EXPECT_EQ(run.totals.failed, kWaiting);
  EXPECT_EQ(run.totals.steps, 1000);
}

TEST(VllmV1, V54APreemptedRequestThatGivesUpLeavesNothingBehind) {
  const SmallCase c = with_patience({7, 16, 16, requests({{0, 8, 9}, {0, 8, 9}})}, {kNever, 7500});
  expect(c, {.first = {1000, 1000}, .last = {9000, 8000}, .preemptions = 1});
  const StepCost cost = c.cost();
  EXPECT_EQ(serve(cost, c.limits(), c.table).totals.failed_tokens, 5);
}

/// Requests with priorities, of an engine that looks at them.
SmallCase with_priorities(SmallCase c, std::vector<std::int32_t> priorities) {
  c.table.priorities = std::move(priorities);
  c.by_priority = true;
  return c;
}

TEST(VllmV1, V02AnUrgentArrivalOvertakesTheQueue) {
  const SmallCase c{33, 8, 1, requests({{0, 4, 3}, {100, 4, 2}, {200, 4, 2}, {1500, 4, 2}})};
  expect(with_priorities(c, {1, 1, 0, -1}), {.steps = {"A:4", "A:1", "A:1", "D:4", "D:1", "C:4", "C:1", "B:4", "B:1"},
                                             .first = {1000, 8000, 6000, 4000},
                                             .last = {3000, 9000, 7000, 5000}});
  expect(c, {.steps = {"A:4", "A:1", "A:1", "B:4", "B:1", "C:4", "C:1", "D:4", "D:1"},
             .first = {1000, 4000, 6000, 8000},
             .last = {3000, 5000, 7000, 9000}});
}

TEST(VllmV1, V02AnUrgentArrivalEndsARunOfStepsThatTheHeadOfTheQueueCannotEnd) {
  // B needs five blocks and waits for A's; C needs one of those that are free.
  for (const bool prefix_caching : {false, true}) {
    SmallCase c{8, 64, 64, requests({{0, 16, 6}, {0, 20, 1}, {1500, 4, 1}})};
    c.prefix_caching = prefix_caching;
    expect(with_priorities(c, {0, 1, 0}), {.steps = {"A:16", "A:1", "A:1 C:4", "A:1", "A:1", "A:1", "B:20"},
                                           .first = {1000, 7000, 3000},
                                           .last = {6000, 7000, 3000}});
  }
}

TEST(VllmV1, V15TheVictimIsTheLeastUrgentEvenIfItIsNotTheYoungest) {
  // In the third step A needs a block and none is free: B has to go, though C is younger.
  const SmallCase c{6, 16, 16, requests({{0, 7, 5}, {0, 5, 4}, {500, 2, 3}})};
  expect(with_priorities(c, {0, 1, 0}), {.steps = {"A:7 B:5", "A:1 B:1 C:2", "A:1 C:1", "A:1 C:1", "A:1 B:3", "B:1"},
                                         .free = {1, 0, 1, 1, 0, 3},
                                         .first = {1000, 1000, 2000},
                                         .last = {5000, 6000, 4000},
                                         .preemptions = 1,
                                         .recomputed = 3});
}

TEST(VllmV1, V15TokensAreTakenBackFromAVictimThatWasServedInTheStep) {
  // In the third step B gets a token and the last block, and C finds none. D gets B's token as well.
  const SmallCase c{7, 8, 8, requests({{0, 4, 3}, {0, 3, 3}, {500, 4, 2}, {500, 10, 1}}), /*reserve=*/false};
  expect(with_priorities(c, {0, 1, 0, 0}), {.steps = {"A:4 B:3", "A:1 B:1 C:4 D:2", "A:1 C:1 D:6", "D:2 B:5"},
                                            .free = {4, 1, 0, 1},
                                            .first = {1000, 1000, 2000, 4000},
                                            .last = {3000, 4000, 3000, 4000},
                                            .preemptions = 1,
                                            .recomputed = 5,
                                            .evictions = 2});
}

TEST(VllmV1, V16TheStepEndsWithAVictimThatIsServedItselfAndThoseBehindItMissATurn) {
  // In the fourth step B needs a block, none is free, and nobody is less urgent than B.
  const SmallCase c{7, 16, 16, requests({{0, 8, 5}, {0, 6, 4}, {500, 2, 4}})};
  expect(with_priorities(c, {0, 1, 0}),
         {.steps = {"A:8 B:6", "A:1 B:1 C:2", "A:1 B:1 C:1", "A:1", "A:1 C:1", "C:1 B:5"},
          .free = {2, 0, 0, 2, 2, 1},
          .first = {1000, 1000, 2000},
          .last = {5000, 6000, 6000},
          .preemptions = 1,
          .recomputed = 5,
          .evictions = 3});
}

TEST(VllmV1, AnIdleReplicaHasNoEvents) {
  const StepCost cost = linear_cost(1000, 0, 0, 8, 8);
  const RequestTable table;
  RequestOutcomes outcomes(0);
  const Replica replica(cost, {8, 8, 4, 10, 100, true}, table, nullptr, outcomes, 0, false);
  EXPECT_EQ(replica.next_event(), SimTime::never());
}

TEST(VllmV1, TimeInTheSystemIsTheSumOfLatencies) {
  for (const bool async_scheduling : {false, true}) {
    SmallCase c{9, 12, 3, requests({{0, 10, 7}, {100, 6, 9}, {2500, 9, 3}, {40000, 3, 1}})};
    c.async_scheduling = async_scheduling;
    const StepCost cost = c.cost();
    const ReplicaRun run = serve(cost, c.limits(), c.table);
    std::int64_t latencies = 0;
    for (std::size_t i = 0; i < 4; ++i) latencies += run.outcomes.finish_ps[i] - c.table.arrival_ps[i];
    EXPECT_EQ(static_cast<std::int64_t>(run.totals.request_ps), latencies);
  }
}

}  // namespace
}  // namespace orrery
