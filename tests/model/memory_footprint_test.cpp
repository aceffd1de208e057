#include "orrery/model/memory_footprint.h"

#include <gtest/gtest.h>

#include "../chip/example_chips.h"

namespace orrery {
namespace {

ModelRecord model(const char* id) { return catalog_entry<ModelRecord>("model", id); }

TEST(MemoryFootprint, UnshardedBf16WeightsAreTwoBytesPerParameter) {
  for (const char* id :
       {"llama-3.1-8b", "llama-3.1-70b", "mixtral-8x7b", "deepseek-v3", "qwen3-32b", "glm-5", "qwen3.5-397b-a17b"}) {
    const ModelRecord record = model(id);
    EXPECT_NEAR(weight_bytes_per_chip(record, ElementBytes{}, EngineLayout{}).si() / (2 * parameter_count(record)), 1,
                1e-5)
        << id;
  }
}

TEST(MemoryFootprint, EmbeddingsStayWide) {
  const ModelRecord record = model("llama-3.1-8b");
  ElementBytes fp8;
  fp8.weights = bytes_per_element(Precision::fp8);
  const double embeddings = 2.0 * 128256 * 4096;
  const double linear = parameter_count(record) - embeddings;
  EXPECT_NEAR(weight_bytes_per_chip(record, fp8, EngineLayout{}).si(), linear + 2 * embeddings, 1e6);
}

TEST(MemoryFootprint, ExpertsHaveTheirOwnPrecision) {
  const ModelRecord record = model("gpt-oss-120b");
  ElementBytes published;
  published.experts = bytes_per_element(Precision::mxfp4);
  EXPECT_NEAR(weight_bytes_per_chip(record, published, EngineLayout{}).si() / 65.2e9, 1, 0.02);  // the published files
}

TEST(MemoryFootprint, KvBytesFollowHeadsAndNotElements) {
  ElementBytes fp8_cache;
  fp8_cache.kv_cache = 1;
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(model("llama-3.1-8b"), ElementBytes{}, 1).si(), 131072);
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(model("llama-2-7b"), ElementBytes{}, 1).si(), 524288);
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(model("mixtral-8x7b"), ElementBytes{}, 2).si(), 131072 / 2);
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(model("llama-3.1-8b"), fp8_cache, 1).si(), 65536);
}

TEST(MemoryFootprint, KvHeadsAreReplicatedWhenThereAreFewerThanRanks) {
  const ModelRecord record = model("qwen3-30b-a3b");  // four KV heads
  EXPECT_EQ(kv_bytes_per_token(record, ElementBytes{}, 4), kv_bytes_per_token(record, ElementBytes{}, 8));
}

TEST(MemoryFootprint, ALatentVectorIsHeldWholeByEveryRank) {
  const ModelRecord record = model("deepseek-v3");
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(record, ElementBytes{}, 1).si(), 61 * 576 * 2);
  EXPECT_EQ(kv_bytes_per_token(record, ElementBytes{}, 8), kv_bytes_per_token(record, ElementBytes{}, 1));
}

TEST(MemoryFootprint, OnlyLayersWithACacheTakeKvBytes) {
  const ModelRecord record = model("qwen3.5-397b-a17b");  // 15 layers of 60; two KV heads of 256
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(record, ElementBytes{}, 1).si(), 15 * 2 * 2 * 256 * 2);
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(record, ElementBytes{}, 8).si(), 15 * 2 * 1 * 256 * 2);
}

TEST(MemoryFootprint, TheStateOfASequenceDoesNotGrowAndIsSharded) {
  const ModelRecord record = model("qwen3.5-397b-a17b");
  EXPECT_DOUBLE_EQ(state_bytes_per_sequence(record, 1).si(), 45.0 * 64 * 128 * 128 * 4);
  EXPECT_DOUBLE_EQ(state_bytes_per_sequence(record, 8).si(), 45.0 * 8 * 128 * 128 * 4);
  EXPECT_EQ(state_bytes_per_sequence(model("qwen3-32b"), 1), Bytes(0));
}

TEST(MemoryFootprint, AnIndexerKeepsOneNarrowKeyPerTokenAndLayer) {
  const ModelRecord record = model("glm-5");
  EXPECT_DOUBLE_EQ(kv_bytes_per_token(record, ElementBytes{}, 1).si(), 78 * (576 * 2 + 132));
  EXPECT_EQ(kv_bytes_per_token(record, ElementBytes{}, 8), kv_bytes_per_token(record, ElementBytes{}, 1));
}

TEST(MemoryFootprint, WorkingMemoryOfTheMeasuredRunIsPlausible) {
  const ModelRecord record = model("llama-3.1-8b");
  EXPECT_NEAR((2048 * activation_bytes_per_token(record, 1)).si() / 1048576, 200, 5);
  EXPECT_NEAR(logits_bytes(record, 256).si() / 1048576, 250, 1);
}

TEST(MemoryFootprint, ChipsOfAnEngineShareTheWeights) {
  const ModelRecord dense = model("llama-3.1-70b");
  const double whole = weight_bytes_per_chip(dense, ElementBytes{}, {}).si();
  EXPECT_NEAR(weight_bytes_per_chip(dense, ElementBytes{}, {.tensor = 8}).si() / whole, 1.0 / 8, 1e-3);
  // Two stages: half of the layers each, and one of the two tables of words.
  EXPECT_NEAR(weight_bytes_per_chip(dense, ElementBytes{}, {.pipeline = 2}).si() / whole, 0.5, 1e-3);
  const ModelRecord experts = model("deepseek-v3");
  const double routed = 58.0 * 256 * 3 * 7168 * 2048 * 2;
  const double others = weight_bytes_per_chip(experts, ElementBytes{}, {}).si() - routed;
  EXPECT_NEAR(weight_bytes_per_chip(experts, ElementBytes{}, {.data = 32, .expert = 32}).si(), others + routed / 32,
              1e6);
  // 61 layers in four stages: sixteen on the longest.
  const double tables = 2 * 129280.0 * 7168 * 2;
  EXPECT_NEAR(weight_bytes_per_chip(experts, ElementBytes{}, {.pipeline = 4}).si(),
              (others + routed - tables) * 16 / 61 + tables / 2, 1e6);
}

}  // namespace
}  // namespace orrery
