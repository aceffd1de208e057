#include "orrery/calibration/fit.h"

#include <gtest/gtest.h>

#include "toy_form.h"

namespace orrery {
namespace {

const ToyForm kForm;
const ChipFacts kSmall = toy_chip("small", 1e14, 1e12);
const ChipFacts kLarge = toy_chip("large", 1e15, 4e12);

TEST(Fit, ConstantsThatMadeTheDataAreFound) {
  const Constants truth = {7.5, 0.81, 0.72};
  const PointGroup group = toy_group(kForm, kSmall, truth);
  FitOptions options;
  options.lambda = 1e-4;
  const Constants found =
      fit_chip(kForm, "bfloat16", kSmall, group.points, specified_priors(kForm, "bfloat16"), options);
  for (std::size_t i = 0; i < truth.size(); ++i) EXPECT_NEAR(found[i] / truth[i], 1, 0.01) << i;
}

TEST(Fit, NoiseAndAFewWildPointsDoNotMoveTheConstants) {
  const Constants truth = {7.5, 0.81, 0.72};
  PointGroup group = toy_group(kForm, kSmall, truth, 0.1);
  for (std::size_t i = 0; i < group.points.size(); i += 20) group.points[i].measured_us *= 50;
  const Constants found = fit_chip(kForm, "bfloat16", kSmall, group.points, specified_priors(kForm, "bfloat16"), {});
  for (std::size_t i = 0; i < truth.size(); ++i) EXPECT_NEAR(found[i] / truth[i], 1, 0.06) << i;
}

TEST(Fit, AConstantThatTheDataDoNotTellStaysAtItsPrior) {
  PointGroup group = toy_group(kForm, kSmall, {7.5, 0.81, 0.72});
  const Constants truth = {7.5, 0.81, 0.72};
  for (MeasuredPoint& point : group.points) {
    point.shape[0] = 1;  // the matrix units never limit
    point.measured_us = kForm.time_us(point.shape, "bfloat16", kSmall, truth, true, nullptr);
  }
  const Constants prior = {4, 0.5, 0.6};
  const Constants found = fit_chip(kForm, "bfloat16", kSmall, group.points, prior, {});
  EXPECT_NEAR(found[1] / prior[1], 1, 0.02);
  EXPECT_NEAR(found[2] / 0.72, 1, 0.05);
}

TEST(Fit, ResultsAreTheSameEachTime) {
  const PointGroup group = toy_group(kForm, kSmall, {7.5, 0.81, 0.72}, 0.2);
  const Constants prior = specified_priors(kForm, "bfloat16");
  EXPECT_EQ(fit_chip(kForm, "bfloat16", kSmall, group.points, prior, {}),
            fit_chip(kForm, "bfloat16", kSmall, group.points, prior, {}));
}

TEST(Fit, ConstantsStayInTheirSaneRange) {
  const PointGroup group = toy_group(kForm, kSmall, {7.5, 3.0, 0.72});  // three times the peak cannot be
  const Constants found = fit_chip(kForm, "bfloat16", kSmall, group.points, specified_priors(kForm, "bfloat16"), {});
  EXPECT_LT(found[1], 1.2 * 1.1);
}

TEST(ClassPriors, SharedConstantsAreOneAndClassConstantsAreOneForEachClass) {
  const ChipFacts sync = toy_chip("sync", 3e14, 2e12, MatrixClass::sync);
  const PointGroup a = toy_group(kForm, kLarge, {3, 0.8, 0.7});
  const PointGroup b = toy_group(kForm, sync, {9, 0.8, 0.7});
  const std::vector<FitChip> chips = {{&kLarge, a.points}, {&sync, b.points}};
  const ClassPriors priors = fit_class_priors(kForm, "bfloat16", chips, {});
  EXPECT_NEAR(priors.of(MatrixClass::async)[0] / 3, 1, 0.05);
  EXPECT_NEAR(priors.of(MatrixClass::sync)[0] / 9, 1, 0.05);
  EXPECT_EQ(priors.of(MatrixClass::async)[1], priors.of(MatrixClass::sync)[1]);
  EXPECT_EQ(priors.chips(), (std::vector<std::string>{"large", "sync"}));
}

TEST(ClassPriors, AClassThatNobodyMeasuredTakesTheMeanOfTheOthers) {
  const PointGroup a = toy_group(kForm, kLarge, {3, 0.8, 0.7});
  const ClassPriors priors = fit_class_priors(kForm, "bfloat16", std::vector<FitChip>{{&kLarge, a.points}}, {});
  EXPECT_EQ(priors.of(MatrixClass::sync), priors.of(MatrixClass::async));
}

TEST(ClassPriors, WithoutAnyChipTheyAreTheSpecifiedOnes) {
  const ClassPriors priors = fit_class_priors(kForm, "bfloat16", {}, {});
  EXPECT_EQ(priors.of(MatrixClass::async), specified_priors(kForm, "bfloat16"));
  EXPECT_TRUE(priors.chips().empty());
}

}  // namespace
}  // namespace orrery
