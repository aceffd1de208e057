#include "orrery/model/speculation_cost.h"

#include <gtest/gtest.h>

#include "../chip/example_chips.h"
#include "orrery/model/memory_footprint.h"
#include "orrery/model/step_cost_builder.h"

namespace orrery {
namespace {

constexpr std::int64_t kTokens = 2048;
constexpr std::int64_t kSequences = 256;

struct Bench {
  Chip chip = catalog_chip("h100-sxm");
  ModelRecord target = catalog_entry<ModelRecord>("model", "llama-3.1-8b");
  ModelRecord draft = draft_head(target, 1);
  StepCostRequest request(const ModelRecord& model, Seconds step_overhead) const {
    return {chip, model, {}, {}, {}, {512, step_overhead, Seconds(0)}, kTokens, kSequences};
  }
};

TEST(SpeculationCost, RowsOfLogitsCostWhatSequencesDoWithoutTheHost) {
  const Bench bench;
  const StepCostRequest target = bench.request(bench.target, Seconds(1e-3));
  const StepCost plain = build_step_cost(target);
  const SpeculationCost cost = build_speculation_cost(target, bench.request(bench.draft, Seconds(0)), 5);
  ASSERT_EQ(cost.rows_ps.size(), static_cast<std::size_t>(kSequences * 5 + 1));
  for (const std::size_t n : {1U, 7U, 64U, 256U}) {
    EXPECT_NEAR(static_cast<double>(cost.rows_ps[n]), static_cast<double>(plain.sequences_ps[n]) - 1e9, 1) << n;
    EXPECT_EQ(cost.rows_work[n].flops, plain.sequences_work[n].flops) << n;
  }
  for (std::size_t rows = 1; rows < cost.rows_ps.size(); ++rows) {
    EXPECT_GE(cost.rows_work[rows].flops, cost.rows_work[rows - 1].flops) << rows;
  }
  EXPECT_EQ(cost.rows_ps[1000], cost.rows_ps[1008]) << "above 512 in tiles of 16";
}

TEST(SpeculationCost, RowsEndWithTheBudgetOfAStep) {
  const Bench bench;
  const SpeculationCost cost =
      build_speculation_cost(bench.request(bench.target, Seconds(0)), bench.request(bench.draft, Seconds(0)), 65);
  EXPECT_EQ(cost.rows_ps.size(), static_cast<std::size_t>(kTokens + 1));
}

TEST(SpeculationCost, APassOfAHeadTakesItsShareOfTheLayers) {
  const Bench bench;
  const SpeculationCost cost =
      build_speculation_cost(bench.request(bench.target, Seconds(0)), bench.request(bench.draft, Seconds(0)), 2);
  const StepCost target = build_step_cost(bench.request(bench.target, Seconds(0)));
  const double share = static_cast<double>(cost.draft.tokens_ps[64]) / static_cast<double>(target.tokens_ps[64]);
  EXPECT_NEAR(share, 1.0 / 32, 0.002);
  EXPECT_NEAR(static_cast<double>(cost.draft.context_token_ps) / static_cast<double>(target.context_token_ps), 1.0 / 32,
              0.001);
  EXPECT_EQ(cost.draft.sequences_ps, target.sequences_ps) << "the LM head is the model's own";
}

TEST(SpeculationCost, AHeadHasFullAttentionAndTheModelsMlp) {
  const ModelRecord windowed = draft_head(catalog_entry<ModelRecord>("model", "gpt-oss-120b"), 1);
  EXPECT_FALSE(windowed.sliding_window.has_value());
  const ModelRecord linear = draft_head(catalog_entry<ModelRecord>("model", "qwen3.5-397b-a17b"), 1);
  EXPECT_FALSE(linear.linear_attention.has_value());
  const ModelRecord experts = draft_head(catalog_entry<ModelRecord>("model", "deepseek-v3"), 1);
  EXPECT_EQ(experts.experts->first_dense_layers, 0) << "DeepSeek's MTP module is a layer with experts";
  EXPECT_EQ(experts.layers, 1);
}

}  // namespace
}  // namespace orrery
