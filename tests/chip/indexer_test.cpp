#include <gtest/gtest.h>

#include "example_chips.h"
#include "orrery/chip/chip.h"

namespace orrery {
namespace {

constexpr IndexerShape kShape{32, 128, 132};

TEST(Indexer, ReadsOneKeyPerCachedTokenAndItsScoreTwice) {
  const DecodeAttentionCost cost = catalog_chip("h200-sxm").decode_attention(kShape);
  EXPECT_DOUBLE_EQ(cost.per_context_token.memory_bytes.si(), 132 + 8);
  EXPECT_DOUBLE_EQ(cost.per_context_token.flops.si(), 2 * 32 * 128);
  EXPECT_GE(cost.per_context_token.time.si(), 140 / 4.8e12);
}

TEST(Indexer, ScoresOfPromptsStayBelowThePeak) {
  for (const char* id : {"h200-sxm", "b200-sxm", "a100-sxm-80gb"}) {
    const Chip chip = catalog_chip(id);
    const ContextAttentionCost cost = chip.context_attention(kShape);
    EXPECT_DOUBLE_EQ(cost.tile.flops.si(), 2.0 * 128 * 128 * 32 * 128) << id;
    const MathPrecision math = chip.dense_peak(MathPrecision::fp8) ? MathPrecision::fp8 : MathPrecision::bf16;
    EXPECT_GT(cost.tile.time, cost.tile.flops / *chip.dense_peak(math)) << id;
    EXPECT_EQ(cost.tile_row_time, Seconds(0)) << id;
  }
}

TEST(Indexer, CostsLessThanTheAttentionOfAsManyHeads) {
  const Chip chip = catalog_chip("b200-sxm");
  const AttentionShape attention{32, 1, 128, Precision::fp8};
  EXPECT_LT(chip.context_attention(kShape).at(1, 65536, 2048).time,
            chip.context_attention(attention).at(1, 65536, 2048).time / 2);
  EXPECT_LT(chip.decode_attention(kShape).at(64, 64 * 65536).time,
            chip.decode_attention(attention).at(64, 64 * 65536).time);
}

}  // namespace
}  // namespace orrery
