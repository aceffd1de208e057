#include <gtest/gtest.h>

#include "example_chips.h"

namespace orrery {
namespace {

constexpr double kMebi = 1048576;

/// The library's protocols alone, with the constants of the reference values.
Chip library_chip() {
  FamilyRecord family = reference_hopper();
  family.all_reduce.custom.reset();
  return Chip(reference_h100(), family);
}

TEST(AllReduce, GivesTheReferenceValues) {
  const Chip chip = library_chip();
  const BytesPerSecond link(450e9);
  EXPECT_NEAR(microseconds(chip.all_reduce(Bytes(1024), 8, link).time) / 15.941, 1, 1e-3);
  EXPECT_NEAR(microseconds(chip.all_reduce(Bytes(kMebi), 8, link).time) / 27.581, 1, 1e-3);
  EXPECT_NEAR(microseconds(chip.all_reduce(Bytes(64 * kMebi), 8, link).time) / 365.833, 1, 1e-3);
  EXPECT_NEAR(microseconds(chip.all_reduce(Bytes(64 * kMebi), 2, link).time) / 239.522, 1, 1e-3);
}

TEST(AllReduce, TakesTheBandwidthOfOneDirection) {
  // A ring sends 2 (n - 1) / n of the buffer out of each chip; both directions together would be twice as fast.
  for (const std::string& id : catalog_chip_ids()) {
    const Chip chip = catalog_chip(id);
    for (const double ranks : {2.0, 4.0, 8.0}) {
      const KernelCost cost = chip.all_reduce(Bytes(1e9), ranks, BytesPerSecond(450e9));
      EXPECT_GE(cost.time.si(), 2 * (ranks - 1) / ranks * 1e9 / 450e9) << id;
      EXPECT_LE(cost.link_bytes / cost.time, BytesPerSecond(450e9)) << id;
      EXPECT_EQ(cost.limit, Limit::link) << id;
    }
  }
}

TEST(AllReduce, MoreBytesAreNeverFaster) {
  for (const std::string& id : catalog_chip_ids()) {
    const Chip chip = catalog_chip(id);
    for (const double ranks : {2.0, 4.0, 8.0}) {
      Seconds before;
      for (double bytes = 64; bytes < 1e9; bytes *= 1.3) {
        const Seconds time = chip.all_reduce(Bytes(bytes), ranks, BytesPerSecond(450e9)).time;
        ASSERT_GE(time, before) << id << " " << ranks << " " << bytes;
        before = time;
      }
    }
  }
}

TEST(AllReduce, SmallMessagesTakeTheFrameworksKernels) {
  const Chip with_custom(reference_h100(), reference_hopper());
  const BytesPerSecond link(450e9);
  EXPECT_LT(with_custom.all_reduce(Bytes(16384), 8, link).time, library_chip().all_reduce(Bytes(16384), 8, link).time);
  EXPECT_EQ(with_custom.all_reduce(Bytes(64 * kMebi), 8, link).time,
            library_chip().all_reduce(Bytes(64 * kMebi), 8, link).time);
}

}  // namespace
}  // namespace orrery
