#include <gtest/gtest.h>

#include "example_chips.h"

namespace orrery {
namespace {

TEST(Elementwise, IsAFixedTimeAndAStream) {
  const Chip chip(reference_h100(), reference_hopper());  // 2.95 us, .52
  EXPECT_NEAR(microseconds(chip.elementwise(Bytes(0)).time), 2.95, 1e-9);
  EXPECT_NEAR(microseconds(chip.elementwise(Bytes(1e8)).time), 2.95 + 1e8 / (.52 * 3350e3), 1e-6);
  EXPECT_EQ(chip.elementwise(Bytes(1e8)).limit, Limit::memory);
}

}  // namespace
}  // namespace orrery
