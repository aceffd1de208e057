#include "orrery/serving/speculation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "drive.h"
#include "linear_cost.h"
#include "reference_scheduler.h"

namespace orrery {
namespace {

/// Steps of a drafter and rows of logits at fixed prices.
Speculation speculation_of(std::int64_t tokens, double acceptance, const EngineLimits& limits, std::int64_t row_ps,
                           StepCost draft) {
  Speculation speculation;
  speculation.tokens = tokens;
  speculation.acceptance = acceptance;
  speculation.seed = 0x1234567890abcdefU;
  for (std::int64_t rows = 0; rows <= limits.max_batched_tokens; ++rows) {
    speculation.cost.rows_ps.push_back(rows * row_ps);
    speculation.cost.rows_work.push_back({static_cast<double>(rows), 0, 0, 0});
  }
  speculation.cost.draft = std::move(draft);
  return speculation;
}

/// The target takes 1,000 ps a step and 10 a token, the drafter 100 a pass.
struct Bench {
  explicit Bench(std::int64_t tokens) {
    limits.max_sequences = 64;
    limits.max_batched_tokens = 512;
    limits.block_size = 16;
    limits.usable_blocks = 4000;
    limits.context_limit = 4096;
    limits.draft_tokens = tokens;
    cost = linear_cost(1000, 10, 0, limits.max_batched_tokens, limits.max_sequences);
    draft = linear_cost(100, 0, 0, limits.max_batched_tokens, limits.max_sequences);
  }
  ReplicaRun run(double acceptance) const {
    const Speculation speculation = speculation_of(limits.draft_tokens, acceptance, limits, 0, draft);
    return serve(cost, limits, table, false, &speculation);
  }
  EngineLimits limits;
  StepCost cost;
  StepCost draft;
  RequestTable table;
};

TEST(Speculation, DrawsTheTruncatedGeometricDistribution) {
  for (const double acceptance : {0.2, 0.5, 0.8, 0.95}) {
    for (const std::int64_t tokens : {1, 3, 8}) {
      const Speculation speculation{tokens, acceptance, 77, {}};
      double sum = 0;
      constexpr int kDraws = 200'000;
      for (int i = 0; i < kDraws; ++i) {
        sum += static_cast<double>(1 + speculation.accepted(static_cast<std::uint32_t>(i % 1000), i / 1000, tokens));
      }
      const double mean = (1 - std::pow(acceptance, static_cast<double>(tokens + 1))) / (1 - acceptance);
      EXPECT_NEAR(sum / kDraws / mean, 1, 0.005) << acceptance << ' ' << tokens;
    }
  }
}

TEST(Speculation, TakesNothingOrAllAtTheEnds) {
  EXPECT_EQ((Speculation{4, 0, 1, {}}).accepted(5, 6, 4), 0);
  EXPECT_EQ((Speculation{4, 1, 1, {}}).accepted(5, 6, 4), 4);
  EXPECT_EQ((Speculation{4, 0.9, 1, {}}).accepted(5, 6, 0), 0);
}

TEST(Speculation, ADrawDependsOnSeedRequestAndPositionAlone) {
  const Speculation a{8, 0.8, 1, {}};
  const Speculation other_seed{8, 0.8, 2, {}};
  int differ = 0;
  for (std::uint32_t request = 0; request < 100; ++request) {
    EXPECT_EQ(a.accepted(request, 7, 8), a.accepted(request, 7, 8));
    EXPECT_EQ(std::min<std::int64_t>(a.accepted(request, 7, 8), 3), a.accepted(request, 7, 3))
        << "fewer drafts, same text";
    differ += a.accepted(request, 7, 8) != other_seed.accepted(request, 7, 8);
    differ += a.accepted(request, 7, 8) != a.accepted(request, 8, 8);
    differ += a.accepted(request, 7, 8) != a.accepted(request + 1, 7, 8);
  }
  EXPECT_GT(differ, 150);
}

TEST(Speculation, MoreAcceptanceNeverTakesFewer) {
  for (std::uint32_t request = 0; request < 2000; ++request) {
    std::int64_t before = 0;
    for (double acceptance = 0; acceptance <= 1.0001; acceptance += 0.1) {
      const std::int64_t taken = Speculation{8, acceptance, 3, {}}.accepted(request, 1, 8);
      ASSERT_GE(taken, before);
      before = taken;
    }
  }
}

TEST(SpeculativeReplica, V51AllDraftsTakenGiveAllOfThemAndOneInAStep) {
  Bench bench(3);
  bench.table.add(0, 16, 9);  // one token from the prompt's step, then 4 and 4
  const ReplicaRun run = bench.run(1);
  const std::int64_t prompt = 1000 + 16 * 10 + 3 * 100;
  const std::int64_t step = 1000 + 4 * 10 + 3 * 100;
  EXPECT_EQ(run.outcomes.first_token_ps[0], prompt);
  EXPECT_EQ(run.outcomes.finish_ps[0], prompt + 2 * step);
  EXPECT_EQ(run.totals.steps, 3);
  EXPECT_EQ(run.totals.accepted_tokens, 6);
  EXPECT_EQ(run.totals.drafted_tokens, 6);
  EXPECT_EQ(run.totals.token_gaps.count(), 8);
  EXPECT_EQ(run.totals.token_gaps.smallest(), 0) << "tokens of one step come together";
}

TEST(SpeculativeReplica, NoDraftTakenCostsTheVerificationAndGivesOneTokenAStep) {
  Bench bench(3);
  bench.table.add(0, 16, 5);
  const ReplicaRun run = bench.run(0);
  EXPECT_EQ(run.outcomes.finish_ps[0], 1000 + 160 + 300 + 4 * (1000 + 40 + 300));
  EXPECT_EQ(run.totals.accepted_tokens, 0);
  EXPECT_EQ(run.totals.drafted_tokens, 12);
  Bench plain(0);
  plain.limits.draft_tokens = 0;
  plain.table.add(0, 16, 5);
  const ReplicaRun without = serve(plain.cost, plain.limits, plain.table);
  EXPECT_EQ(run.totals.steps, without.totals.steps);
  EXPECT_EQ(run.totals.generated_tokens, without.totals.generated_tokens);
}

TEST(SpeculativeReplica, WhatIsTakenBeyondTheEndOfAnAnswerIsDropped) {
  Bench bench(4);
  bench.table.add(0, 16, 3);
  const ReplicaRun run = bench.run(1);
  EXPECT_EQ(run.totals.generated_tokens, 3);
  EXPECT_EQ(run.totals.steps, 2);
}

TEST(SpeculativeReplica, V29BlocksAreTakenForDraftsAndForWhatTheDrafterLooksAhead) {
  Bench bench(3);
  bench.limits.block_size = 4;
  bench.table.add(0, 4, 2);  // verifying holds 4 + 4 tokens, and 3 ahead: 11 tokens
  const ReplicaRun run = bench.run(0);
  EXPECT_EQ(run.totals.peak_blocks, 3);
  EXPECT_EQ(run.free_blocks, bench.limits.usable_blocks);
}

TEST(SpeculativeReplica, V12DraftsCountInTheBudget) {
  Bench bench(7);
  bench.limits.max_sequences = 4;
  bench.limits.max_batched_tokens = 20;
  for (int i = 0; i < 4; ++i) bench.table.add(0, 5, 17);
  const ReplicaRun run = bench.run(1);
  // Three sequences of 8 tokens do not fit in 20: the third has three drafts, the fourth waits.
  EXPECT_LT(run.outcomes.finish_ps[0], run.outcomes.finish_ps[3]);
  for (std::size_t t = 21; t < run.totals.steps_by_tokens.size(); ++t) EXPECT_EQ(run.totals.steps_by_tokens[t], 0);
  EXPECT_GT(run.totals.steps_by_tokens[20], 0);
}

TEST(SpeculativeReplica, MeanTokensOfAStepConvergeToTheFormula) {
  Bench bench(4);
  for (int i = 0; i < 200; ++i) bench.table.add(i * 100'000, 100, 1000);
  const ReplicaRun run = bench.run(0.7);
  const auto verifications = static_cast<double>(run.totals.verifications);
  const double mean = (verifications + static_cast<double>(run.totals.accepted_tokens)) / verifications;
  EXPECT_NEAR(mean, (1 - std::pow(0.7, 5)) / 0.3, 0.02);
}

TEST(SpeculativeReplica, MoreAcceptanceIsNotSlowerInTheMean) {
  Bench bench(4);
  for (int i = 0; i < 300; ++i) bench.table.add(i * 20'000, 50 + i % 90, 100 + i % 70);
  double before = 1e300;
  for (const double acceptance : {0.0, 0.3, 0.6, 0.8, 0.95, 1.0}) {
    const ReplicaRun run = bench.run(acceptance);
    double sum = 0;
    for (std::size_t i = 0; i < bench.table.size(); ++i) {
      sum += static_cast<double>(run.outcomes.finish_ps[i] - bench.table.arrival_ps[i]);
    }
    EXPECT_LT(sum, before) << acceptance;
    before = sum;
  }
}

/// Tight cases of all kinds.
struct RandomCase {
  explicit RandomCase(std::uint64_t seed) : random(seed) {
    limits.block_size = draw(1, 9);
    limits.max_sequences = draw(1, 8);
    limits.max_batched_tokens = limits.max_sequences + draw(0, 60);
    limits.usable_blocks = draw(6, 50);
    limits.context_limit = draw(30, 200);
    limits.reserve_full_prompt = draw(0, 1) == 1;
    limits.prefix_caching = draw(0, 1) == 1;
    limits.draft_tokens = draw(1, 6);
    if (draw(0, 2) == 0) limits.long_prefill_token_threshold = draw(1, 12);
    cost = linear_cost(draw(1, 1000), draw(0, 50), draw(0, 9), limits.max_batched_tokens, limits.max_sequences);
    cost.decode_fixed_ps = draw(0, 30);
    cost.decode_sequence_ps = draw(0, 9);
    StepCost draft = linear_cost(draw(1, 100), draw(0, 9), draw(0, 3), limits.max_batched_tokens, limits.max_sequences);
    draft.sequences_ps.back() += 5;
    if (draw(0, 1) == 1) {
      draft.window_tokens = draw(1, 30);
      draft.window_token_ps = draw(1, 7);
    }
    speculation = speculation_of(limits.draft_tokens, static_cast<double>(draw(0, 10)) / 10, limits, draw(0, 9),
                                 std::move(draft));
    std::int64_t now = 0;
    for (std::int64_t i = draw(1, 30); i > 0; --i) {
      now += draw(0, 2) == 0 ? 0 : draw(0, 4000);
      table.add(now, static_cast<std::int32_t>(draw(1, 60)), static_cast<std::int32_t>(draw(1, 60)));
    }
    if (draw(0, 2) == 0) {
      for (const std::int64_t arrival : table.arrival_ps) table.give_up_ps.push_back(arrival + draw(0, 60'000));
    }
    if (!limits.prefix_caching) return;
    const bool with_answers = draw(0, 1) == 1;
    for (std::size_t i = 0; i < table.size(); ++i) {
      const std::int64_t known = table.input_tokens[i] + (with_answers ? table.output_tokens[i] : 0);
      const std::int64_t shared = draw(0, known);
      std::vector<std::uint64_t> keys;
      for (std::int64_t token = 0; token < known; ++token) {
        keys.push_back(token < shared ? 1 : 2 + static_cast<std::uint64_t>(i));
      }
      table.add_keys(keys, static_cast<std::int32_t>(known), 1);
    }
  }
  std::int64_t draw(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::mt19937_64 random;
  EngineLimits limits;
  StepCost cost;
  Speculation speculation;
  RequestTable table;
};

TEST(SpeculativeReplica, AgreesWithThePlainScheduler) {
  std::int64_t preemptions = 0;
  std::int64_t accepted = 0;
  std::int64_t hits = 0;
  std::int64_t failed = 0;
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    const RandomCase c(seed);
    ReferenceScheduler reference(c.cost, c.limits, c.table);
    reference.speculation = &c.speculation;
    reference.run();
    const ReplicaRun run = serve(c.cost, c.limits, c.table, false, &c.speculation);
    ASSERT_EQ(run.totals.steps, static_cast<std::int64_t>(reference.steps.size())) << seed;
    ASSERT_EQ(run.totals.preemptions, reference.preemptions) << seed;
    ASSERT_EQ(run.totals.recomputed_tokens, reference.recomputed) << seed;
    ASSERT_EQ(run.totals.hit_tokens, reference.hit_tokens) << seed;
    ASSERT_EQ(run.totals.evicted_blocks, reference.evictions()) << seed;
    ASSERT_EQ(run.totals.drafted_tokens, reference.drafted) << seed;
    ASSERT_EQ(run.totals.accepted_tokens, reference.accepted) << seed;
    ASSERT_EQ(run.free_blocks, c.limits.usable_blocks) << seed;
    for (std::size_t i = 0; i < c.table.size(); ++i) {
      ASSERT_EQ(run.outcomes.scheduled_ps[i], reference.requests[i].scheduled) << seed;
      ASSERT_EQ(run.outcomes.first_token_ps[i], reference.requests[i].first_token) << seed;
      ASSERT_EQ(run.outcomes.finish_ps[i], reference.requests[i].finish) << seed;
      ASSERT_EQ(run.outcomes.preemptions[i], reference.requests[i].preemptions) << seed;
    }
    failed += run.totals.failed;
    preemptions += reference.preemptions;
    accepted += reference.accepted;
    hits += reference.hit_tokens;
  }
  EXPECT_GT(preemptions, 5000) << "the cases must be tight enough to matter";
  EXPECT_GT(accepted, 100'000);
  EXPECT_GT(hits, 50'000);
  EXPECT_GT(failed, 1000);
}

TEST(SpeculativeReplica, ConservesTokensRequestsAndTime) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const RandomCase c(seed);
    const ReplicaRun run = serve(c.cost, c.limits, c.table, false, &c.speculation);
    std::int64_t output = run.totals.failed_tokens;
    Int128 latency = 0;
    for (std::size_t i = 0; i < c.table.size(); ++i) {
      if (run.outcomes.state[i] == RequestState::rejected) continue;
      if (run.outcomes.state[i] == RequestState::completed) output += c.table.output_tokens[i];
      latency += run.outcomes.finish_ps[i] - c.table.arrival_ps[i];
    }
    std::int64_t scheduled = 0;
    for (std::size_t t = 0; t < run.totals.steps_by_tokens.size(); ++t) {
      scheduled += static_cast<std::int64_t>(t) * run.totals.steps_by_tokens[t];
    }
    ASSERT_EQ(run.totals.generated_tokens, output) << seed;
    if (run.totals.failed == 0) {
      ASSERT_EQ(run.totals.token_gaps.count(), output - run.totals.completed) << seed;
    }
    ASSERT_EQ(scheduled, run.totals.prefill_tokens + run.totals.decode_sequence_steps + run.totals.drafted_tokens)
        << seed;
    ASSERT_TRUE(run.totals.request_ps == latency) << seed;
  }
}

}  // namespace
}  // namespace orrery
