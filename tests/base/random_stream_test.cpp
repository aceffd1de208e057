#include "orrery/base/random_stream.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>
#include <vector>

namespace orrery {
namespace {

using Words4 = std::array<std::uint32_t, 4>;

// Source: the known answers that come with Random123 1.14.
TEST(Philox, KnownAnswersHold) {
  constexpr std::uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox_block({0, 0, 0, 0}, {0, 0}), (Words4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox_block({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Words4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox_block({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words4{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

std::vector<std::uint64_t> first_draws(RandomStream stream, int count = 100) {
  std::vector<std::uint64_t> draws;
  for (int i = 0; i < count; ++i) draws.push_back(stream.next());
  return draws;
}

TEST(RandomStream, EqualNamesGiveEqualDraws) {
  EXPECT_EQ(first_draws({7, "scenario", "arrivals", 3}), first_draws({7, "scenario", "arrivals", 3}));
}

TEST(RandomStream, EveryPartOfTheNameCounts) {
  const std::vector<RandomStream> streams = {{7, "scenario", "arrivals", 3}, {8, "scenario", "arrivals", 3},
                                             {7, "serving", "arrivals", 3},  {7, "scenario", "lengths", 3},
                                             {7, "scenario", "arrivals", 4}, {7, "scenarioarrivals", "", 3},
                                             {7, "", "scenarioarrivals", 3}, {3, "scenario", "arrivals", 7}};
  std::set<std::uint64_t> draws;
  for (const RandomStream& stream : streams) {
    for (std::uint64_t draw : first_draws(stream)) draws.insert(draw);
  }
  EXPECT_EQ(draws.size(), 100 * streams.size());
}

TEST(RandomStream, AnotherConsumerMovesNothing) {
  RandomStream alone(1, "scenario", "arrivals");
  RandomStream beside(1, "scenario", "arrivals");
  RandomStream other(1, "scenario", "lengths");
  for (int i = 0; i < 1000; ++i) {
    for (int k = 0; k < i % 5; ++k) other.gamma(0.7);
    EXPECT_EQ(alone.next(), beside.next());
  }
}

TEST(RandomStream, UniformDrawsStayInsideTheOpenInterval) {
  RandomStream stream(1, "test", "uniform");
  for (int i = 0; i < 100'000; ++i) {
    const double x = stream.uniform();
    ASSERT_GT(x, 0);
    ASSERT_LT(x, 1);
  }
}

/// Mean and variance of many draws must lie within five standard errors of those expected.
/// `fourth` is the fourth central moment over the square of the variance.
void expect_moments(const std::function<double()>& draw, double mean, double variance, double fourth) {
  constexpr int kDraws = 200'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw() - mean;
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 * std::sqrt(variance / kDraws));
  EXPECT_NEAR(squares / kDraws, variance, 5 * variance * std::sqrt((fourth - 1) / kDraws));
}

TEST(RandomStream, UniformHasItsMoments) {
  RandomStream stream(1, "test", "uniform");
  expect_moments([&] { return stream.uniform(); }, 0.5, 1.0 / 12, 1.8);
}

TEST(RandomStream, ExponentialHasItsMoments) {
  RandomStream stream(1, "test", "exponential");
  expect_moments([&] { return stream.exponential(); }, 1, 1, 9);
}

TEST(RandomStream, NormalHasItsMoments) {
  RandomStream stream(1, "test", "normal");
  expect_moments([&] { return stream.normal(); }, 0, 1, 3);
}

TEST(RandomStream, GammaHasItsMomentsAtEveryShape) {
  for (double shape : {0.05, 0.3, 1.0, 1.5, 4.0, 100.0}) {
    RandomStream stream(1, "test", "gamma", static_cast<std::uint64_t>(shape * 100));
    SCOPED_TRACE(shape);
    expect_moments([&] { return stream.gamma(shape); }, 1, 1 / shape, 3 + 6 / shape);
  }
}

TEST(RandomStream, PoissonHasItsMomentsAtEveryMean) {
  for (double mean : {0.01, 0.5, 3.0, 15.9, 16.0, 40.0}) {
    RandomStream stream(1, "test", "poisson", static_cast<std::uint64_t>(mean * 100));
    SCOPED_TRACE(mean);
    expect_moments([&] { return static_cast<double>(stream.poisson(mean)); }, mean, mean, 3 + 1 / mean);
  }
}

TEST(RandomStream, PoissonOfNothingIsNothing) {
  RandomStream stream(1, "test", "poisson");
  EXPECT_EQ(stream.poisson(0), 0);
}

TEST(RandomStream, NormalTailsHaveTheirShare) {
  RandomStream stream(1, "test", "tails");
  int outside = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) outside += std::abs(stream.normal()) > 2 ? 1 : 0;
  EXPECT_NEAR(outside / static_cast<double>(kDraws), 0.0455, 5 * std::sqrt(0.0455 / kDraws));
}

}  // namespace
}  // namespace orrery
