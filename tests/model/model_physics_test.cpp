#include <gtest/gtest.h>

#include "../chip/example_chips.h"
#include "orrery/model/model_record.h"

namespace orrery {
namespace {

using Codes = std::vector<std::string>;

template <class Change>
Codes codes_after(const char* id, Change change) {
  auto model = catalog_entry<ModelRecord>("model", id);
  change(model);
  Diagnostics diagnostics;
  check_physics(model, diagnostics);
  return codes(diagnostics);
}

TEST(ModelPhysics, EveryModelOfTheCatalogIsPossible) {
  for (const char* id : {"deepseek-v3", "glm-5", "gpt-oss-120b", "kimi-k2.5", "llama-2-70b", "llama-2-7b",
                         "llama-3.1-405b", "llama-3.1-70b", "llama-3.1-8b", "minimax-m2.5", "mixtral-8x7b",
                         "qwen3-235b-a22b", "qwen3-30b-a3b", "qwen3-32b", "qwen3.5-397b-a17b"}) {
    EXPECT_EQ(codes_after(id, [](ModelRecord&) {}), Codes{}) << id;
  }
}

TEST(ModelPhysics, CountsThePublishedParameters) {
  const struct {
    const char* id;
    double billion;
  } rows[] = {{"llama-2-7b", 6.738},       {"llama-3.1-8b", 8.030},  {"llama-3.1-70b", 70.554},
              {"llama-3.1-405b", 405.853}, {"mixtral-8x7b", 46.703}, {"qwen3-30b-a3b", 30.532},
              {"qwen3-32b", 32.762},       {"deepseek-v3", 671.026}, {"gpt-oss-120b", 116.83},
              {"qwen3-235b-a22b", 235.09}, {"glm-5", 744},           {"qwen3.5-397b-a17b", 396.8}};
  for (const auto& row : rows) {
    const double count = parameter_count(catalog_entry<ModelRecord>("model", row.id)) / 1e9;
    EXPECT_NEAR(count / row.billion, 1, 2e-3) << row.id << " " << count;
  }
}

TEST(ModelPhysics, FindsContradictions) {
  const Codes kContradiction{"impossible-physics"};
  EXPECT_EQ(codes_after("llama-3.1-8b", [](ModelRecord& m) { m.kv_heads = 7, m.parameters_billion.reset(); }),
            kContradiction);
  EXPECT_EQ(codes_after("llama-3.1-8b", [](ModelRecord& m) { m.parameters_billion->value = 70; }), kContradiction);
  EXPECT_EQ(codes_after("qwen3-32b", [](ModelRecord& m) { m.head_size = 80; }), kContradiction);  // hidden / heads
  EXPECT_EQ(codes_after("mixtral-8x7b", [](ModelRecord& m) { m.experts->per_token = 9; }), kContradiction);
  EXPECT_EQ(codes_after("mixtral-8x7b", [](ModelRecord& m) { m.experts->shared_count = 1; }), kContradiction);
  EXPECT_EQ(codes_after("mixtral-8x7b", [](ModelRecord& m) { m.intermediate_size = 14336; }), kContradiction);
  EXPECT_EQ(codes_after("gpt-oss-120b", [](ModelRecord& m) { m.sliding_window->full_attention_every = 37; }),
            kContradiction);
}

TEST(ModelPhysics, FindsContradictionsOfLinearAndSparseAttention) {
  const Codes kContradiction{"impossible-physics"};
  const auto linear = [](auto change) {
    return codes_after("qwen3.5-397b-a17b", [&](ModelRecord& m) { change(m), m.parameters_billion.reset(); });
  };
  EXPECT_EQ(linear([](ModelRecord& m) { m.linear_attention->full_attention_every = 61; }), kContradiction);
  EXPECT_EQ(linear([](ModelRecord& m) { m.linear_attention->key_heads = 48; }), kContradiction);
  EXPECT_EQ(linear([](ModelRecord& m) { m.sliding_window = SlidingWindowRecord{128, 2}; }), kContradiction);
  EXPECT_EQ(codes_after("qwen3.5-397b-a17b", [](ModelRecord& m) { m.linear_attention.reset(); }).size(), 0u);
  const auto sparse = [](auto change) {
    return codes_after("glm-5", [&](ModelRecord& m) { change(m), m.parameters_billion.reset(); });
  };
  EXPECT_EQ(sparse([](ModelRecord& m) { m.latent_attention.reset(); }), kContradiction);
  EXPECT_EQ(sparse([](ModelRecord& m) { m.latent_attention->query_rank = 0; }), kContradiction);
  EXPECT_EQ(sparse([](ModelRecord& m) { m.sparse_attention->tokens = 202752; }), kContradiction);
  EXPECT_EQ(sparse([](ModelRecord& m) { m.attention_output_gate = true; }), kContradiction);
}

TEST(ModelPhysics, CountsWhatTheNewLayersAdd) {
  auto model = catalog_entry<ModelRecord>("model", "glm-5");
  const double with = parameter_count(model);
  model.sparse_attention.reset();
  // 78 layers: 2048 x 32 x 128 for queries, 6144 x 128 for the key, 6144 x 32 for the heads' weights
  EXPECT_DOUBLE_EQ(with - parameter_count(model), 78.0 * (2048 * 32 * 128 + 6144 * 128 + 6144 * 32));
}

TEST(ModelPhysics, ReportsAllContradictionsAtOnce) {
  EXPECT_EQ(codes_after("mixtral-8x7b", [](ModelRecord& m) { m.kv_heads = 5, m.experts->per_token = 9; }).size(), 2u);
}

}  // namespace
}  // namespace orrery
