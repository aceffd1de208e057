#include "orrery/network/retransmissions.h"

#include <gtest/gtest.h>

#include "example_cells.h"

namespace orrery {
namespace {

TEST(Retransmissions, ProbabilitiesAddUpToOne) {
  double sum = 0;
  for (int failures = 0; failures <= 3; ++failures) sum += kExampleErrors.probability(failures);
  EXPECT_NEAR(sum, 1, 1e-15);
  EXPECT_EQ(kExampleErrors.probability(4), 0);
}

TEST(Retransmissions, EachRepeatIsLostATenthAsOften) {
  EXPECT_NEAR(kExampleErrors.at_least(1), 0.1, 1e-15);
  EXPECT_NEAR(kExampleErrors.at_least(2), 0.1 * 0.01, 1e-15);
  EXPECT_NEAR(kExampleErrors.at_least(3), 0.1 * 0.01 * 0.001, 1e-15);
  EXPECT_NEAR(kExampleErrors.mean_transmissions(), 1.101001, 1e-12);
}

TEST(Retransmissions, DrawsFollowTheProbabilities) {
  constexpr int kDraws = 2'000'000;
  for (const Retransmissions& errors : {kExampleErrors, Retransmissions{0.5, 0.8, 2}}) {
    int counts[5] = {};
    for (int i = 0; i < kDraws; ++i) ++counts[errors.drawn((i + 0.5) / kDraws)];
    for (int failures = 0; failures <= errors.most; ++failures) {
      EXPECT_NEAR(counts[failures] / double{kDraws}, errors.probability(failures), 1e-6) << failures;
    }
  }
  EXPECT_EQ(kNoErrors.drawn(0), 0);
}

}  // namespace
}  // namespace orrery
