#include "orrery/model/engine_layout.h"

#include <gtest/gtest.h>

#include "../chip/example_chips.h"

namespace orrery {
namespace {

ModelRecord model(const char* id) { return catalog_entry<ModelRecord>("model", id); }

std::string problem(const char* id, const EngineLayout& layout) {
  const auto good = check_layout(model(id), layout);
  return good ? "" : good.error();
}

TEST(EngineLayout, HeadsAndWidthsDivideAmongTheChipsOfAGroup) {
  EXPECT_EQ(problem("llama-3.1-8b", {.tensor = 8}), "");
  EXPECT_EQ(problem("llama-3.1-8b", {.tensor = 16}), "");  // KV heads held twice
  EXPECT_EQ(problem("llama-3.1-8b", {.tensor = 3}), "32 query heads of llama-3.1-8b do not divide among 3 ranks");
  EXPECT_EQ(problem("qwen3.5-397b-a17b", {.tensor = 16}), "");
  EXPECT_EQ(problem("qwen3.5-397b-a17b", {.tensor = 32}),
            "16 key heads of linear attention of qwen3.5-397b-a17b do not divide among 32 ranks");
}

TEST(EngineLayout, ExpertsDivideAmongTheChipsOfAStage) {
  EXPECT_EQ(problem("deepseek-v3", {.tensor = 1, .data = 32, .expert = 32}), "");
  EXPECT_EQ(problem("deepseek-v3", {.tensor = 4, .data = 4, .expert = 16}), "");
  EXPECT_EQ(problem("deepseek-v3", {.tensor = 8, .expert = 3}),
            "experts of deepseek-v3 on 8 chips each cannot be spread over 3");
  EXPECT_EQ(problem("deepseek-v3", {.tensor = 1, .data = 3, .expert = 3}),
            "256 experts of deepseek-v3 do not divide among 3 chips");
  EXPECT_EQ(problem("llama-3.1-8b", {.tensor = 2, .data = 2}),
            "llama-3.1-8b has no experts that data-parallel groups could share");
  EXPECT_EQ(problem("llama-3.1-8b", {.tensor = 2, .expert = 2}), "llama-3.1-8b has no experts to spread");
}

TEST(EngineLayout, APipelineHasNoMoreStagesThanLayers) {
  EXPECT_EQ(problem("llama-3.1-8b", {.pipeline = 32}), "");
  EXPECT_EQ(problem("llama-3.1-8b", {.pipeline = 33}), "32 layers of llama-3.1-8b cannot make 33 stages");
}

TEST(EngineLayout, TheNearestThatWorksChangesOneNumberByLittle) {
  const EngineLayout heads = nearest_layout(model("llama-3.1-8b"), {.tensor = 3}, 8);
  EXPECT_EQ(heads.tensor, 2);
  const EngineLayout experts = nearest_layout(model("deepseek-v3"), {.tensor = 8, .expert = 3}, 8);
  EXPECT_EQ(experts.tensor, 8);
  EXPECT_EQ(experts.expert, 2);
  const EngineLayout dense = nearest_layout(model("llama-3.1-8b"), {.tensor = 2, .data = 2}, 8);
  EXPECT_EQ(dense.tensor, 2);
  EXPECT_EQ(dense.data, 1);
  const EngineLayout both = nearest_layout(model("llama-3.1-70b"), {.tensor = 6, .data = 2}, 12);
  EXPECT_EQ(both.tensor, 4);
  EXPECT_EQ(both.data, 1);
  for (std::int64_t tensor = 1; tensor <= 12; ++tensor) {
    EXPECT_TRUE(check_layout(model("mixtral-8x7b"), nearest_layout(model("mixtral-8x7b"), {.tensor = tensor}, 12)));
  }
}

TEST(EngineLayout, CountsChipsAndLanes) {
  const EngineLayout layout{.tensor = 2, .pipeline = 3, .data = 4, .expert = 8};
  EXPECT_EQ(layout.chips(), 24);
  EXPECT_EQ(layout.stage_chips(), 8);
  EXPECT_EQ(layout.expert_tensor(), 1);
  EXPECT_EQ(layout.lanes(), 12);
}

}  // namespace
}  // namespace orrery
