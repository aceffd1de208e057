#include "orrery/calibration/measurement_table.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace orrery {
namespace {

MeasurementTable parse(const std::string& text, std::vector<RowProblem>& problems) {
  auto table = parse_measurement_table("in.csv", text, problems);
  EXPECT_TRUE(table) << table.error();
  return table.value_or(MeasurementTable());
}

TEST(MeasurementTable, ColumnsAreFoundByName) {
  std::vector<RowProblem> problems;
  const auto table = parse("gpu,m\nh100_sxm,16\n", problems);
  ASSERT_EQ(table.row_count(), 1U);
  EXPECT_EQ(table.cell(0, *table.find_column("m")), "16");
  EXPECT_FALSE(table.find_column("n"));
  EXPECT_TRUE(problems.empty());
}

TEST(MeasurementTable, RowsOfAnotherWidthAreReportedWithTheirLineAndKept) {
  std::vector<RowProblem> problems;
  const auto table = parse("a,b,c\n1,2,3\n1,2\n\n1,2,3,4\n", problems);
  ASSERT_EQ(table.row_count(), 3U);
  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(to_text(problems[0]), "in.csv:3: 2 cells where the header has 3");
  EXPECT_EQ(to_text(problems[1]), "in.csv:5: 4 cells where the header has 3");
  EXPECT_TRUE(table.is_whole(0));
  EXPECT_FALSE(table.is_whole(1));
  EXPECT_EQ(table.row_text(1), "1,2,");
}

TEST(MeasurementTable, QuotedCellsMayHoldCommasAndAreCarriedThroughWithTheirQuotes) {
  std::vector<RowProblem> problems;
  const auto table = parse("kernel,m\n\"a,b \"\"c\"\"\",2\r\n", problems);
  EXPECT_EQ(table.cell(0, 0), "a,b \"\"c\"\"");
  EXPECT_EQ(table.cell(0, 1), "2");
  EXPECT_EQ(table.row_text(0), "\"a,b \"\"c\"\"\",2");
}

TEST(MeasurementTable, EmptyCellsAtTheEndAreCells) {
  std::vector<RowProblem> problems;
  const auto table = parse("a,b\n1,\n,\n", problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(table.cell(0, 1), "");
}

TEST(MeasurementTable, WhatIsNoTableIsAnError) {
  std::vector<RowProblem> problems;
  EXPECT_EQ(parse_measurement_table("in.csv", "", problems).error(), "it has no header line");
  EXPECT_EQ(parse_measurement_table("in.csv", "a,a\n", problems).error(), "the column 'a' stands twice in its header");
  EXPECT_FALSE(read_measurement_table("no/such/file.csv", problems));
}

TEST(MeasurementTable, AShippedTableIsReadWhole) {
  const std::string path = "../shared/data/silicon/gemm.csv.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  std::vector<RowProblem> problems;
  const auto table = read_measurement_table(path, problems);
  ASSERT_TRUE(table) << table.error();
  EXPECT_EQ(table->row_count(), 16012U);
  EXPECT_TRUE(problems.empty());
}

}  // namespace
}  // namespace orrery
