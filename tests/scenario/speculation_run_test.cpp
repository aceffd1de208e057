#include <gtest/gtest.h>

#include <cmath>

#include "orrery/model/memory_footprint.h"
#include "orrery/scenario/run.h"
#include "orrery/scenario/system.h"

namespace orrery {
namespace {

std::shared_ptr<const System> load(std::vector<Override> overrides = {}) {
  LoadOptions options;
  options.overrides = std::move(overrides);
  Diagnostics diagnostics;
  auto system = load_system("scenarios/speculative-decoding.yaml", Catalog("catalog"), options, diagnostics);
  std::string problems;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) problems += to_text(diagnostic);
  EXPECT_TRUE(system != nullptr) << problems;
  return system;
}

Results simulate(std::vector<Override> overrides = {}, int threads = 1) {
  RunControl control;
  Diagnostics diagnostics;
  auto results = run(*load(std::move(overrides)), {.threads = threads, .step_by_step = false}, control, diagnostics);
  EXPECT_EQ(results->broken_laws, std::vector<std::string>());
  return std::move(*results);
}

const ServiceResult& service(const Results& results, std::string_view name) {
  return *std::find_if(results.services.begin(), results.services.end(),
                       [&](const ServiceResult& each) { return each.name == name; });
}

constexpr const char* kDraft8 = "pools.draft-8.engine_settings.speculation";

TEST(SpeculationRun, PaysAtLittleLoadAndNotAtMuch) {
  const Results results = simulate();
  EXPECT_LT(service(results, "draft-at-2").latency.tpot.mean, 0.8 * service(results, "plain-at-2").latency.tpot.mean);
  EXPECT_GT(service(results, "draft-at-16").latency.tpot.mean, service(results, "plain-at-16").latency.tpot.mean);
  const SpeculationResult& drafts = *results.pools[1].speculation;
  const double formula = (1 - std::pow(0.7, 5)) / 0.3;
  EXPECT_NEAR(drafts.tokens_per_verification, formula, 0.02);
  EXPECT_EQ(drafts.draft, "llama-3.1-8b");
  EXPECT_FALSE(results.pools[0].speculation.has_value());
}

TEST(SpeculationRun, MoreAcceptanceIsFasterAndNoneOnlyCosts) {
  double before = 1e9;
  for (const char* acceptance : {"0", "0.5", "0.9", "1"}) {
    const Results results = simulate({{std::string(kDraft8) + ".acceptance", acceptance}});
    const double mean = service(results, "draft-at-8").latency.e2e.mean;
    EXPECT_LT(mean, before) << acceptance;
    if (before > 1e8) {
      EXPECT_GT(mean, service(results, "plain-at-8").latency.e2e.mean);
    }
    before = mean;
  }
}

TEST(SpeculationRun, AnotherSeedDrawsOthersOfTheSameKind) {
  const Results once = simulate();
  const Results again = simulate();
  const Results other = simulate({{"seed", "2"}});
  EXPECT_EQ(once.pools[3].speculation->accepted, again.pools[3].speculation->accepted);
  EXPECT_NE(once.pools[3].speculation->accepted, other.pools[3].speculation->accepted);
  EXPECT_NEAR(once.pools[3].speculation->tokens_per_verification, other.pools[3].speculation->tokens_per_verification,
              0.03);
}

TEST(SpeculationRun, ReplicasOnThreadsDrawTheSame) {
  const std::vector<Override> overrides = {{"pools.draft-16.servers", "3"}};
  const Results one = simulate(overrides);
  const Results two = simulate(overrides, 2);
  for (std::size_t s = 0; s < one.request_log.size(); ++s) {
    EXPECT_EQ(one.request_log[s].outcomes.finish_ps, two.request_log[s].outcomes.finish_ps);
  }
}

TEST(SpeculationRun, ADraftModelTakesMemoryForWeightsAndCache) {
  const auto system = load();
  const SystemPool& plain = system->pools[2];
  const SystemPool& draft = system->pools[3];
  EXPECT_NEAR(draft.memory.weights - plain.memory.weights, 8.03e9 / 4, 0.5e9) << "8 billion weights in fp8 on 4 chips";
  EXPECT_NEAR(draft.memory.kv_per_token - plain.memory.kv_per_token, 2 * 32 * 8 * 128 * 2 / 4.0, 1e-6);
  EXPECT_LT(draft.memory.kv_blocks, plain.memory.kv_blocks);
}

TEST(SpeculationRun, AHeadIsAsManyLayersOfItsModel) {
  const auto system = load({{kDraft8, "{tokens: 3, acceptance: 0.7, head_layers: 2}"}});
  const SystemPool& plain = system->pools[2];
  const SystemPool& draft = system->pools[3];
  EXPECT_NEAR(draft.memory.kv_per_token / plain.memory.kv_per_token, 82.0 / 80, 1e-12);
  const double layer = (8192.0 * (64 + 64 + 16) * 128 + 3 * 8192.0 * 28672) / 4;  // fp8, on one of four chips
  EXPECT_NEAR((draft.memory.weights - plain.memory.weights) / (2 * layer), 1, 1e-3);
  EXPECT_EQ(draft.speculation->draft.layers, 2);
}

TEST(SpeculationRun, HeadsOfModelsOfEveryKindArePriced) {
  for (const char* model : {"deepseek-v3", "qwen3.5-397b-a17b", "gpt-oss-120b", "glm-5"}) {
    SCOPED_TRACE(model);
    const Results results =
        simulate({{"pools.draft-2.server", "b200-sxm-x8"},
                  {"pools.draft-2.tensor_parallel", "8"},
                  {"pools.draft-2.model", model},
                  {"pools.draft-2.engine_settings.speculation", "{tokens: 1, acceptance: 0.85, head_layers: 1}"},
                  {"services.draft-at-2.workload.duration", "1 min"}});
    EXPECT_NEAR(results.pools[1].speculation->tokens_per_verification, 1.85, 0.03);
  }
}

TEST(SpeculationRun, WorksWithPromptsFromAnotherPool) {
  const Results results = simulate(
      {{"pools.plain-8.engine_settings",
        "{async_scheduling: false, speculation: {tokens: 3, acceptance: 0.7, head_layers: 1}}"},
       {kDraft8, "{tokens: 3, acceptance: 0.7, head_layers: 1}"},
       {"pools.draft-8.prefilled_by",
        "{pool: plain-8, link: infiniband-ndr400, links: 4, shared_by: sender, first_token: decode, overlap: none}"},
       {"services.plain-at-8.pool", "plain-2"}});
  EXPECT_GT(results.pools[3].speculation->tokens_per_verification, 2.4);
  const double with_head = 2 * 81 * 8 * 128 * 2;  // the drafter's keys and values are sent, too
  EXPECT_EQ(results.pools[3].transfers->bytes, with_head * static_cast<double>(results.pools[3].transfers->tokens));
}

}  // namespace
}  // namespace orrery
