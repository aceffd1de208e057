#include <gtest/gtest.h>

#include "example_chips.h"
#include "orrery/chip/compression_record.h"

namespace orrery {
namespace {

CompressionScheme scheme(double bits, Coding coding, double sparsity, PruningMask mask) {
  CompressionScheme one;
  one.code_bits.value = bits;
  one.coding = coding;
  one.sparsity.value = sparsity;
  one.mask = mask;
  one.group_size.value = 128;
  return one;
}

TEST(Compression, BitsPerWeightAreCodesMaskAndScales) {
  using enum Coding;
  using enum PruningMask;
  EXPECT_DOUBLE_EQ(bits_per_element(scheme(4, uniform, 0, none)), 4.25);
  EXPECT_DOUBLE_EQ(bits_per_element(scheme(4, uniform, .5, bitmap)), 3.25);
  EXPECT_DOUBLE_EQ(bits_per_element(scheme(3, uniform, .5, bitmap)), 2.75);
  EXPECT_DOUBLE_EQ(bits_per_element(scheme(2, uniform, 0, none)), 2.25);
  EXPECT_DOUBLE_EQ(bits_per_element(scheme(2, binary, 0, none)), 2.25);
  EXPECT_DOUBLE_EQ(bits_per_element(scheme(3, binary, 0, none)), 3.375);
  EXPECT_NEAR(bits_per_element(scheme(4, uniform, .75, entropy)), 2.06, 0.005);
  EXPECT_DOUBLE_EQ(bits_per_element(scheme(3, uniform, .75, bitmap)), 2.0);
  EXPECT_DOUBLE_EQ(bits_per_element(scheme(2, uniform, .75, bitmap)), 1.75);
}

ChipRecord mach1(double decoder_share) {
  auto chip = catalog_entry<ChipRecord>("chip", "mach1-mid");
  chip.compression->decoder_rate.value = decoder_share * chip.memory.bandwidth.value;
  return chip;
}
KernelCost vector_product(const ChipRecord& chip) {
  const Chip compiled(chip, without_energy(catalog_entry<FamilyRecord>("family", "lpddr-accelerator")));
  return compiled.gemm({1, 8192, 8192, Precision::compressed, Precision::bf16});
}

TEST(Compression, ADecoderFasterThanMemoryIsFreeAndASlowerOneIsTheLimit) {
  const KernelCost free = vector_product(mach1(1));
  EXPECT_EQ(free.limit, Limit::memory);
  const KernelCost faster = vector_product(mach1(4));
  EXPECT_NEAR(faster.time / free.time, 1, 0.05);  // a soft maximum
  const KernelCost slow = vector_product(mach1(0.25));
  EXPECT_EQ(slow.limit, Limit::decoder);
  const Seconds decoding = Bytes(8192.0 * 8192 * 2 / 8) / mach1(0.25).compression->decoder_rate.value;
  EXPECT_GE(slow.time, decoding);
  EXPECT_LT(slow.time.si(), 1.2 * decoding.si());
}

TEST(Compression, BehindASlowDecoderAHigherRatioBuysNothingBelowItsRate) {
  ChipRecord chip = mach1(0.25);
  const KernelCost three_bits = vector_product(chip);
  chip.compression->weights.code_bits.value = 2;
  const double bits = bits_per_element(chip.compression->weights);
  EXPECT_NEAR(vector_product(chip).time / three_bits.time, bits / 2.0, 0.05);  // bytes through the decoder
}

TEST(Compression, OneEighthOfTheBytesIsNotOneEighthOfALargeProduct) {
  const Chip chip = catalog_chip("mach1-mid");
  const auto gain = [&](double m) {
    return chip.gemm({m, 8192, 8192, Precision::bf16, Precision::bf16}).time /
           chip.gemm({m, 8192, 8192, Precision::compressed, Precision::bf16}).time;
  };
  EXPECT_GT(gain(1), 6);
  EXPECT_LT(gain(1), 8);
  EXPECT_LT(gain(8192), 1.01);
  EXPECT_GT(gain(1), gain(64));
  EXPECT_GE(gain(64), gain(4096));
}

TEST(Compression, LookupTradesMultiplicationsForTableReads) {
  auto record = catalog_entry<ChipRecord>("chip", "mach1-high");
  const FamilyRecord family = catalog_entry<FamilyRecord>("family", "lpddr-accelerator");
  const GemmShape shape{2048, 4096, 4096, Precision::compressed, Precision::bf16};
  const KernelCost by_table = Chip(record, family).gemm(shape);
  record.compression->lookup.reset();
  const KernelCost dense = Chip(record, family).gemm(shape);
  EXPECT_NEAR(by_table.flops / dense.flops, 2.0 / 8 + 256.0 / (8 * 4096), 1e-12);
  EXPECT_LT(by_table.time, dense.time);
}

TEST(Compression, IsRefusedWhereTheChipHasNone) {
  const Chip h100 = catalog_chip("h100-sxm");
  EXPECT_FALSE(h100.supports(Precision::compressed, Precision::bf16).has_value());
  EXPECT_FALSE(h100.supports_kv_cache(Precision::compressed).has_value());
  const Chip low = catalog_chip("mach1-low");
  EXPECT_TRUE(low.supports(Precision::compressed, Precision::bf16).has_value());
  EXPECT_FALSE(low.supports_kv_cache(Precision::compressed).has_value());
  EXPECT_TRUE(catalog_chip("mach1-mid").supports_kv_cache(Precision::compressed).has_value());
}

TEST(Compression, ContradictionsOfASchemeAreReported) {
  const auto codes_after = [](auto change) {
    auto chip = catalog_entry<ChipRecord>("chip", "mach1-mid");
    change(*chip.compression);
    Diagnostics diagnostics;
    check_physics(chip, diagnostics);
    return codes(diagnostics);
  };
  const std::vector<std::string> contradiction{"impossible-physics"};
  EXPECT_EQ(codes_after([](CompressionRecord& c) { c.weights.mask = PruningMask::none; }), contradiction);
  EXPECT_EQ(codes_after([](CompressionRecord& c) { c.weights.sparsity.value = 0; }), contradiction);
  EXPECT_EQ(codes_after([](CompressionRecord& c) { c.lookup = LookupProducts{}; }), contradiction);
  EXPECT_EQ(
      codes_after([](CompressionRecord& c) { c.kv_cache->code_bits.value = 2.5, c.kv_cache->coding = Coding::binary; }),
      contradiction);
}

}  // namespace
}  // namespace orrery
