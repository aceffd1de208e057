#include "orrery/estimate/fit_frameworks.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "orrery/base/file.h"

namespace orrery {
namespace {

/// Runs of several deployments, so that some belong to the half that fits may see.
MeasurementTable example_runs() {
  std::string text =
      "gpu,framework,model,precision,gemm_quant,moe_quant,mode,isl_tokens,osl_tokens,concurrency_requests,gpus_total,"
      "tp,"
      "ttft_ms,tpot_ms\n";
  for (const int chips : {1, 2, 4, 8}) {
    for (const int users : {4, 32}) {
      text += "h100_sxm,vllm,Llama-3.1-8B,unstated,,,agg,1024,256," + std::to_string(users) + "," +
              std::to_string(chips) + "," + std::to_string(chips) + ",90,8\n";
    }
  }
  std::vector<RowProblem> problems;
  return *parse_measurement_table("runs.csv", text, problems);
}

std::vector<FrameworkRecord> fit(const std::string& root) {
  Diagnostics diagnostics;
  const Catalog catalog(root);
  const ChipTable chips = ChipTable::read(catalog, diagnostics);
  auto records =
      fit_frameworks(example_runs(), catalog, chips, {"runs", "nobody", "2026-01", "2026-02-03"}, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors());
  return records;
}

TEST(FitFrameworks, DoesNotDependOnTheFitBeforeIt) {
  const std::vector<FrameworkRecord> first = fit("catalog");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].header.id, "vllm");
  EXPECT_EQ(first[0].step_overhead.status, Status::fitted);

  const std::string root = testing::TempDir() + "orrery-fit-frameworks";
  std::filesystem::remove_all(root);
  std::filesystem::copy("catalog", root, std::filesystem::copy_options::recursive);
  FrameworkRecord other = first[0];
  other.step_overhead.value = Seconds(5e-3);
  other.request_latency.value = Seconds(1);
  ASSERT_TRUE(write_file_atomically(root + "/framework/vllm.yaml", to_yaml(write_record(other))));
  const std::vector<FrameworkRecord> second = fit(root);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(to_yaml(write_record(second[0])), to_yaml(write_record(first[0])));
}

}  // namespace
}  // namespace orrery
