#include "orrery/model/step_cost_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "../chip/example_chips.h"

namespace orrery {
namespace {

struct Deployment {
  Chip chip;
  ModelRecord model;
  ModelPrecision precision;
  std::int64_t ranks = 1;
  std::optional<Interconnect> interconnect;

  StepCostRequest request(std::int64_t tokens = 2048, std::int64_t sequences = 256) const {
    return {chip,
            model,
            precision,
            {.tensor = ranks},
            {.tensor = interconnect ? &*interconnect : nullptr},
            {512, Seconds(1e-3), Seconds(2e-6)},
            tokens,
            sequences};
  }
};

/// NVLink 4 between all chips of a replica, at another bandwidth if need be.
std::optional<Interconnect> joined(std::int64_t ranks, double bandwidth = 450e9) {
  if (ranks < 2) return std::nullopt;
  InterconnectShape shape;
  shape.link = catalog_entry<LinkRecord>("link", "nvlink4");
  shape.bandwidth = BytesPerSecond(bandwidth);
  shape.ranks = static_cast<double>(ranks);
  return Interconnect(std::move(shape));
}

Deployment deploy(const char* chip, const char* model, std::int64_t ranks = 1, Precision precision = Precision::bf16) {
  return {catalog_chip(chip),
          catalog_entry<ModelRecord>("model", model),
          {precision, precision, precision, Precision::bf16},
          ranks,
          joined(ranks)};
}

std::int64_t step_ps(const StepCost& cost, const StepLoad& load) {
  std::int64_t ps = cost.tokens_ps[static_cast<std::size_t>(load.tokens)] +
                    cost.sequences_ps[static_cast<std::size_t>(load.sequences)];
  if (load.decoding > 0) ps += cost.decode_ps(load.decoding, load.context_tokens, load.window_tokens);
  StepCost::PrefillLoad prefill;
  for (const auto& [cached, tokens] : load.chunks) cost.add_chunk(prefill, cached, tokens);
  return load.chunks.empty() ? ps : ps + cost.prefill_fixed_of(load.decoding) + cost.prefill_ps(prefill);
}

std::vector<Deployment> deployments() {
  std::vector<Deployment> all;
  all.push_back(deploy("h100-sxm", "llama-3.1-70b", 4, Precision::fp8));
  all.push_back(deploy("rtx-4090", "llama-3.1-8b"));
  all.push_back(deploy("h100-sxm", "mixtral-8x7b", 2));
  all.push_back(deploy("b200-sxm", "deepseek-v3", 8, Precision::fp8));
  all.push_back(deploy("h100-sxm", "gpt-oss-120b", 1));
  all.back().precision.experts = Precision::mxfp4;
  all.push_back(deploy("b200-sxm", "qwen3.5-397b-a17b", 8, Precision::fp8));
  all.push_back(deploy("b200-sxm", "glm-5", 8, Precision::fp8));
  return all;
}

TEST(StepCost, PartsOfAStepAddUpToIt) {
  for (const Deployment& deployment : deployments()) {
    const StepCost cost = build_step_cost(deployment.request());
    const std::int64_t window = std::max<std::int64_t>(cost.window_tokens, 1);
    for (const StepLoad& load :
         {StepLoad{32, 32, 32, 32 * 1200, 32 * std::min<std::int64_t>(window, 1200), {}},
          StepLoad{1000, 3, 1, 500, std::min<std::int64_t>(window, 500), {{0, 700}, {4000, 299}}},
          StepLoad{7, 7, 7, 70, 7 * std::min<std::int64_t>(window, 10), {}}}) {
      Seconds sum;
      for (const StepPart& part : explain_step(deployment.request(), load)) sum += part.cost.time;
      const double ps = sum.si() * 1e12;
      EXPECT_NEAR(static_cast<double>(step_ps(cost, load)) / ps, 1, 1e-4) << deployment.model.header.id;
    }
  }
}

TEST(StepCost, MoreTokensAndSequencesAreNeverFaster) {
  for (const Deployment& deployment : deployments()) {
    const StepCost cost = build_step_cost(deployment.request());
    EXPECT_TRUE(std::is_sorted(cost.tokens_ps.begin(), cost.tokens_ps.end())) << deployment.model.header.id;
    EXPECT_TRUE(std::is_sorted(cost.sequences_ps.begin(), cost.sequences_ps.end())) << deployment.model.header.id;
    for (const std::int64_t cached : {0, 1000, 30000}) {
      std::int64_t before = 0;
      for (std::int64_t tokens = 1; tokens <= 4096; tokens += 13) {
        StepCost::PrefillLoad load;
        cost.add_chunk(load, cached, tokens);
        const std::int64_t ps = cost.prefill_ps(load);
        ASSERT_GE(ps, before) << deployment.model.header.id << " " << cached << " " << tokens;
        before = ps;
      }
    }
  }
}

TEST(StepCost, PaddedBatchesCostWhatTheCapturedSizeCosts) {
  const StepCost cost = build_step_cost(deploy("h100-sxm", "llama-3.1-8b").request());
  EXPECT_EQ(cost.tokens_ps[17], cost.tokens_ps[24]);
  EXPECT_EQ(cost.tokens_ps[500], cost.tokens_ps[512]);
  EXPECT_EQ(cost.tokens_ps[513], cost.tokens_ps[528]);  // larger steps are not captured: whole tiles of 16 rows
  EXPECT_LT(cost.tokens_ps[528], cost.tokens_ps[529]);
  EXPECT_EQ(cost.tokens_ps[0], 0);
}

TEST(StepCost, ContextTokensCostTheBytesOfTheirCache) {
  const Deployment deployment = deploy("rtx-4090", "llama-3.1-8b");
  const StepCost cost = build_step_cost(deployment.request());
  EXPECT_DOUBLE_EQ(cost.context_token_work.memory_bytes, 131072);
  EXPECT_GE(static_cast<double>(cost.context_token_ps), 131072 / 1008e9 * 1e12 - 1);
  EXPECT_EQ(cost.window_token_ps, 0);
}

TEST(StepCost, WindowedLayersReadTheWindowOnly) {
  const Deployment deployment = deploy("h100-sxm", "gpt-oss-120b");
  const StepCost cost = build_step_cost(deployment.request());
  EXPECT_EQ(cost.window_tokens, 128);
  EXPECT_EQ(cost.window_token_ps, cost.context_token_ps);  // half of the layers are windowed
  EXPECT_DOUBLE_EQ(cost.context_token_work.memory_bytes, 18 * 2 * 8 * 64 * 2);
  // A windowed row of tiles stops at two, so that a long prefix costs the full layers alone.
  EXPECT_EQ(cost.window_layers.window_tokens, 128);
  EXPECT_DOUBLE_EQ(cost.window_layers.tile_ps, cost.full_layers.tile_ps);
}

TEST(StepCost, LinearLayersReadAndWriteTheirStateWhateverTheContext) {
  const Deployment deployment = deploy("b200-sxm", "qwen3.5-397b-a17b", 8, Precision::fp8);
  const StepCost cost = build_step_cost(deployment.request());
  EXPECT_EQ(cost.window_tokens, 0);
  EXPECT_DOUBLE_EQ(cost.context_token_work.memory_bytes, 15 * 2 * 256 * 2);  // one KV head per rank
  const double state = 45.0 * 8 * 128 * 128 * 4;
  EXPECT_GT(cost.decode_sequence_work.memory_bytes, 2 * state);
  EXPECT_LT(cost.decode_sequence_work.memory_bytes, 2.02 * state);
  // 47 MB at half of 8 TB/s
  EXPECT_NEAR(static_cast<double>(cost.decode_sequence_ps) * 1e-6, 2 * state / 4e6, 1);
  // A token of a prompt shares the state with 64 others: 5 % of what a new token moves.
  EXPECT_GT(cost.full_layers.token_work.memory_bytes, 0.02 * state);
  EXPECT_LT(cost.full_layers.token_work.memory_bytes, 0.1 * state);
}

TEST(StepCost, SparseAttentionReadsTheChosenTokensAndAKeyOfEveryOther) {
  const Deployment deployment = deploy("b200-sxm", "glm-5", 8, Precision::fp8);
  const StepCost cost = build_step_cost(deployment.request());
  EXPECT_EQ(cost.window_tokens, 2048);
  EXPECT_DOUBLE_EQ(cost.window_token_work.memory_bytes, 78 * 576 * 2);
  EXPECT_DOUBLE_EQ(cost.context_token_work.memory_bytes, 78 * (132 + 8));  // key, score written, score read
  Deployment dense = deployment;
  dense.model.sparse_attention.reset();
  const StepCost full = build_step_cost(dense.request());
  // Short contexts pay for the indexer, long ones gain: 78 x 140 bytes of each cached token for 78 x 1152.
  EXPECT_LT(cost.context_token_ps, full.context_token_ps / 5);
  const auto decode = [](const StepCost& c, std::int64_t cached) {
    return c.decode_fixed_ps + c.decode_sequence_ps + cached * c.context_token_ps +
           std::min(cached, c.window_tokens) * c.window_token_ps;
  };
  EXPECT_GT(decode(cost, 2048), decode(full, 2048));
  EXPECT_LT(decode(cost, 100000), decode(full, 100000));
  const auto prompt = [](const StepCost& c, std::int64_t cached) {
    StepCost::PrefillLoad load;
    c.add_chunk(load, cached, 2048);
    return c.prefill_ps(load);
  };
  EXPECT_GT(prompt(cost, 0), prompt(full, 0));
  EXPECT_LT(prompt(cost, 100000), prompt(full, 100000));
}

TEST(StepCost, OnlySeveralRanksSendAnything) {
  EXPECT_EQ(build_step_cost(deploy("h100-sxm", "llama-3.1-8b", 1).request()).tokens_work[100].link_bytes, 0);
  const StepCost two = build_step_cost(deploy("h100-sxm", "llama-3.1-8b", 2).request());
  // 65 sums of 2 x 4096 bytes per token; two ranks send the buffer once
  EXPECT_DOUBLE_EQ(two.tokens_work[512].link_bytes, 65.0 * 512 * 8192);
}

TEST(StepCost, NoStepIsAboveTheDatasheet) {
  for (const Deployment& deployment : deployments()) {
    const StepCost cost = build_step_cost(deployment.request(4096));
    const MathPrecision math = *math_precision(deployment.precision.weights, deployment.precision.activations);
    const double peak = deployment.chip.dense_peak(math)->si();
    for (std::size_t tokens = 1; tokens < cost.tokens_ps.size(); ++tokens) {
      const double seconds = static_cast<double>(cost.tokens_ps[tokens]) * 1e-12;
      const StepWork& work = cost.tokens_work[tokens];
      ASSERT_LE(work.flops, seconds * peak * (1 + 1e-9));
      ASSERT_LE(work.memory_bytes, seconds * deployment.chip.memory_bandwidth().si() * (1 + 1e-9));
      ASSERT_LE(work.dynamic_joules,
                seconds * (deployment.chip.power_limit() - deployment.chip.static_power()).si() * (1 + 1e-9));
    }
  }
}

TEST(StepCost, FlopsAreTwicePerWeightAndToken) {
  const Deployment deployment = deploy("h100-sxm", "llama-3.1-8b");
  const StepCost cost = build_step_cost(deployment.request());
  const double linear = parameter_count(deployment.model) - 2.0 * 128256 * 4096;
  EXPECT_NEAR(cost.tokens_work[2048].flops / (2 * 2048 * linear), 1, 1e-4);
}

TEST(StepCost, ADesktopCardDecodesNearItsRoofline) {
  // Weights over bandwidth: 15.0 GB / 1008 GB/s = 14.9 ms; KV: 131,072 B / 1008 GB/s = 130 ns per cached token;
  // 13.96 GFLOP per token / 165.2 TFLOP/s = 85 us. Kernels reach most of each.
  const Deployment deployment = deploy("rtx-4090", "llama-3.1-8b");  // what its memory itself loses is left out
  const StepCost cost = build_step_cost(deployment.request());
  const double one_token_ms = static_cast<double>(cost.tokens_ps[1] + cost.decode_fixed_ps) * 1e-9;
  EXPECT_GT(one_token_ms, 13.8);
  EXPECT_LT(one_token_ms, 17.5);
  EXPECT_NEAR(static_cast<double>(cost.context_token_ps), 130e3 / deployment.chip.controller_factor(), 2e3);
  const double per_token_us = static_cast<double>(cost.tokens_ps[2048] - cost.tokens_ps[1024]) * 1e-6 / 1024;
  EXPECT_GT(per_token_us, 85);
  EXPECT_LT(per_token_us, 115);
}

TEST(StepCost, APipelinePassesAllLayersAndItsHops) {
  const Deployment deployment = deploy("h100-sxm", "llama-3.1-70b", 4);
  const std::optional<Interconnect> stages = joined(8);
  StepCostRequest request = deployment.request();
  const StepCost alone = build_step_cost(request);
  request.layout.pipeline = 2;
  request.links.stages = &*stages;
  const StepCost piped = build_step_cost(request);
  for (const std::int64_t tokens : {1, 100, 2000}) {
    const double padded = tokens == 1 ? 1 : tokens == 100 ? 104 : 2000;
    const double hop = stages->point_to_point(Bytes(padded * 8192 * 2 / 4)).time.si() * 1e12;
    const auto t = static_cast<std::size_t>(tokens);
    EXPECT_NEAR(static_cast<double>(piped.tokens_ps[t] - alone.tokens_ps[t]), hop, 2) << tokens;
    EXPECT_DOUBLE_EQ(piped.tokens_work[t].flops, alone.tokens_work[t].flops);
  }
  EXPECT_EQ(piped.context_token_ps, alone.context_token_ps);
  request.layout.pipeline = 3;  // 27 layers on the longest stage
  const StepCost uneven = build_step_cost(request);
  EXPECT_NEAR(static_cast<double>(uneven.context_token_ps) / static_cast<double>(alone.context_token_ps), 81.0 / 80,
              1e-3);
}

TEST(StepCost, GroupsThatShareExpertsSendTheirTokensInPlaceOfSums) {
  const Deployment deployment = deploy("b200-sxm", "deepseek-v3", 1, Precision::fp8);
  const std::optional<Interconnect> stage = joined(8);
  StepCostRequest request = deployment.request();
  request.layout = {.tensor = 1, .pipeline = 1, .data = 8, .expert = 8};
  request.links.stage = &*stage;
  const StepCost cost = build_step_cost(request);
  EXPECT_TRUE(std::is_sorted(cost.tokens_ps.begin(), cost.tokens_ps.end()));
  const StepLoad load{64, 64, 64, 64 * 1000, 0, {}};
  Seconds exchange;
  Seconds sums;
  Seconds sum;
  for (const StepPart& part : explain_step(request, load)) {
    sum += part.cost.time;
    if (part.kind == KernelKind::expert_exchange) exchange += part.cost.time;
    if (part.kind == KernelKind::all_reduce) sums += part.cost.time;
  }
  EXPECT_GT(exchange, Seconds(58 * 20e-6));  // no kernel of 58 layers starts and ends faster
  EXPECT_EQ(sums, Seconds(0));
  EXPECT_NEAR(static_cast<double>(step_ps(cost, load)) * 1e-12 / sum.si(), 1, 1e-4);
}

TEST(StepCost, EnginesThatHideTransfersAreFasterByThese) {
  const Deployment deployment = deploy("h100-sxm", "llama-3.1-70b", 4);
  StepCostRequest request = deployment.request();
  const StepLoad load{64, 64, 64, 64 * 1000, 0, {}};
  const auto sum = [&] {
    Seconds time;
    Seconds transfers;
    for (const StepPart& part : explain_step(request, load)) {
      time += part.cost.time;
      if (part.kind == KernelKind::all_reduce) transfers += part.cost.time;
    }
    return std::pair(time, transfers);
  };
  const auto [exposed, transfers] = sum();
  request.engine.hidden_transfers = 0.75;
  EXPECT_NEAR(sum().first.si(), (exposed - 0.75 * transfers).si(), 1e-9);
}

TEST(StepCost, RefusesWhatTheChipCannotMultiply) {
  ModelPrecision fp8{Precision::fp8, Precision::fp8, Precision::fp8, Precision::bf16};
  const auto dense = catalog_entry<ModelRecord>("model", "llama-3.1-8b");
  EXPECT_FALSE(check_precision(catalog_chip("a100-sxm-80gb"), dense, fp8));
  EXPECT_TRUE(check_precision(catalog_chip("h100-sxm"), dense, fp8));
  const auto latent = catalog_entry<ModelRecord>("model", "deepseek-v3");
  EXPECT_FALSE(check_precision(catalog_chip("l40s"), latent, fp8));
  fp8.experts = Precision::bf16;
  EXPECT_FALSE(check_precision(catalog_chip("h100-sxm"), latent, fp8));
}

}  // namespace
}  // namespace orrery
