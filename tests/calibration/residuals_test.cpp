#include "orrery/calibration/residuals.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

std::vector<Residual> ramp(std::size_t region, double low, double high, int count) {
  std::vector<Residual> residuals;
  for (int i = 0; i < count; ++i) residuals.push_back({region, low + (high - low) * i / (count - 1), 1.0 / count});
  return residuals;
}

TEST(ErrorBand, EightOfTenResidualsLieInside) {
  const auto residuals = ramp(0, -0.3, 0.1, 1000);
  EXPECT_NEAR(coverage(residuals, band_of(residuals, false)), 0.8, 0.01);
  EXPECT_NEAR(coverage(residuals, band_of(residuals, true)), 0.8, 0.01);
}

TEST(ErrorBand, ASymmetricBandReachesAsFarToBothSides) {
  const ErrorBand band = band_of(ramp(0, -0.3, 0.1, 1000), true);
  EXPECT_NEAR(band.low[0] * band.high[0], 1, 1e-12);
}

TEST(ErrorBand, ABandLiesWhereTheMeasuredTimesAre) {
  const ErrorBand band = band_of(ramp(0, 0.2, 0.4, 1000), false);  // predictions too long
  EXPECT_LT(band.high[0], 1);
}

TEST(ErrorBand, RegionsHaveTheirOwnBandWhereTheyHoldEnough) {
  auto residuals = ramp(0, -0.5, 0.5, 500);
  const auto narrow = ramp(2, -0.05, 0.05, 500);
  residuals.insert(residuals.end(), narrow.begin(), narrow.end());
  const ErrorBand band = band_of(residuals, true);
  EXPECT_GT(band.high[0], 1.3);
  EXPECT_LT(band.high[2], 1.1);
  EXPECT_GT(band.high[1], band.high[2]);  // nothing of its own: that of all
}

TEST(ErrorBand, RegionsFollowTheShareOfTheRoofline) {
  EXPECT_EQ(ErrorBand::region_of(1, 10), 0U);
  EXPECT_EQ(ErrorBand::region_of(5, 10), 1U);
  EXPECT_EQ(ErrorBand::region_of(9, 10), 2U);
}

TEST(ErrorBand, AWidenedBandReachesFurtherToBothSides) {
  const ErrorBand band = band_of(ramp(0, -0.3, 0.1, 1000), false);
  EXPECT_NEAR(std::log(widened(band).high[0]), 1.5 * std::log(band.high[0]), 1e-12);
  EXPECT_LT(widened(band).low[0], band.low[0]);
}

TEST(ErrorBand, NoBandIsNarrowerThanARepeatedMeasurement) {
  const ErrorBand band = band_of(ramp(0, 0, 0, 100), false);
  EXPECT_LT(band.low[0], 0.99);
  EXPECT_GT(band.high[0], 1.01);
}

}  // namespace
}  // namespace orrery
