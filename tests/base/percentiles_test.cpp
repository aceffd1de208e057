#include "orrery/base/percentiles.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace orrery {
namespace {

TEST(Percentiles, InterpolateBetweenOrderStatistics) {
  std::vector<std::int64_t> values{40, 10, 30, 20, 50};
  Percentiles percentiles(values);
  EXPECT_DOUBLE_EQ(percentiles.at(0), 10);
  EXPECT_DOUBLE_EQ(percentiles.at(0.1), 14);
  EXPECT_DOUBLE_EQ(percentiles.at(0.5), 30);
  EXPECT_DOUBLE_EQ(percentiles.at(0.9), 46);
  EXPECT_DOUBLE_EQ(percentiles.at(1), 50);
}

TEST(Percentiles, OneValueIsEveryPercentile) {
  std::vector<double> values{2.5};
  Percentiles percentiles(values);
  EXPECT_EQ(percentiles.at(0.5), 2.5);
  EXPECT_EQ(percentiles.at(0.99), 2.5);
}

}  // namespace
}  // namespace orrery
