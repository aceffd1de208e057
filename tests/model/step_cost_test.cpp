#include "orrery/model/step_cost.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

StepCost example() {
  StepCost cost;
  cost.full_layers.tile_ps = 10;
  cost.full_layers.tile_row_ps = 4;
  cost.full_layers.token_ps = 0.5;
  cost.full_layers.context_ps = 0.25;
  cost.full_layers.tile_work.flops = 3;
  cost.full_layers.context_work.memory_bytes = 2;
  return cost;
}

TEST(PrefillChunk, AChunkCountsItsTilesTokensAndCache) {
  const StepCost cost = example();
  EXPECT_EQ(cost.prefill_chunk_ps(0, 256), 3 * 10 + 128);
  EXPECT_EQ(cost.prefill_chunk_ps(128, 256), 5 * 10 + 128 + 32);
  EXPECT_EQ(cost.prefill_chunk_work(128, 256).flops, 15);
  EXPECT_EQ(cost.prefill_chunk_work(128, 256).memory_bytes, 256);
}

TEST(PrefillChunk, TheLongestRowOfOneHeadIsAFloor) {
  StepCost cost = example();
  cost.full_layers.tile_row_ps = 1000;
  EXPECT_EQ(cost.prefill_chunk_ps(0, 256), 2000 + 128);
}

TEST(PrefillChunk, WindowedLayersStopAtTheirWindow) {
  StepCost cost = example();
  cost.window_layers = cost.full_layers;
  cost.window_layers.window_tokens = 128;
  const std::int64_t full = example().prefill_chunk_ps(12800, 128);
  EXPECT_EQ(cost.prefill_chunk_ps(12800, 128), full + 2 * 10 + 64 + 32);
}

}  // namespace
}  // namespace orrery
