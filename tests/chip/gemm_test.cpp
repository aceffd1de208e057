#include <gtest/gtest.h>

#include "example_chips.h"

namespace orrery {
namespace {

Chip golden_chip() {
  FamilyRecord family = reference_hopper();
  family.gemm.fixed_time.value = Seconds(2.91e-6);
  family.gemm.peak_fraction.value = .821;
  family.controller_factor.value = .853;
  family.gemm.overlap_exponent.value = 2.43;
  return Chip(reference_h100(), family);
}

GemmShape shape(double m, double n, double k) { return {m, n, k, Precision::bf16, Precision::bf16}; }

TEST(Gemm, GivesTheReferenceValues) {
  const Chip chip = golden_chip();
  const struct {
    double m, n, k, us;
  } rows[] = {{1, 4096, 4096, 14.658},
              {1, 8192, 8192, 49.891},
              {64, 12288, 12288, 110.829},
              {256, 4096, 14336, 57.379},
              {4096, 8192, 28672, 2377.608}};
  for (const auto& row : rows) {
    const double us = microseconds(chip.gemm(shape(row.m, row.n, row.k)).time);
    EXPECT_NEAR(us / row.us, 1, 1e-3) << row.m << " " << row.n << " " << row.k << ": " << us;
  }
}

TEST(Gemm, CountsBytesAndNotElements) {
  const Chip chip(reference_h100(), reference_hopper());
  const KernelCost cost = chip.gemm(shape(1, 8192, 8192));
  EXPECT_DOUBLE_EQ(cost.memory_bytes.si(), 2.0 * (8192.0 * 8192 + 8192 + 8192));
  EXPECT_GE(cost.time.si(), 2.0 * 8192 * 8192 / 3.35e12);
}

TEST(Gemm, NarrowWeightsAreReadAtTheirWidthAndComputedAtTheRateOfTheActivations) {
  const Chip chip = catalog_chip("h100-sxm");
  const GemmShape narrow{4096, 8192, 8192, Precision::int4, Precision::bf16};
  const KernelCost large = chip.gemm(narrow);
  EXPECT_GE(large.time, large.flops / FlopsPerSecond(989e12));
  const double small = chip.gemm({1, 8192, 8192, Precision::bf16, Precision::bf16}).time /
                       chip.gemm({1, 8192, 8192, Precision::int4, Precision::bf16}).time;
  EXPECT_GT(small, 2.0);
  EXPECT_LT(small, 3.77);  // 2 / 0.53 bytes
}

TEST(Gemm, DynamicQuantisationAddsATimeOfItsOwn) {
  const Chip chip(reference_h100(), reference_hopper());
  const double us = microseconds(chip.gemm({1, 4096, 4096, Precision::fp8, Precision::fp8}).time);
  // 4.16 fixed, 16.8 MB at the family's share of 3.35 TB/s, 4.2 quantising
  const double factor = reference_hopper().controller_factor.value;
  EXPECT_NEAR(us, 4.16 + 16777216.0 / (factor * 3350e3) + 4.2, 0.1);
}

TEST(Gemm, LargeProductsAreLimitedByComputeAndSmallOnesByMemory) {
  const Chip chip = catalog_chip("h100-sxm");
  EXPECT_EQ(chip.gemm(shape(8192, 8192, 8192)).limit, Limit::compute);
  EXPECT_EQ(chip.gemm(shape(1, 8192, 8192)).limit, Limit::memory);
  EXPECT_EQ(chip.gemm(shape(1, 128, 128)).limit, Limit::latency);
}

}  // namespace
}  // namespace orrery
