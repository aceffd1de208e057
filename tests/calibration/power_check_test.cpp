#include "orrery/calibration/power_check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace orrery {
namespace {

constexpr const char* kPower = "../shared/data/silicon/power.csv.gz";

PowerFacts b200() {
  PowerFacts facts;
  facts.static_W = 270;
  facts.limit_W = 1000;
  facts.memory_J_per_byte = 68e-12;
  facts.bf16_J_per_flop = .454e-12;
  facts.fp8_J_per_flop = .21e-12;
  facts.fp4_J_per_flop = .171e-12;
  return facts;
}

TEST(PowerCheck, AddsStaticPowerAndTheEnergyOfTheWorkUpToTheLimit) {
  const PowerFacts facts = b200();
  EXPECT_DOUBLE_EQ(predicted_power_W(facts, {0, 0}, .454e-12, 1), 270);
  EXPECT_NEAR(predicted_power_W(facts, {0, 6.6e12}, .454e-12, 1), 270 + 448.8, 1e-9);
  EXPECT_NEAR(predicted_power_W(facts, {1e15, 0}, .454e-12, 1), 270 + 454, 1e-9);
  EXPECT_DOUBLE_EQ(predicted_power_W(facts, {5e15, 6e12}, .454e-12, 1), 1000);
}

TEST(PowerCheck, ReportsRowsThatItCannotPredict) {
  std::vector<RowProblem> problems;
  const auto table = parse_measurement_table("power.csv",
                                             "gpu,op,dtype,m,n,k,latency_us,power_W\n"
                                             "b200_sxm,gemm,bfloat16,4096,4096,4096,400,900\n"
                                             "b200_sxm,gemm,int2,4096,4096,4096,400,900\n"
                                             "b200_sxm,gemm,bfloat16,4096,,4096,400,900\n"
                                             "b200_sxm,softmax,bfloat16,4096,4096,4096,400,900\n",
                                             problems);
  ASSERT_TRUE(table) << table.error();
  const auto rows = evaluate_power(*table, "b200_sxm", b200(), problems);
  ASSERT_TRUE(rows) << rows.error();
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(rows->front().line, 2);
  EXPECT_TRUE(rows->front().matrix_bound);
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(to_text(problems[0]), "power.csv:3: the dtype 'int2' has no power model");
  EXPECT_EQ(to_text(problems[1]), "power.csv:4: the columns of gemm are not whole");
  EXPECT_EQ(to_text(problems[2]), "power.csv:5: the operator 'softmax' has no power model");
}

TEST(PowerCheck, MeetsMeasuredProductsOfB200) {
  if (!std::filesystem::exists(kPower)) GTEST_SKIP() << kPower << " is absent";
  std::vector<RowProblem> problems;
  const auto table = read_measurement_table(kPower, problems);
  ASSERT_TRUE(table) << table.error();
  const auto rows = evaluate_power(*table, "b200_sxm", b200(), problems);
  ASSERT_TRUE(rows) << rows.error();
  bool found = false;
  for (const PowerSummary& summary : summarise_power(*rows, 300)) {
    if (summary.op != "gemm" || summary.dtype != "bfloat16" || !summary.matrix_bound) continue;
    found = true;
    EXPECT_LE(summary.errors.median, 0.05);
  }
  EXPECT_TRUE(found);
  // Decode products are shorter than the meter trusts; the longest are the best there is.
  for (const PowerSummary& summary : summarise_power(*rows, 150)) {
    if (summary.op == "gemm" && summary.dtype == "bfloat16" && !summary.matrix_bound) {
      EXPECT_LE(summary.errors.median, 0.1);
    }
  }
}

}  // namespace
}  // namespace orrery
