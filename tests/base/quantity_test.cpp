#include "orrery/base/quantity.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace orrery {
namespace {

using namespace literals;

TEST(Quantity, DimensionsMultiplyAndDivide) {
  static_assert(std::is_same_v<decltype(Bytes() / BytesPerSecond()), Seconds>);
  static_assert(std::is_same_v<decltype(Watts() * Seconds()), Joules>);
  static_assert(std::is_same_v<decltype(Flops() / FlopsPerSecond()), Seconds>);
  static_assert(std::is_same_v<decltype(DollarsPerJoule() * Joules()), Dollars>);
  static_assert(std::is_same_v<decltype(GramsPerJoule() * Watts() * Seconds()), GramsCO2>);
  EXPECT_DOUBLE_EQ((80_GB / 3.35_TBps).si(), 80e9 / 3.35e12);
  EXPECT_DOUBLE_EQ((700_W * 3_s).si(), 2100);
}

TEST(Quantity, EqualDimensionsDivideToAPlainNumber) {
  static_assert(std::is_same_v<decltype(Bytes() / Bytes()), double>);
  static_assert(std::is_same_v<decltype(Seconds() * Hertz()), double>);
  EXPECT_DOUBLE_EQ(160_GB / 80_GB, 2);
  EXPECT_DOUBLE_EQ(Seconds(4) * Hertz(0.5), 2);
}

TEST(Quantity, APlainNumberOverAQuantityTurnsItAround) {
  static_assert(std::is_same_v<decltype(1 / Seconds()), Hertz>);
  EXPECT_DOUBLE_EQ((10 / Seconds(4)).si(), 2.5);
}

TEST(Quantity, EqualDimensionsAddAndCompare) {
  EXPECT_EQ((80_GB + 20_GB).si(), 100e9);
  EXPECT_EQ((80_GB - 20_GB).si(), 60e9);
  EXPECT_EQ((2 * 80_GB).si(), 160e9);
  EXPECT_EQ((80_GB / 2).si(), 40e9);
  EXPECT_TRUE(80_GB < 80_GiB);
  EXPECT_TRUE(80_GiB > 80_GB);
  EXPECT_TRUE(80_GB <= 80_GB && 80_GB >= 80_GB && 80_GB == 80_GB);
  EXPECT_TRUE(80_GB != 80_GiB);
  Seconds total = 1_s;
  total += 500_ms;
  EXPECT_DOUBLE_EQ(total.si(), 1.5);
}

TEST(Quantity, LiteralsAreInSi) {
  EXPECT_EQ((1_GB).si(), 1e9);
  EXPECT_EQ((1_GiB).si(), 1073741824.0);
  EXPECT_DOUBLE_EQ((2.5_us).si(), 2.5e-6);
  EXPECT_DOUBLE_EQ((989.0_TFLOPps).si(), 989e12);
}

TEST(Quantity, AQuantityCostsNoMoreThanADouble) {
  static_assert(sizeof(Seconds) == sizeof(double));
  static_assert(std::is_trivially_copyable_v<Seconds>);
  static_assert(!std::is_convertible_v<double, Seconds>);
  static_assert(!std::is_convertible_v<Seconds, double>);
}

}  // namespace
}  // namespace orrery
