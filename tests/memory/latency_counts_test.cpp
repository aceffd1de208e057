#include "orrery/memory/latency_counts.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

TEST(LatencyCounts, OfNothingAreZero) {
  const LatencyCounts counts;
  EXPECT_EQ(counts.count(), 0);
  EXPECT_EQ(counts.mean(), 0);
  EXPECT_EQ(counts.largest(), 0);
  EXPECT_EQ(counts.quantile(0.5), 0);
}

TEST(LatencyCounts, OfOneLatencyAreThatLatency) {
  LatencyCounts counts;
  counts.add(52);
  for (const double fraction : {0.0, 0.5, 1.0}) EXPECT_EQ(counts.quantile(fraction), 52);
  EXPECT_EQ(counts.mean(), 52);
}

TEST(LatencyCounts, OfTwoTheLaterHalfIsTheLarger) {
  LatencyCounts counts;
  counts.add(30);
  counts.add(77);
  EXPECT_EQ(counts.quantile(0.5), 30);
  EXPECT_EQ(counts.quantile(0.51), 77);
  EXPECT_EQ(counts.quantile(0.99), 77);
}

TEST(LatencyCounts, QuantilesOfLongLatenciesKeepTheirRank) {
  // The second of 50: 1 / 49 x 49 is below 1 in floating point.
  LatencyCounts counts;
  for (std::int64_t i = 0; i < 50; ++i) counts.add(10'000 + 1'000 * i);
  EXPECT_NEAR(counts.quantile(0.03), 11'000, 11'000 / 128.0);
}

/// On both sides of where exact counts end.
std::vector<std::int64_t> to_latencies(const std::vector<std::uint16_t>& values) {
  std::vector<std::int64_t> latencies;
  for (const std::uint16_t value : values) latencies.push_back(value % 3 == 0 ? value : value % 512);
  return latencies;
}

RC_GTEST_PROP(LatencyCounts, CountSumAndLargestAreExact, (const std::vector<std::uint16_t>& values)) {
  LatencyCounts counts;
  std::int64_t sum = 0;
  std::int64_t largest = 0;
  for (const std::int64_t latency : to_latencies(values)) {
    counts.add(latency);
    sum += latency;
    largest = std::max(largest, latency);
  }
  RC_ASSERT(counts.count() == static_cast<std::int64_t>(values.size()));
  RC_ASSERT(counts.sum() == sum);
  RC_ASSERT(counts.largest() == largest);
}

RC_GTEST_PROP(LatencyCounts, QuantilesAreThoseOfTheSortedLatencies, (const std::vector<std::uint16_t>& values)) {
  RC_PRE(!values.empty());
  LatencyCounts counts;
  std::vector<std::int64_t> sorted = to_latencies(values);
  for (const std::int64_t latency : sorted) counts.add(latency);
  std::sort(sorted.begin(), sorted.end());
  for (const double fraction : {0.0, 0.25, 0.5, 0.9, 0.99, 1.0}) {
    const auto wanted = static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
    const std::size_t rank = std::max<std::size_t>(1, wanted) - 1;
    const auto exact = static_cast<double>(sorted[rank]);
    const double bar = exact < LatencyCounts::kExact ? 0 : exact / 128 + 1;
    RC_ASSERT(std::abs(counts.quantile(fraction) - exact) <= bar);
  }
}

RC_GTEST_PROP(LatencyCounts, AddingSeveralAtATimeAndMergingChangeNothing, (const std::vector<std::uint16_t>& values)) {
  LatencyCounts one_by_one;
  LatencyCounts at_a_time;
  LatencyCounts merged;
  for (const std::int64_t latency : to_latencies(values)) {
    for (int i = 0; i < 3; ++i) one_by_one.add(latency);
    at_a_time.add(latency, 3);
    LatencyCounts part;
    part.add(latency, 3);
    merged.merge(part);
  }
  RC_ASSERT(one_by_one == at_a_time);
  RC_ASSERT(one_by_one == merged);
}

}  // namespace
}  // namespace orrery
