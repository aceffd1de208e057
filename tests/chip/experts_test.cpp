#include <gtest/gtest.h>

#include "example_chips.h"

namespace orrery {
namespace {

Chip golden_chip() {
  FamilyRecord family = reference_hopper();
  ExpertsConstants& experts = family.experts;
  experts.fixed_time.value = Seconds(38.7e-6);
  experts.peak_fraction.value = .56;
  family.controller_factor.value = .936;
  experts.overlap_exponent.value = 2.4;
  experts.row_tile.value = 24;
  experts.per_expert_time.value = Seconds(.02e-6);
  experts.routing_factor.value = 4.9 * .936;  // the reference takes it of the peak
  return Chip(reference_h100(), family);
}

ExpertsShape layer(double tokens, double hidden, double width, double per_token, double count, double ep,
                   Routing routing) {
  ExpertsShape shape;
  shape.tokens = tokens;
  shape.hidden_size = hidden;
  shape.intermediate_size = width;
  shape.per_token = per_token;
  shape.count = count;
  shape.expert_parallel = ep;
  shape.routing = routing;
  return shape;
}

TEST(Experts, GiveTheReferenceValues) {
  const Chip chip = golden_chip();
  const auto us = [&](const ExpertsShape& shape) { return microseconds(chip.experts(shape).time); };
  EXPECT_NEAR(us(layer(1, 4096, 14336, 2, 8, 1, Routing::balanced)) / 264.353, 1, 1e-3);
  EXPECT_NEAR(us(layer(64, 4096, 14336, 2, 8, 1, Routing::random)) / 948.086, 1, 1e-3);
  EXPECT_NEAR(us(layer(4096, 7168, 2048, 8, 256, 8, Routing::random)) / 2036.244, 1, 1e-3);
  EXPECT_NEAR(us(layer(16384, 2048, 768, 8, 128, 1, Routing::balanced)) / 3379.815, 1, 1e-3);
}

TEST(Experts, OneTokenReadsOnlyItsOwnExperts) {
  const Chip chip = catalog_chip("h100-sxm");
  const KernelCost cost = chip.experts(layer(1, 4096, 14336, 2, 8, 1, Routing::random));
  const double expert_bytes = 3.0 * 4096 * 14336 * 2;
  EXPECT_NEAR(cost.memory_bytes.si() / expert_bytes, 2, 0.01);
}

TEST(Experts, NarrowExpertsReadFewerBytes) {
  const Chip chip = catalog_chip("h100-sxm");
  ExpertsShape shape = layer(1, 4096, 14336, 2, 8, 1, Routing::random);
  const Bytes wide = chip.experts(shape).memory_bytes;
  shape.weights = Precision::mxfp4;
  EXPECT_NEAR(wide / chip.experts(shape).memory_bytes, 2 / 0.53125, 0.02);
}

TEST(Experts, MoreTokensAreNeverFaster) {
  const Chip chip = catalog_chip("b200-sxm");
  Seconds before;
  for (double tokens = 1; tokens <= 8192; tokens += 1) {
    const Seconds time = chip.experts(layer(tokens, 2048, 768, 8, 128, 1, Routing::random)).time;
    ASSERT_GE(time, before) << tokens;
    before = time;
  }
}

}  // namespace
}  // namespace orrery
