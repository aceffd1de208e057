#include "orrery/estimate/serving_accuracy.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace orrery {
namespace {

TEST(ServingAccuracy, HoldsItsBarsOnDeploymentsThatNoFitSaw) {
  const std::string path = "../shared/data/silicon/e2e.csv.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  Diagnostics diagnostics;
  const Catalog catalog("catalog");
  const ChipTable chips = ChipTable::read(catalog, diagnostics);
  std::vector<RowProblem> problems;
  const auto table = read_measurement_table(path, problems);
  ASSERT_TRUE(table) << table.error();
  const auto accuracy = evaluate_serving(*table, catalog, chips, problems, diagnostics);
  ASSERT_TRUE(accuracy) << accuracy.error();
  ASSERT_FALSE(diagnostics.has_errors());
  EXPECT_EQ(accuracy->scoreable, 818u);
  EXPECT_EQ(accuracy->answered, accuracy->scoreable);
  EXPECT_LE(accuracy->unseen.calibrated.tpot.median, 0.12);
  EXPECT_LE(accuracy->unseen.calibrated.ttft.median, 0.25);
  EXPECT_LE(accuracy->unseen.datasheet.tpot.median, 0.18);
  EXPECT_EQ(accuracy->fitted.calibrated.tpot.points + accuracy->unseen.calibrated.tpot.points, accuracy->answered);
}

}  // namespace
}  // namespace orrery
