#include "orrery/chip/chip.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "example_chips.h"

namespace orrery {
namespace {

constexpr Precision kAll[] = {Precision::bf16, Precision::fp16,  Precision::fp8,  Precision::int8,
                              Precision::int4, Precision::nvfp4, Precision::mxfp4};

std::vector<Chip> all_chips() {
  std::vector<Chip> chips;
  for (const std::string& id : catalog_chip_ids()) chips.push_back(catalog_chip(id));
  return chips;
}

/// No result is above the datasheet. Rounding may cost a last bit.
void expect_within_datasheet(const Chip& chip, const KernelCost& cost, MathPrecision math, const char* what) {
  constexpr double kRounding = 1 + 1e-9;
  EXPECT_LE(cost.flops.si(), cost.time.si() * chip.dense_peak(math)->si() * kRounding) << chip.id() << " " << what;
  EXPECT_LE(cost.memory_bytes.si(), cost.time.si() * chip.memory_bandwidth().si() * kRounding)
      << chip.id() << " " << what;
  const double power =
      chip.static_power().si() + (cost.time == Seconds(0) ? 0 : (cost.dynamic_energy / cost.time).si());
  EXPECT_LE(power, chip.power_limit().si() * kRounding) << chip.id() << " " << what;
}

TEST(Chip, ComputesInThePrecisionOfItsOperands) {
  EXPECT_EQ(math_precision(Precision::bf16, Precision::bf16), MathPrecision::bf16);
  EXPECT_EQ(math_precision(Precision::int4, Precision::bf16), MathPrecision::bf16);
  EXPECT_EQ(math_precision(Precision::fp8, Precision::fp8), MathPrecision::fp8);
  EXPECT_EQ(math_precision(Precision::nvfp4, Precision::nvfp4), MathPrecision::fp4);
  EXPECT_EQ(math_precision(Precision::bf16, Precision::fp8), std::nullopt);
}

TEST(Chip, SaysWhatToChangeWhenItLacksAPrecision) {
  const auto refused = catalog_chip("a100-sxm-80gb").supports(Precision::fp8, Precision::fp8);
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error(),
      "a100-sxm-80gb has no fp8 arithmetic that family ampere describes; use activations: bf16, which expands fp8 "
      "weights in the kernel");
  EXPECT_TRUE(catalog_chip("a100-sxm-80gb").supports(Precision::fp8, Precision::bf16));
  EXPECT_TRUE(catalog_chip("h100-sxm").supports(Precision::fp8, Precision::fp8));
  EXPECT_FALSE(catalog_chip("h100-sxm").supports(Precision::nvfp4, Precision::nvfp4));
  EXPECT_TRUE(catalog_chip("b200-sxm").supports(Precision::nvfp4, Precision::nvfp4));
  EXPECT_FALSE(catalog_chip("l40s").supports_latent_attention());
  EXPECT_TRUE(catalog_chip("h200-sxm").supports_latent_attention());
}

TEST(Chip, ACopyGivesTheSameCosts) {
  auto original = std::make_unique<Chip>(catalog_chip("h100-sxm"));
  const Chip copy = *original;
  const GemmShape shape{64, 4096, 4096, Precision::fp8, Precision::fp8};
  const Seconds time = original->gemm(shape).time;
  original.reset();
  EXPECT_EQ(copy.gemm(shape).time, time);
}

RC_GTEST_PROP(Chip, NoProductIsAboveTheDatasheet, ()) {
  static const std::vector<Chip> kChips = all_chips();
  const Chip& chip = kChips[*rc::gen::inRange<std::size_t>(0, kChips.size())];
  const Precision weights = *rc::gen::elementOf(std::vector<Precision>(std::begin(kAll), std::end(kAll)));
  const Precision activations = *rc::gen::elementOf(std::vector<Precision>(std::begin(kAll), std::end(kAll)));
  RC_PRE(chip.supports(weights, activations).has_value());
  const auto size = [] { return static_cast<double>(*rc::gen::inRange(1, 65537)); };
  const GemmShape shape{size(), size(), size(), weights, activations};
  expect_within_datasheet(chip, chip.gemm(shape), *math_precision(weights, activations), "gemm");
}

TEST(Chip, NoOtherKernelIsAboveTheDatasheet) {
  for (const Chip& chip : all_chips()) {
    for (double tokens = 1; tokens <= 65536; tokens *= 2) {
      ExpertsShape experts;
      experts.tokens = tokens;
      experts.hidden_size = 4096;
      experts.intermediate_size = 1536;
      experts.count = 128;
      experts.per_token = 8;
      expect_within_datasheet(chip, chip.experts(experts), MathPrecision::bf16, "experts");
      expect_within_datasheet(chip, chip.elementwise(Bytes(tokens * 16384)), MathPrecision::bf16, "elementwise");
      for (const double heads : {1.0, 8.0, 64.0}) {
        const AttentionShape shape{8 * heads, heads, 128, Precision::fp8};
        expect_within_datasheet(chip, chip.decode_attention(shape).at(16, 16 * tokens), MathPrecision::bf16, "decode");
        expect_within_datasheet(chip, chip.context_attention(shape).at(4, tokens, tokens), MathPrecision::bf16,
                                "context");
      }
      if (!chip.supports_latent_attention()) continue;
      const LatentAttentionShape latent{128, 512, 128, 64, 128, Precision::fp8};
      expect_within_datasheet(chip, chip.decode_attention(latent).at(16, 16 * tokens), MathPrecision::bf16,
                              "latent decode");
      expect_within_datasheet(chip, chip.context_attention(latent).at(4, 0, tokens), MathPrecision::bf16,
                              "latent context");
    }
  }
}

RC_GTEST_PROP(Chip, MoreBandwidthIsNeverSlower, ()) {
  static const auto kRecord = reference_h100();
  static const auto kFamily = catalog_entry<FamilyRecord>("family", "hopper");
  ChipRecord faster = kRecord;
  faster.memory.bandwidth.value = kRecord.memory.bandwidth.value * (1 + *rc::gen::inRange(1, 300) / 100.0);
  const auto size = [] { return static_cast<double>(*rc::gen::inRange(1, 32769)); };
  const GemmShape shape{size(), size(), size(), Precision::bf16, Precision::bf16};
  const double slow = Chip(kRecord, kFamily).gemm(shape).time.si();
  RC_ASSERT(Chip(faster, kFamily).gemm(shape).time.si() <= slow * (1 + 1e-9));
}

RC_GTEST_PROP(Chip, MoreTokensAreNeverFaster, ()) {
  static const std::vector<Chip> kChips = all_chips();
  const Chip& chip = kChips[*rc::gen::inRange<std::size_t>(0, kChips.size())];
  const int tokens = *rc::gen::inRange(1, 16384);
  const auto width = [] { return static_cast<double>(*rc::gen::inRange(1, 257) * 128); };
  GemmShape shape{static_cast<double>(tokens), width(), width(), Precision::bf16, Precision::bf16};
  const double few = chip.gemm(shape).time.si();
  shape.m += *rc::gen::inRange(1, 4096);
  RC_ASSERT(chip.gemm(shape).time.si() >= few * (1 - 1e-9));
}

TEST(Chip, ALowerPowerLimitIsNeverFasterAndCostsTheCubeRoot) {
  auto record = catalog_entry<ChipRecord>("chip", "l40s");
  const auto family = catalog_entry<FamilyRecord>("family", "ada");
  const GemmShape shape{8192, 8192, 8192, Precision::bf16, Precision::bf16};
  const Seconds at_350 = Chip(record, family).gemm(shape).time;
  const Watts dynamic = record.power_limit.value - record.static_power.value;
  record.power_limit.value = record.static_power.value + 0.5 * dynamic;
  const Seconds at_half = Chip(record, family).gemm(shape).time;
  EXPECT_NEAR(at_half / at_350, 1.26, 0.03);
}

}  // namespace
}  // namespace orrery
