#include <gtest/gtest.h>

#include "example_chips.h"

namespace orrery {
namespace {

Chip golden_chip() {
  FamilyRecord family = reference_hopper();  // 11.7 us, 2.48 us
  family.controller_factor.value = .908;
  return Chip(reference_h100(), family);
}

TEST(DecodeAttention, GivesTheReferenceValues) {
  const Chip chip = golden_chip();
  const struct {
    double sequences, query_heads, kv_heads, head_size, tokens, us;
  } rows[] = {{1, 32, 8, 128, 1024, 13.235},
              {16, 32, 8, 128, 4096, 102.440},
              {64, 64, 8, 128, 8192, 728.000},
              {256, 8, 1, 128, 16384, 722.845}};
  for (const auto& row : rows) {
    const auto cost = chip.decode_attention(AttentionShape{row.query_heads, row.kv_heads, row.head_size});
    const double us = microseconds(cost.at(row.sequences, row.sequences * row.tokens).time);
    EXPECT_NEAR(us / row.us, 1, 1e-3) << us;
  }
}

TEST(DecodeAttention, ReadsKeysAndValuesOfKvHeadsOnly) {
  const auto cost = golden_chip().decode_attention(AttentionShape{64, 8, 128});
  EXPECT_DOUBLE_EQ(cost.per_context_token.memory_bytes.si(), 2 * 8 * 128 * 2);
}

TEST(DecodeAttention, ANarrowCacheIsReadFaster) {
  const Chip chip = golden_chip();
  const auto wide = chip.decode_attention(AttentionShape{32, 8, 128, Precision::bf16});
  const auto narrow = chip.decode_attention(AttentionShape{32, 8, 128, Precision::fp8});
  EXPECT_DOUBLE_EQ(wide.per_context_token.time / narrow.per_context_token.time, 2);
}

TEST(DecodeAttention, LatentCacheHoldsOneVectorForAllHeads) {
  const Chip chip = catalog_chip("h100-sxm");
  const auto cost = chip.decode_attention(LatentAttentionShape{128, 512, 128, 64, 128, Precision::bf16});
  EXPECT_DOUBLE_EQ(cost.per_context_token.memory_bytes.si(), 576 * 2);
  // 128 heads x 1088 x 2 FLOP per token and 1152 bytes: near the ridge, so the soft maximum is above both terms.
  EXPECT_GT(cost.per_context_token.time.si(), 2 * 128 * 1088 / (1.2 * 989e12));
  EXPECT_GT(cost.per_context_token.time.si(), 1152 / chip.achieved(AccessKind::kv_gather).si());
}

}  // namespace
}  // namespace orrery
