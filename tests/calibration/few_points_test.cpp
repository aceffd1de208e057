#include "orrery/calibration/few_points.h"

#include <gtest/gtest.h>

#include <set>

#include "toy_form.h"

namespace orrery {
namespace {

const ToyForm kForm;

TEST(FewPoints, TheyLieAllOverTheRangeOfTimes) {
  const ChipFacts chip = toy_chip("a", 1e14, 1e12);
  const PointGroup group = toy_group(kForm, chip, {5, 0.75, 0.7});
  const auto few = few_points_of(kForm, group.family, chip, group.points, {4, 0.6, 0.6}, 24);
  ASSERT_EQ(few.size(), 24U);
  const auto [shortest, longest] = std::minmax_element(
      few.begin(), few.end(), [](const auto& a, const auto& b) { return a.measured_us < b.measured_us; });
  EXPECT_LT(shortest->measured_us, 8);
  EXPECT_GT(longest->measured_us, 100 * shortest->measured_us);
  EXPECT_EQ(few_points_of(kForm, group.family, chip, few, {4, 0.6, 0.6}, 100).size(), 24U);
}

TEST(FewPoints, TheyDoNotDependOnMeasuredTimesAndNoneIsTakenTwice) {
  const ChipFacts chip = toy_chip("a", 1e14, 1e12);
  PointGroup group = toy_group(kForm, chip, {5, 0.75, 0.7});
  std::set<std::uint64_t> keys;
  for (const MeasuredPoint& point : few_points_of(kForm, group.family, chip, group.points, {4, 0.6, 0.6}, 24)) {
    keys.insert(point.key);
  }
  EXPECT_EQ(keys.size(), 24U);
  for (MeasuredPoint& point : group.points) point.measured_us *= 7;
  for (const MeasuredPoint& point : few_points_of(kForm, group.family, chip, group.points, {4, 0.6, 0.6}, 24)) {
    EXPECT_TRUE(keys.contains(point.key));
  }
}

TEST(FewPoints, EveryConstantMattersToSomeOfThem) {
  const ChipFacts chip = toy_chip("a", 1e14, 1e12);
  PointGroup group = toy_group(kForm, chip, {5, 0.75, 0.7});
  int limited_by_work = 0;
  for (std::size_t i = 0; i < group.points.size(); ++i) {  // work limits one point of forty
    if (i % 40 != 0) group.points[i].shape[0] = 1;
  }
  for (const MeasuredPoint& point : few_points_of(kForm, group.family, chip, group.points, {4, 0.6, 0.6}, 12)) {
    limited_by_work += point.shape[0] / chip.bf16_flops > point.shape[1] / chip.bandwidth_Bps ? 1 : 0;
  }
  EXPECT_GE(limited_by_work, 2);
}

TEST(WithoutPoints, OthersStay) {
  const ChipFacts chip = toy_chip("a", 1e14, 1e12);
  const PointGroup group = toy_group(kForm, chip, {5, 0.75, 0.7}, 0, 50);
  EXPECT_EQ(without_points(group.points, std::span(group.points).first(20)).size(), 30U);
}

}  // namespace
}  // namespace orrery
