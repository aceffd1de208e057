#include "orrery/estimate/deployment_table.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

constexpr const char* kHeader =
    "gpu,framework,model,precision,gemm_quant,moe_quant,mode,isl_tokens,osl_tokens,concurrency_requests,gpus_total,tp,"
    "pp,attention_dp,moe_tp,moe_ep,prefill_workers,prefill_tp,prefill_attention_dp,prefill_moe_tp,prefill_moe_ep,"
    "decode_workers,decode_tp,decode_attention_dp,decode_moe_tp,decode_moe_ep,source\n";

class DeploymentTables : public testing::Test {
 protected:
  DeploymentTables()
      : catalog_("catalog"),
        chips_(ChipTable::read(catalog_, diagnostics_)),
        estimator_(ServingEstimator::read(catalog_, chips_, "", diagnostics_)) {
    EXPECT_FALSE(diagnostics_.has_errors());
  }

  Result<DeploymentRow> read(const std::string& row) {
    std::vector<RowProblem> problems;
    table_ = *parse_measurement_table("runs.csv", kHeader + row + "\n", problems);
    return DeploymentReader::make(table_, chips_, estimator_)->read(0);
  }

  Diagnostics diagnostics_;
  Catalog catalog_;
  ChipTable chips_;
  ServingEstimator estimator_;
  MeasurementTable table_;
};

TEST_F(DeploymentTables, NamesOfTheDataAreThoseOfTheCatalog) {
  const auto row = read("h100_sxm,trtllm,Llama-3.1-70B,fp8,fp8,fp8,agg,1024,512,32,8,4,1,1,4,1,,,,,,,,,,,gap");
  ASSERT_TRUE(row) << row.error();
  const Deployment& d = row->deployment;
  EXPECT_EQ(d.chip, "h100-sxm");
  EXPECT_EQ(d.framework, "tensorrt-llm");
  EXPECT_EQ(d.model, "llama-3.1-70b");
  EXPECT_EQ(d.formats, (DeploymentFormats{"fp8", "fp8", "fp8", "fp8"}));
  EXPECT_EQ(d.engines, 2);  // eight chips in engines of four
  EXPECT_EQ(d.shortest_share, 1);
}

TEST_F(DeploymentTables, CheckpointsHoldWhatWasPublished) {
  const auto blocks = read("b200_sxm,vllm,MiniMax-M2.5,fp8,fp8,fp8,agg,1024,512,32,4,4,1,1,4,1,,,,,,,,,,,db");
  ASSERT_TRUE(blocks) << blocks.error();
  EXPECT_EQ(blocks->deployment.formats.experts, "fp8_block");
  EXPECT_EQ(blocks->deployment.shortest_share, 0.8);
  const auto hopper = read("h100_sxm,vllm,gpt-oss-120b,fp4,nvfp4,nvfp4,agg,1024,512,32,4,4,1,1,4,1,,,,,,,,,,,db");
  ASSERT_TRUE(hopper) << hopper.error();
  EXPECT_EQ(hopper->deployment.formats.attention, "bfloat16");
  EXPECT_EQ(hopper->deployment.formats.experts, "w4a16_mxfp4");
}

TEST_F(DeploymentTables, DisaggregatedRowsHaveTwoLayouts) {
  const auto row =
      read("gb200,sglang,DeepSeek-R1,fp4,nvfp4,nvfp4,disagg,1024,1024,512,48,,,,,,4,4,1,4,1,1,1,32,1,32,db");
  ASSERT_TRUE(row) << row.error();
  EXPECT_TRUE(row->deployment.disaggregated);
  EXPECT_EQ(row->deployment.prefill_engines, 4);
  EXPECT_EQ(row->deployment.engine, (ParallelLayout{1, 1, 32, 1, 32}));
}

TEST_F(DeploymentTables, TheHalfIsThatOfTheDeploymentAndNotOfItsLoad) {
  const auto one = read("b200_sxm,vllm,Llama-3.1-70B,fp8,fp8,fp8,agg,1024,1024,4,4,4,1,1,4,1,,,,,,,,,,,db");
  const auto other = read("b200_sxm,vllm,Llama-3.1-70B,fp8,fp8,fp8,agg,8192,1024,64,4,4,1,1,4,1,,,,,,,,,,,m04");
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->key, other->key);
}

TEST_F(DeploymentTables, WhatIsWrongIsSaid) {
  EXPECT_NE(read("h100,vllm,Llama-3.1-70B,,,,agg,1,1,1,1,1,1,1,1,1,,,,,,,,,,,").error().find("there is no chip 'h100'"),
            std::string::npos);
  EXPECT_NE(read("h100_sxm,vlm,Llama-3.1-70B,,,,agg,1,1,1,1,1,1,1,1,1,,,,,,,,,,,").error().find("did you mean 'vllm'"),
            std::string::npos);
  EXPECT_NE(read("h100_sxm,vllm,Llama-4,,,,agg,1,1,1,1,1,1,1,1,1,,,,,,,,,,,").error().find("there is no model"),
            std::string::npos);
  EXPECT_EQ(read("h100_sxm,vllm,Llama-3.1-8B,,,,agg,0,1,1,1,1,1,1,1,1,,,,,,,,,,,").error(),
            "isl_tokens is '0', not a number from 1 up");
  EXPECT_EQ(read("h100_sxm,vllm,Llama-3.1-8B,,,,agg,1,1,1e8,1,1,1,1,1,1,,,,,,,,,,,").error(),
            "concurrency_requests is '1e8'; at most 1e+06 are estimated");
  EXPECT_EQ(read("h100_sxm,vllm,Llama-3.1-8B,,,,agg,1,1,1,4,,1,1,1,1,,,,,,,,,,,").error(),
            "tp is empty: the layout is unknown");
  EXPECT_EQ(read("h100_sxm,vllm,Llama-3.1-8B,,,,agg,1,1,1,4,8,1,1,1,1,,,,,,,,,,,").error(),
            "an engine of 8 chips does not fit 4 of them");
}

TEST_F(DeploymentTables, AModelThatDoesNotFitIsRefusedWithTheBytes) {
  const auto row = read("h100_sxm,vllm,Llama-3.1-70B,unstated,,,agg,1024,512,4,1,1,1,1,1,1,,,,,,,,,,,db");
  ASSERT_TRUE(row) << row.error();
  const auto estimate = estimator_.estimate(row->deployment);
  ASSERT_FALSE(estimate);
  EXPECT_NE(estimate.error().find("does not fit: 141 GB of weights"), std::string::npos) << estimate.error();
}

TEST_F(DeploymentTables, ALeftOutChipIsPredictedFromItsClass) {
  const auto row = read("h100_sxm,vllm,Llama-3.1-8B,unstated,,,agg,1024,512,16,1,1,1,1,1,1,,,,,,,,,,,db");
  ASSERT_TRUE(row) << row.error();
  const auto known = estimator_.estimate(row->deployment);
  ServingEstimator without = ServingEstimator::read(catalog_, chips_, "h100-sxm", diagnostics_);
  const auto unknown = without.estimate(row->deployment);
  ASSERT_TRUE(known && unknown);
  EXPECT_EQ(known->basis, Basis::fitted);
  EXPECT_EQ(unknown->basis, Basis::class_prior);
  EXPECT_NEAR(unknown->tpot_ms / known->tpot_ms, 1, 0.3);
  EXPECT_LT(known->tpot_low_ms, known->tpot_ms);
  EXPECT_GT(known->tpot_high_ms, known->tpot_ms);
}

}  // namespace
}  // namespace orrery
