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

std::int64_t chunk_ps(const StepCost& cost, std::int64_t cached, std::int64_t tokens) {
  StepCost::PrefillLoad load;
  cost.add_chunk(load, cached, tokens);
  return cost.prefill_ps(load);
}

TEST(PrefillChunk, AChunkCountsItsTilesTokensAndCache) {
  const StepCost cost = example();
  EXPECT_EQ(chunk_ps(cost, 0, 256), 3 * 10 + 128);
  EXPECT_EQ(chunk_ps(cost, 128, 256), 5 * 10 + 128 + 32);
  StepCost::PrefillLoad load;
  cost.add_chunk(load, 128, 256);
  EXPECT_EQ(cost.prefill_work(load).flops, 15);
  EXPECT_EQ(cost.prefill_work(load).memory_bytes, 256);
}

TEST(PrefillChunk, TheLongestRowOfOneHeadIsAFloor) {
  StepCost cost = example();
  cost.full_layers.tile_row_ps = 1000;
  EXPECT_EQ(chunk_ps(cost, 0, 256), 2000 + 128);
}

TEST(PrefillChunk, ChunksOfOneStepAddUpButShareTheFloor) {
  StepCost cost = example();
  StepCost::PrefillLoad load;
  for (int i = 0; i < 10; ++i) cost.add_chunk(load, 0, 256);
  EXPECT_EQ(cost.prefill_ps(load), 10 * (3 * 10 + 128));
  cost.full_layers.tile_row_ps = 200;  // one chunk alone would take 2 * 200
  EXPECT_EQ(cost.prefill_ps(load), 400 + 10 * 128);
}

TEST(PrefillChunk, WindowedLayersStopAtTheirWindow) {
  StepCost cost = example();
  cost.window_layers = cost.full_layers;
  cost.window_layers.window_tokens = 128;
  const std::int64_t full = chunk_ps(example(), 12800, 128);
  EXPECT_EQ(chunk_ps(cost, 12800, 128), full + 2 * 10 + 64 + 32);
}

}  // namespace
}  // namespace orrery
