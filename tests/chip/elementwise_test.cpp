#include <gtest/gtest.h>

#include "example_chips.h"

namespace orrery {
namespace {

TEST(Elementwise, IsAFixedTimeAndAStream) {
  FamilyRecord family = reference_hopper();  // 2.95 us
  family.controller_factor.value = .8;
  family.elementwise.pass_efficiency.value = .65;
  const Chip chip(reference_h100(), family);
  EXPECT_NEAR(microseconds(chip.elementwise(Bytes(0)).time), 2.95, 1e-9);
  EXPECT_NEAR(microseconds(chip.elementwise(Bytes(1e8)).time), 2.95 + 1e8 / (.52 * 3350e3), 1e-6);
  EXPECT_EQ(chip.elementwise(Bytes(1e8)).limit, Limit::memory);
  const KernelCost parts = chip.elementwise(Bytes(3e7)) + chip.elementwise_stream(Bytes(7e7));
  EXPECT_NEAR(parts.time.si(), chip.elementwise(Bytes(1e8)).time.si(), 1e-15);
  EXPECT_EQ(parts.memory_bytes, Bytes(1e8));
}

}  // namespace
}  // namespace orrery
