#include "orrery/model/adapter_cost.h"

#include <gtest/gtest.h>

#include "../chip/example_chips.h"

namespace orrery {
namespace {

ModelRecord llama_8b() { return catalog_entry<ModelRecord>("model", "llama-3.1-8b"); }

TEST(AdapterCost, AnAdapterOfAllLinearLayersHasTheSizeOfItsMatrices) {
  // Llama-3.1-8B, rank 16: q 4096 + 4096, k and v 4096 + 1024 each, o 4096 + 4096, gate and up 4096 + 14336 each,
  // down 14336 + 4096; 32 layers, bf16. The well-known 42 million weights.
  const double elements = 8192 + 2 * 5120 + 8192 + 2 * 18432 + 18432;
  EXPECT_EQ(adapter_bytes_per_rank(llama_8b(), 16, 1).si(), 2 * 32 * 16 * elements);
  EXPECT_NEAR(32 * 16 * elements, 41.9e6, 0.1e6);
}

TEST(AdapterCost, OneSideOfEachPairIsShardedAmongRanks) {
  // Column-parallel products keep all inputs, row-parallel ones all outputs.
  const double elements =
      (3 * 4096 + 6144 / 4.0) + (4096 / 4.0 + 4096) + (2 * 4096 + 2 * 14336 / 4.0) + (14336 / 4.0 + 4096);
  EXPECT_EQ(adapter_bytes_per_rank(llama_8b(), 16, 4).si(), 2 * 32 * 16 * elements);
}

TEST(AdapterCost, GrowsWithTheRankButForItsLaunches) {
  const Chip chip = catalog_chip("h100-sxm");
  const AdapterCost narrow = build_adapter_cost(chip, llama_8b(), 8, 1);
  const AdapterCost wide = build_adapter_cost(chip, llama_8b(), 64, 1);
  EXPECT_EQ(narrow.step_ps, wide.step_ps);
  EXPECT_NEAR(static_cast<double>(wide.adapter_ps) / static_cast<double>(narrow.adapter_ps), 8, 1e-6);
  EXPECT_GT(wide.token_ps, narrow.token_ps);
  const double at_peak_ps = adapter_bytes_per_rank(llama_8b(), 64, 1).si() / 3.35e12 * 1e12;
  EXPECT_GT(static_cast<double>(wide.adapter_ps), at_peak_ps) << "read once, by kernels that are not the best";
  EXPECT_LT(static_cast<double>(wide.adapter_ps), 2.5 * at_peak_ps);
  EXPECT_NEAR(wide.token_work.flops / narrow.token_work.flops, 8, 1e-9);
}

TEST(AdapterCost, IsRefusedWhereItIsNotKnownWhatIsAdapted) {
  EXPECT_TRUE(check_adapters(llama_8b()).has_value());
  for (const char* model : {"mixtral-8x7b", "deepseek-v3", "qwen3.5-397b-a17b"}) {
    EXPECT_FALSE(check_adapters(catalog_entry<ModelRecord>("model", model)).has_value()) << model;
  }
}

}  // namespace
}  // namespace orrery
