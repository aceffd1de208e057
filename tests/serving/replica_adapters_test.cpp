#include <gtest/gtest.h>

#include <random>

#include "drive.h"
#include "linear_cost.h"
#include "reference_scheduler.h"

namespace orrery {
namespace {

constexpr AdapterCost kCost{.step_ps = 100, .adapter_ps = 30, .token_ps = 1, .adapter_work = {}, .token_work = {}};

/// Steps of 1,000 ps, and what adapters add.
struct SmallCase {
  SmallCase() {
    limits.max_sequences = 8;
    limits.max_batched_tokens = 64;
    limits.block_size = 4;
    limits.usable_blocks = 100;
    limits.context_limit = 1000;
    limits.max_adapters = 2;
  }
  void add(std::int64_t arrival, std::int32_t input, std::int32_t output, std::uint32_t adapter) {
    table.add(arrival, input, output);
    table.adapters.push_back(adapter);
  }
  ReplicaRun run() const { return serve(cost, limits, table, false, nullptr, &kCost); }
  StepCost cost = linear_cost(1000, 0, 0, 64, 8);
  EngineLimits limits;
  RequestTable table;
};

using Times = std::vector<std::int64_t>;

TEST(Adapters, V22ARequestWhoseAdapterIsOneTooManyIsSetAsideAndTheNextOneTried) {
  SmallCase c;
  c.add(0, 4, 2, 1);
  c.add(0, 4, 1, 2);
  c.add(0, 4, 1, 3);  // waits
  c.add(0, 4, 1, 1);  // shares the first one's
  c.add(0, 4, 1, 0);  // has none
  const ReplicaRun run = c.run();
  const std::int64_t first = 1000 + 100 + 2 * 30 + 4 * 4;  // four prompts with two adapters
  const std::int64_t second = 1000 + 100 + 2 * 30 + 1 + 4;
  EXPECT_EQ(run.outcomes.scheduled_ps, (Times{0, 0, first, 0, 0}));
  EXPECT_EQ(run.outcomes.finish_ps, (Times{first + second, first, first + second, first, first}));
  EXPECT_EQ(run.totals.adapter_steps, 4);
}

TEST(Adapters, ThoseSetAsideKeepTheirOrder) {
  SmallCase c;
  c.limits.max_adapters = 1;
  for (const std::uint32_t adapter : {1U, 2U, 3U, 2U}) c.add(0, 4, 1, adapter);
  const ReplicaRun run = c.run();
  EXPECT_EQ(run.outcomes.scheduled_ps[1], run.outcomes.scheduled_ps[3]) << "2 and 2 go together";
  EXPECT_LT(run.outcomes.scheduled_ps[1], run.outcomes.scheduled_ps[2]) << "before 3, which came later";
}

TEST(Adapters, AnArrivalIsLetInThoughOthersWaitForTheirAdapter) {
  SmallCase c;
  c.limits.max_adapters = 1;
  c.add(0, 4, 50, 1);
  c.add(0, 4, 1, 2);
  c.add(5000, 4, 1, 1);
  const ReplicaRun run = c.run();
  EXPECT_LT(run.outcomes.finish_ps[2], 9000);
  EXPECT_GT(run.outcomes.scheduled_ps[1], 50'000);
}

TEST(Adapters, NobodyWithOneMeansNothingToPay) {
  SmallCase c;
  for (int i = 0; i < 5; ++i) c.add(i * 300, 8, 6, 0);
  const ReplicaRun with = c.run();
  c.table.adapters.clear();
  const ReplicaRun without = serve(c.cost, c.limits, c.table);
  EXPECT_EQ(with.outcomes.finish_ps, without.outcomes.finish_ps);
  EXPECT_EQ(with.totals.adapted_tokens, 0);
}

/// Tight cases of all kinds.
struct RandomCase {
  explicit RandomCase(std::uint64_t seed) : random(seed) {
    limits.block_size = draw(1, 9);
    limits.max_sequences = draw(1, 8);
    limits.max_batched_tokens = limits.max_sequences + draw(0, 40);
    limits.usable_blocks = draw(6, 50);
    limits.context_limit = draw(30, 200);
    limits.reserve_full_prompt = draw(0, 1) == 1;
    limits.prefix_caching = draw(0, 1) == 1;
    limits.async_scheduling = draw(0, 1) == 1;
    limits.max_adapters = draw(1, 4);
    if (draw(0, 2) == 0) limits.long_prefill_token_threshold = draw(1, 12);
    cost = linear_cost(draw(1, 1000), draw(0, 50), draw(0, 9), limits.max_batched_tokens, limits.max_sequences);
    cost.decode_fixed_ps = draw(0, 30);
    adapters = {.step_ps = draw(0, 100),
                .adapter_ps = draw(0, 50),
                .token_ps = draw(0, 5),
                .adapter_work = {},
                .token_work = {}};
    if (!limits.async_scheduling && draw(0, 1) == 0) speculate();
    std::int64_t now = 0;
    const std::int64_t count = draw(1, 40);
    const std::int64_t kinds = draw(1, 6);
    for (std::int64_t i = 0; i < count; ++i) {
      now += draw(0, 2) == 0 ? 0 : draw(0, 4000);
      table.add(now, static_cast<std::int32_t>(draw(1, 60)), static_cast<std::int32_t>(draw(1, 60)));
      table.adapters.push_back(static_cast<std::uint32_t>(draw(0, kinds)));
    }
    if (draw(0, 2) == 0) {
      for (const std::int64_t arrival : table.arrival_ps) table.give_up_ps.push_back(arrival + draw(0, 60'000));
    }
    if (!limits.prefix_caching) return;
    for (std::size_t i = 0; i < table.size(); ++i) {
      const std::int64_t known = table.input_tokens[i];
      const std::int64_t shared = draw(0, known);
      std::vector<std::uint64_t> keys;
      for (std::int64_t token = 0; token < known; ++token) {
        keys.push_back(token < shared ? 1 : 2 + static_cast<std::uint64_t>(i));
      }
      table.add_keys(keys, static_cast<std::int32_t>(known), 1);
    }
  }
  void speculate() {
    limits.draft_tokens = draw(1, 4);
    speculation.tokens = limits.draft_tokens;
    speculation.acceptance = 0.6;
    speculation.cost.rows_ps.assign(static_cast<std::size_t>(limits.max_batched_tokens) + 1, 3);
    speculation.cost.rows_work.resize(speculation.cost.rows_ps.size());
    speculation.cost.draft = linear_cost(draw(1, 50), 1, 0, limits.max_batched_tokens, limits.max_sequences);
  }
  const Speculation* drafts() const { return limits.draft_tokens > 0 ? &speculation : nullptr; }
  std::int64_t draw(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
  }
  std::mt19937_64 random;
  EngineLimits limits;
  StepCost cost;
  AdapterCost adapters;
  Speculation speculation;
  RequestTable table;
};

TEST(Adapters, AgreeWithThePlainSchedulerInClosedFormAndStepByStep) {
  ReplicaTotals sum;
  std::int64_t set_aside = 0;
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    const RandomCase c(seed);
    ReferenceScheduler reference(c.cost, c.limits, c.table);
    reference.speculation = c.drafts();
    reference.adapters = &c.adapters;
    reference.adapter_of = c.table.adapters;
    reference.run();
    set_aside += reference.times_set_aside;
    for (const bool step_by_step : {false, true}) {
      const ReplicaRun run = serve(c.cost, c.limits, c.table, step_by_step, c.drafts(), &c.adapters);
      ASSERT_EQ(run.totals.steps, static_cast<std::int64_t>(reference.steps.size())) << seed;
      ASSERT_EQ(run.totals.preemptions, reference.preemptions) << seed;
      ASSERT_EQ(run.totals.hit_tokens, reference.hit_tokens) << seed;
      ASSERT_EQ(run.free_blocks, c.limits.usable_blocks) << seed;
      std::int64_t adapter_steps = 0;
      for (const auto& step : reference.steps) adapter_steps += step.adapters;
      ASSERT_EQ(run.totals.adapter_steps, adapter_steps) << seed;
      for (std::size_t i = 0; i < c.table.size(); ++i) {
        ASSERT_EQ(run.outcomes.scheduled_ps[i], reference.requests[i].scheduled) << seed << ' ' << i;
        ASSERT_EQ(run.outcomes.first_token_ps[i], reference.requests[i].first_token) << seed << ' ' << i;
        ASSERT_EQ(run.outcomes.finish_ps[i], reference.requests[i].finish) << seed << ' ' << i;
      }
      sum.preemptions += run.totals.preemptions;
      sum.failed += run.totals.failed;
    }
  }
  EXPECT_GT(sum.preemptions, 10'000) << "the cases must be tight enough to matter";
  EXPECT_GT(set_aside, 50'000);
  EXPECT_GT(sum.failed, 5'000);
}

}  // namespace
}  // namespace orrery
