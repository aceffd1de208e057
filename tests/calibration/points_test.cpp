#include "orrery/calibration/points.h"

#include <gtest/gtest.h>

#include "toy_form.h"

namespace orrery {
namespace {

const ToyForm kForm;

class Points : public testing::Test {
 protected:
  Points() { chips_.add(toy_chip("small-1", 1e14, 1e12), {"small_one"}); }
  PointSet read(const std::string& text) {
    const auto table = parse_measurement_table("toy.csv", text, problems_);
    auto set = points_of(kForm, *table, chips_, problems_);
    EXPECT_TRUE(set) << set.error();
    return set.value_or(PointSet());
  }

  ChipTable chips_;
  std::vector<RowProblem> problems_;
};

TEST_F(Points, RowsAreGroupedByFamilyAndChipUnderAnyOfItsNames) {
  const PointSet set = read(
      "gpu,framework,framework_version,dtype,work,bytes,latency_us\n"
      "small_one,toy,1.0,bfloat16,1e9,1e6,10\nsmall-1,toy,1.0,fp8,1e9,1e6,11\nsmall-1,toy,1.0,bfloat16,1e8,1e6,12\n");
  ASSERT_EQ(set.groups.size(), 2U);
  EXPECT_EQ(set.groups[0].family, "bfloat16");
  EXPECT_EQ(set.groups[0].points.size(), 2U);
  EXPECT_EQ(set.groups[0].software, "toy 1.0");
  EXPECT_EQ(set.groups[0].chip->id, "small-1");
  EXPECT_TRUE(set.groups[0].points[0].cold);
}

TEST_F(Points, RowsThatCannotBeUsedAreReportedAndTheOthersGoOn) {
  const PointSet set = read(
      "gpu,dtype,work,bytes,latency_us\nsmal-1,bfloat16,1e9,1e6,10\nsmall-1,bfloat16,x,1e6,10\n"
      "small-1,bfloat16,0,1e6,10\nsmall-1,bfloat16,1e9,1e6,0\nsmall-1,bfloat16,1e9,1e6,10\n");
  ASSERT_EQ(problems_.size(), 4U);
  EXPECT_EQ(to_text(problems_[0]), "toy.csv:2: there is no chip 'smal-1' (did you mean 'small-1'?)");
  EXPECT_EQ(to_text(problems_[1]), "toy.csv:3: work: 'x' is not a number");
  EXPECT_EQ(to_text(problems_[2]), "toy.csv:4: work and bytes are above 0");
  EXPECT_EQ(to_text(problems_[3]), "toy.csv:5: its measured time is not a number above 0");
  ASSERT_EQ(set.groups.size(), 1U);
  EXPECT_EQ(set.groups[0].points.size(), 1U);
}

TEST_F(Points, SuspectRowsAreLeftOutAndRepeatsMerged) {
  const PointSet set = read(
      "gpu,dtype,work,bytes,suspect,latency_us\nsmall-1,bfloat16,1e9,1e6,1,99\nsmall-1,bfloat16,1e9,1e6,0,10\n"
      "small-1,bfloat16,1e9,1e6,0,14\nsmall-1,bfloat16,1e9,1e6,0,11\n");
  EXPECT_EQ(set.suspect, 1U);
  EXPECT_EQ(set.duplicates, 2U);
  ASSERT_EQ(set.groups[0].points.size(), 1U);
  EXPECT_DOUBLE_EQ(set.groups[0].points[0].measured_us, 11);
}

TEST_F(Points, WhichFifthARowBelongsToDoesNotDependOnItsTime) {
  std::string a = "gpu,dtype,work,bytes,latency_us\n";
  std::string b = a;
  for (int i = 1; i <= 500; ++i) {
    const std::string row = "small-1,bfloat16," + std::to_string(i) + ",1e6,";
    a += row + "10\n";
    b += row + "20\n";
  }
  const PointSet first = read(a);
  const PointSet second = read(b);
  int unseen = 0;
  for (std::size_t i = 0; i < 500; ++i) {
    EXPECT_EQ(first.groups[0].points[i].unseen, second.groups[0].points[i].unseen);
    unseen += first.groups[0].points[i].unseen ? 1 : 0;
  }
  EXPECT_NEAR(unseen, 100, 30);
}

TEST_F(Points, AMissingColumnIsNamed) {
  const auto table = parse_measurement_table("toy.csv", "gpu,work,latency_us\n", problems_);
  EXPECT_EQ(points_of(kForm, *table, chips_, problems_).error(), "it has no column bytes, dtype, which toy needs");
}

TEST(SamplePoints, TheSampleIsTheSameWhateverTheOrder) {
  const ChipFacts chip = toy_chip("a", 1e14, 1e12);
  auto points = toy_group(kForm, chip, {5, 0.75, 0.7}).points;
  const auto sample = sample_points(points, 50);
  std::reverse(points.begin(), points.end());
  const auto again = sample_points(points, 50);
  ASSERT_EQ(sample.size(), 50U);
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(sample[i].key, again[i].key);
}

}  // namespace
}  // namespace orrery
