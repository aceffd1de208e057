#include "orrery/sim/log_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace orrery {
namespace {

TEST(LogHistogram, CountSumSmallestAndLargestAreExact) {
  LogHistogram histogram;
  for (const std::int64_t value : {5, 1'000'000'007, 12, 5}) histogram.add(value);
  EXPECT_EQ(histogram.count(), 4);
  EXPECT_EQ(static_cast<std::int64_t>(histogram.sum()), 1'000'000'029);
  EXPECT_EQ(histogram.smallest(), 5);
  EXPECT_EQ(histogram.largest(), 1'000'000'007);
}

TEST(LogHistogram, ARampEqualsItsTermsAddedOneByOne) {
  std::mt19937_64 random(7);
  for (int trial = 0; trial < 2000; ++trial) {
    const auto first = static_cast<std::int64_t>(random() % (trial % 2 == 0 ? 300 : 40'000'000'000));
    const auto step = static_cast<std::int64_t>(random() % (trial % 3 == 0 ? 3 : 50'000'000));
    const auto terms = static_cast<std::int64_t>(random() % 200);
    const auto weight = static_cast<std::int64_t>(random() % 40);
    LogHistogram ramp;
    LogHistogram single;
    ramp.add_ramp(first, step, terms, weight);
    for (std::int64_t j = 0; j < terms; ++j) single.add(first + j * step, weight);
    ASSERT_EQ(ramp, single) << first << ' ' << step << ' ' << terms << ' ' << weight;
  }
}

TEST(LogHistogram, QuantilesAreWithinOneBinOfTheOrderStatistics) {
  std::mt19937_64 random(3);
  std::lognormal_distribution<double> draw(20, 2);
  std::vector<std::int64_t> values;
  LogHistogram histogram;
  for (int i = 0; i < 20000; ++i) values.push_back(static_cast<std::int64_t>(draw(random)));
  for (const std::int64_t value : values) histogram.add(value);
  std::sort(values.begin(), values.end());
  for (const double fraction : {0.0, 0.01, 0.5, 0.9, 0.99, 1.0}) {
    const auto exact = static_cast<double>(values[static_cast<std::size_t>(fraction * 19999)]);
    EXPECT_NEAR(histogram.quantile(fraction) / exact, 1, 1.0 / 128) << fraction;
  }
}

TEST(LogHistogram, MergingEqualsAddingToOne) {
  LogHistogram a, b, both;
  for (std::int64_t i = 1; i < 5000; i += 7) {
    (i % 2 == 0 ? a : b).add(i * i * i, i);
    both.add(i * i * i, i);
  }
  a.merge(b);
  EXPECT_EQ(a, both);
}

TEST(LogHistogram, AnEmptyOneIsZeroEverywhere) {
  const LogHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.smallest(), 0);
}

}  // namespace
}  // namespace orrery
