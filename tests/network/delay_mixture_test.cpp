#include "orrery/network/delay_mixture.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

const DelayMixture& two_parts() {
  static const DelayMixture mixture({{0.7, Seconds(0), Seconds(2e-3), 0.8}, {0.3, Seconds(1e-2), Seconds(5e-3), 0.4}});
  return mixture;
}

TEST(DelayMixture, PercentileAndShareAreInverse) {
  for (const double fraction : {0.01, 0.3, 0.5, 0.9, 0.999}) {
    EXPECT_NEAR(two_parts().share_up_to(two_parts().percentile(fraction)), fraction, 1e-9) << fraction;
  }
}

TEST(DelayMixture, DrawsFollowIt) {
  RandomStream stream(1, "network", "test");
  constexpr int kDraws = 200'000;
  double sum = 0;
  int below = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Seconds drawn = two_parts().draw(stream);
    sum += drawn.si();
    below += drawn <= Seconds(4e-3) ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws, two_parts().mean().si(), 0.01 * two_parts().mean().si());
  EXPECT_NEAR(below / double{kDraws}, two_parts().share_up_to(Seconds(4e-3)), 0.005);
}

TEST(DelayMixture, WithoutSpreadItIsAConstant) {
  const DelayMixture constant({{1, Seconds(1e-3), Seconds(2e-3), 0}});
  EXPECT_DOUBLE_EQ(constant.mean().si(), 3e-3);
  EXPECT_NEAR(constant.percentile(0.1).si(), 3e-3, 1e-12);
  EXPECT_NEAR(constant.percentile(0.99).si(), 3e-3, 1e-12);
}

}  // namespace
}  // namespace orrery
