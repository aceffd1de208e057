#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "example_chips.h"

namespace orrery {
namespace {

TEST(ContextAttention, GivesTheReferenceValues) {
  FamilyRecord family = reference_hopper();  // 11.7 us, .909, .668, 2041 clocks
  family.controller_factor.value = .8;
  family.attention_context.pass_efficiency.value = .438 / .8;
  const Chip chip(reference_h100(), family);
  const struct {
    double sequences, query_heads, kv_heads, head_size, tokens, us;
  } rows[] = {{1, 32, 8, 128, 512, 25.268},
              {1, 32, 8, 128, 4096, 274.372},
              {8, 64, 8, 128, 2048, 1270.244},
              {1, 8, 1, 128, 16384, 866.479}};
  for (const auto& row : rows) {
    const auto cost = chip.context_attention(AttentionShape{row.query_heads, row.kv_heads, row.head_size});
    const double us = microseconds(cost.at(row.sequences, 0, row.tokens).time);
    EXPECT_NEAR(us / row.us, 1, 1e-3) << us;
  }
}

/// One row of tiles after the other.
ScoreTiles counted(std::int64_t cached, std::int64_t tokens, std::int64_t window) {
  ScoreTiles sum;
  for (std::int64_t row = 1; row <= (tokens + 127) / 128; ++row) {
    double tiles = std::ceil(static_cast<double>(cached) / 128) + static_cast<double>(row);
    if (window > 0) tiles = std::min(tiles, std::ceil(static_cast<double>(window) / 128) + 1);
    sum.count += tiles;
    sum.longest_row = std::max(sum.longest_row, tiles);
  }
  return sum;
}

TEST(ContextAttention, TileCountsEqualACountRowByRow) {
  for (const std::int64_t window : {0, 1, 128, 1000, 4096}) {
    for (std::int64_t cached = 0; cached < 6000; cached += 97) {
      for (std::int64_t tokens = 1; tokens < 6000; tokens = tokens * 2 + 1) {
        const ScoreTiles want = counted(cached, tokens, window);
        const ScoreTiles got =
            count_score_tiles(static_cast<double>(cached), static_cast<double>(tokens), static_cast<double>(window));
        ASSERT_DOUBLE_EQ(got.count, want.count) << cached << " " << tokens << " " << window;
        ASSERT_DOUBLE_EQ(got.longest_row, want.longest_row) << cached << " " << tokens << " " << window;
      }
    }
  }
}

TEST(ContextAttention, AWindowIsNeverSlower) {
  const auto cost = catalog_chip("h100-sxm").context_attention(AttentionShape{64, 8, 64});
  for (double tokens = 1; tokens < 20000; tokens *= 2) {
    EXPECT_LE(cost.at(1, 0, tokens, 128).time, cost.at(1, 0, tokens).time);
    EXPECT_LE(cost.at(1, tokens, tokens, 128).time, cost.at(1, tokens, tokens).time);
  }
}

TEST(ContextAttention, ChunksOfAPromptTakeAtLeastAsLongAsTheWhole) {
  const auto cost = catalog_chip("h100-sxm").context_attention(AttentionShape{32, 8, 128});
  const Seconds whole = cost.at(1, 0, 8192).time;
  Seconds chunks;
  for (int i = 0; i < 4; ++i) chunks += cost.at(1, 2048.0 * i, 2048).time;
  EXPECT_GE(chunks, whole);
  EXPECT_LT(chunks, 1.5 * whole);
}

}  // namespace
}  // namespace orrery
