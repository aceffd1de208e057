#include "orrery/report/accuracy_report.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "orrery/base/file.h"

namespace orrery {
namespace {

AccuracyReport example() {
  OperatorAccuracy one;
  one.kind = "gemm";
  one.file = "gemm.csv.gz";
  one.rows = 100;
  one.suspect = 3;
  ChipAccuracy chip;
  chip.family = "bfloat16";
  chip.chip = "h100-sxm";
  chip.own_unseen.all = {20, 0.05, 0.061, 0.1};
  chip.left_out.all = {97, 0.07, 0.08, 0.2};
  chip.left_out_coverage = 0.8;
  one.chips.push_back(chip);
  PowerSummary power{"gemm", "bfloat16", true, {48, 0.029, 0.05, 0.099}};
  return {{one}, {{"power.csv.gz", "b200-sxm", 50, 300, {power}}}, std::nullopt, {{"gemm.csv.gz", 7, "no"}}};
}

TEST(AccuracyReport, FiguresAndTreatmentOfRowsArePrinted) {
  for (const std::string& text : {accuracy_text(example(), {}), accuracy_markdown(example())}) {
    EXPECT_NE(text.find("100 rows of gemm.csv.gz; left out: 3 suspect"), std::string::npos);
    EXPECT_NE(text.find("5.0/6.1/10.0"), std::string::npos);
    EXPECT_NE(text.find("7.0/8.0/20.0 *"), std::string::npos);  // no other chip ran it
    EXPECT_NE(text.find("a hash of\nthe row chooses"), std::string::npos);
    EXPECT_NE(text.find("b200-sxm: 50 rows of power.csv.gz; calls of 300 us and longer"), std::string::npos);
    EXPECT_NE(text.find("2.9/5.0/9.9"), std::string::npos);
  }
}

TEST(AccuracyReport, JsonHoldsFractionsAndProblems) {
  const std::string json = accuracy_json(example());
  EXPECT_NE(json.find("\"median\": 0.05"), std::string::npos);
  EXPECT_NE(json.find("\"left_out_coverage\": 0.8"), std::string::npos);
  EXPECT_NE(json.find("gemm.csv.gz:7: no"), std::string::npos);
}

TEST(AccuracyReport, TheAccuracyPageIsWhatValidatePrints) {
  const std::string folder = "../shared/data/silicon";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  Diagnostics diagnostics;
  const ChipTable chips = ChipTable::read(Catalog("catalog"), diagnostics);
  ASSERT_FALSE(diagnostics.has_errors());
  AccuracyReport report;
  for (const OperatorForm* form : operator_forms()) {
    const auto set = read_points(*form, folder, chips, report.problems);
    ASSERT_TRUE(set) << set.error();
    report.operators.push_back(evaluate(*set, default_fit_options()));
  }
  report.power = evaluate_power(folder, Catalog("catalog"), chips, report.problems, diagnostics);
  ASSERT_TRUE(report.problems.empty());
  const auto runs = read_measurement_table(folder + "/e2e.csv.gz", report.problems);
  ASSERT_TRUE(runs) << runs.error();
  auto serving = evaluate_serving(*runs, Catalog("catalog"), chips, report.problems, diagnostics);
  ASSERT_TRUE(serving) << serving.error();
  report.serving = std::move(*serving);
  const auto page = read_file("docs/ACCURACY.md");
  ASSERT_TRUE(page) << page.error();
  EXPECT_EQ(*page, accuracy_markdown(report))
      << "docs/ACCURACY.md is stale: orrery validate " << folder << " --markdown > docs/ACCURACY.md";
}

}  // namespace
}  // namespace orrery
