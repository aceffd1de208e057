#include "orrery/calibration/family_fit.h"

#include <gtest/gtest.h>

#include "orrery/calibration/evaluate.h"
#include "toy_form.h"

namespace orrery {
namespace {

const ToyForm kForm;

/// Four chips whose constants differ, as real ones do.
class FourChips : public testing::Test {
 protected:
  FourChips() {
    groups_ = {toy_group(kForm, chips_[0], {5, 0.75, 0.7}, 0.15), toy_group(kForm, chips_[1], {3, 0.7, 0.8}, 0.15),
               toy_group(kForm, chips_[2], {7, 0.65, 0.75}, 0.15), toy_group(kForm, chips_[3], {4, 0.8, 0.65}, 0.15)};
  }
  FamilyFit fit() {
    std::vector<const PointGroup*> pointers;
    for (const PointGroup& group : groups_) pointers.push_back(&group);
    FamilyFitOptions options = default_fit_options();
    options.joint.most_points = 100;
    options.own.most_points = 100;
    return fit_family(kForm, pointers, nullptr, options);
  }

  std::vector<ChipFacts> chips_ = {toy_chip("a", 1e14, 1e12), toy_chip("b", 1e15, 3e12),
                                   toy_chip("c", 3e14, 2e12, MatrixClass::sync),
                                   toy_chip("d", 4e14, 8e11, MatrixClass::sync)};
  std::vector<PointGroup> groups_;
};

TEST_F(FourChips, WhatIsPredictedOfALeftOutChipDoesNotDependOnItsPoints) {
  const FamilyFit before = fit();
  for (MeasuredPoint& point : groups_[1].points) point.measured_us *= 1000;
  const FamilyFit after = fit();
  EXPECT_EQ(before.chips[1].left_out.constants, after.chips[1].left_out.constants);
  EXPECT_EQ(before.chips[1].left_out.band.low, after.chips[1].left_out.band.low);
  EXPECT_EQ(before.chips[1].left_out.band.high, after.chips[1].left_out.band.high);
  EXPECT_EQ(before.chips[1].generation_out.constants, after.chips[1].generation_out.constants);
  EXPECT_NE(before.chips[0].left_out.constants, after.chips[0].left_out.constants);
}

TEST_F(FourChips, AnOwnFitDoesNotDependOnTheFifthThatJudgesIt) {
  const FamilyFit before = fit();
  for (MeasuredPoint& point : groups_[2].points) point.measured_us *= point.unseen ? 1000 : 1;
  const FamilyFit after = fit();
  EXPECT_EQ(before.chips[2].own.constants, after.chips[2].own.constants);
  EXPECT_EQ(before.chips[2].own.band.low, after.chips[2].own.band.low);
}

TEST_F(FourChips, GenerationsAreLeftOutWhole) {
  chips_[1].generation = "a";
  const FamilyFit before = fit();
  for (MeasuredPoint& point : groups_[1].points) point.measured_us *= 1000;
  const FamilyFit after = fit();
  EXPECT_EQ(before.chips[0].generation_out.constants, after.chips[0].generation_out.constants);
  EXPECT_NE(before.chips[0].left_out.constants, after.chips[0].left_out.constants);
}

TEST_F(FourChips, BandsHoldAboutFourOfFivePoints) {
  const FamilyFit family = fit();
  double left_out = 0;
  for (const ChipFit& chip : family.chips) {
    const ChipAccuracy accuracy = accuracy_of(family, chip);
    EXPECT_NEAR(accuracy.own_coverage, 0.8, 0.12) << accuracy.chip;
    left_out += accuracy.left_out_coverage / static_cast<double>(family.chips.size());
    EXPECT_LT(accuracy.own_unseen.all.mean, accuracy.roofline.all.mean) << accuracy.chip;
  }
  EXPECT_NEAR(left_out, 0.8, 0.15);
}

TEST_F(FourChips, AFewPointsBringAPriorNearTheOwnFit) {
  const FamilyFit family = fit();
  for (const ChipFit& chip : family.chips) {
    const ChipAccuracy accuracy = accuracy_of(family, chip);
    EXPECT_EQ(accuracy.few_points, 24U);
    EXPECT_LT(accuracy.few.all.mean, 1.3 * accuracy.own_unseen.all.mean + 0.01) << accuracy.chip;
  }
}

TEST_F(FourChips, FewerPointsNeverGiveANarrowerBand) {
  const std::vector<MeasuredPoint> all = groups_[1].points;
  double last_width = 0;
  for (const std::size_t count : {32, 8, 2, 1}) {
    groups_[1].points.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    for (MeasuredPoint& point : groups_[1].points) point.unseen = false;
    const ErrorBand band = fit().chips[1].own.band;
    const double width = band.high[1] / band.low[1];
    EXPECT_GE(width, last_width) << count;
    last_width = width;
  }
}

TEST(FamilyFit, AChipWithoutPeersTakesWhatIsKnownElsewhere) {
  const ChipFacts chip = toy_chip("a", 1e14, 1e12);
  const PointGroup group = toy_group(kForm, chip, {5, 0.75, 0.7});
  const PointGroup* only[] = {&group};
  FamilyFitOptions options = default_fit_options();
  EXPECT_EQ(fit_family(kForm, only, nullptr, options).chips[0].left_out.constants,
            specified_priors(kForm, group.family));
  options.known = [](const OperatorForm&, std::string_view, const ChipFacts&) {
    return Calibrated{{6, 0.5, 0.5}, unknown_band()};
  };
  const FamilyFit fit = fit_family(kForm, only, nullptr, options);
  EXPECT_EQ(fit.chips[0].left_out.constants, (Constants{6, 0.5, 0.5}));
  EXPECT_FALSE(fit.chips[0].has_peers);
}

TEST(ErrorSummary, MedianMeanAndNinetiethPercentileAreOfAbsoluteErrors) {
  std::vector<double> errors;
  for (int i = 0; i <= 10; ++i) errors.push_back(std::log1p((i % 2 == 0 ? 0.01 : -0.01) * i));
  const ErrorSummary summary = summarise(errors);
  EXPECT_NEAR(summary.median, 0.05, 1e-12);
  EXPECT_NEAR(summary.mean, 0.05, 1e-12);
  EXPECT_NEAR(summary.p90, 0.09, 1e-12);
}

}  // namespace
}  // namespace orrery
