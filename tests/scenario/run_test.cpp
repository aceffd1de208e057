#include "orrery/scenario/run.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace orrery {
namespace {

constexpr const char* kConversationTrace = "../shared/data/traces/azure-2023-conv.csv.gz";
constexpr const char* kCodeTrace = "../shared/data/traces/azure-2023-code.csv.gz";

std::string all_text(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) text += to_text(diagnostic);
  return text;
}

std::shared_ptr<const System> load(const std::string& scenario, const LoadOptions& options = {}) {
  const Catalog catalog("catalog");
  Diagnostics diagnostics;
  auto system = load_system(scenario, catalog, options, diagnostics);
  EXPECT_TRUE(system != nullptr) << all_text(diagnostics);
  return system;
}

Results simulate(const System& system, RunOptions options = {}) {
  RunControl control;
  Diagnostics diagnostics;
  auto results = run(system, options, control, diagnostics);
  EXPECT_TRUE(results.has_value()) << all_text(diagnostics);
  EXPECT_EQ(results->broken_laws, std::vector<std::string>());
  return std::move(*results);
}

LoadOptions with(std::vector<Override> overrides) {
  LoadOptions options;
  options.overrides = std::move(overrides);
  return options;
}

void expect_equal(const Distribution& a, const Distribution& b) {
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.mean, b.mean);
  EXPECT_EQ(a.p50, b.p50);
  EXPECT_EQ(a.p90, b.p90);
  EXPECT_EQ(a.p95, b.p95);
  EXPECT_EQ(a.p99, b.p99);
  EXPECT_EQ(a.max, b.max);
}

/// Every figure, to the last bit.
void expect_equal(const Results& a, const Results& b) {
  expect_equal(a.latency.ttft, b.latency.ttft);
  expect_equal(a.latency.ttft_queued, b.latency.ttft_queued);
  expect_equal(a.latency.tpot, b.latency.tpot);
  expect_equal(a.latency.e2e, b.latency.e2e);
  expect_equal(a.latency.queue, b.latency.queue);
  expect_equal(a.itl, b.itl);
  EXPECT_EQ(a.energy_J, b.energy_J);
  EXPECT_EQ(a.cost_usd, b.cost_usd);
  EXPECT_EQ(a.carbon_g, b.carbon_g);
  EXPECT_EQ(a.simulated_s, b.simulated_s);
  ASSERT_EQ(a.request_log.size(), b.request_log.size());
  for (std::size_t s = 0; s < a.request_log.size(); ++s) {
    const RequestOutcomes& x = a.request_log[s].outcomes;
    const RequestOutcomes& y = b.request_log[s].outcomes;
    EXPECT_EQ(x.queued_ps, y.queued_ps);
    EXPECT_EQ(x.scheduled_ps, y.scheduled_ps);
    EXPECT_EQ(x.first_token_ps, y.first_token_ps);
    EXPECT_EQ(x.finish_ps, y.finish_ps);
    EXPECT_EQ(x.preemptions, y.preemptions);
    EXPECT_EQ(x.replica, y.replica);
  }
  for (std::size_t p = 0; p < a.pools.size(); ++p) {
    EXPECT_EQ(a.pools[p].steps, b.pools[p].steps);
    EXPECT_EQ(a.pools[p].kv_mean, b.pools[p].kv_mean);
    EXPECT_EQ(a.pools[p].compute_utilisation, b.pools[p].compute_utilisation);
    EXPECT_EQ(a.pools[p].bandwidth_utilisation, b.pools[p].bandwidth_utilisation);
  }
}

std::vector<std::string> shipped_scenarios() {
  std::vector<std::string> paths;
  for (const auto& file : std::filesystem::directory_iterator("scenarios")) {
    if (file.path().extension() == ".yaml") paths.push_back(file.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

TEST(ShippedScenarios, RunObeyTheirLawsAndRepeatToTheLastBit) {
  const auto paths = shipped_scenarios();
  ASSERT_GE(paths.size(), 3U);
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const auto system = load(path);
    ASSERT_TRUE(system);
    const Results once = simulate(*system);
    EXPECT_GT(once.requests.completed, 1000);
    EXPECT_EQ(once.requests.rejected, 0);
    expect_equal(once, simulate(*system));                                         // two runs of one system
    expect_equal(once, simulate(*load(path)));                                     // and of another
    expect_equal(once, simulate(*system, {.threads = 2, .step_by_step = false}));  // on two threads
    expect_equal(once, simulate(*system, {.threads = 1, .step_by_step = true}));   // every step by itself
  }
}

class RealTrace : public testing::TestWithParam<std::pair<const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(Run, RealTrace,
                         testing::Values(std::pair("scenarios/azure-conversation.yaml", kConversationTrace),
                                         std::pair("scenarios/azure-code.yaml", kCodeTrace)));

TEST_P(RealTrace, ClosedFormEqualsStepByStepRequestByRequest) {
  const auto& [scenario, trace] = GetParam();
  if (!std::filesystem::exists(trace)) GTEST_SKIP() << trace << " is absent";
  for (const char* routing : {"round-robin", "least-loaded", "join-shortest-queue"}) {
    LoadOptions options;
    options.traces.push_back({"", trace});
    options.overrides.push_back(
        {std::string("pools.") + (std::string_view(trace) == kConversationTrace ? "chat" : "code") + ".routing",
         routing});
    const auto system = load(scenario, options);
    ASSERT_TRUE(system);
    expect_equal(simulate(*system), simulate(*system, {.threads = 2, .step_by_step = true}));
  }
}

TEST(Run, ATightKvCachePreemptsAndStillObeysTheLaws) {
  if (!std::filesystem::exists(kConversationTrace)) GTEST_SKIP() << kConversationTrace << " is absent";
  LoadOptions options = with({{"pools.chat.engine_settings", "{kv_blocks: 1200}"}});
  options.traces.push_back({"", kConversationTrace});
  const auto system = load("scenarios/azure-conversation.yaml", options);
  const Results results = simulate(*system);
  EXPECT_GT(results.pools[0].preemptions, 100);
  EXPECT_GT(results.pools[0].recomputed_tokens, 10'000);
  EXPECT_GT(results.pools[0].kv_peak, 0.99);
  expect_equal(results, simulate(*system, {.threads = 1, .step_by_step = true}));
}

TEST(Run, APrefixCacheFindsWhatTheMooncakeTraceRepeats) {
  const std::string trace = "../shared/data/traces/mooncake-conversation.jsonl.gz";
  if (!std::filesystem::exists(trace)) GTEST_SKIP() << trace << " is absent";
  LoadOptions options = with({{"pools.chat.model", "llama-3.1-8b"}, {"pools.chat.tensor_parallel", "1"}});
  options.traces.push_back({"", trace});
  const auto system = load("scenarios/azure-conversation.yaml", options);
  const Results results = simulate(*system);
  EXPECT_GT(results.pools[0].hit_tokens, 1'000'000);
  EXPECT_GT(results.pools[0].evicted_blocks, 1'000'000);
  expect_equal(results, simulate(*system, {.threads = 2, .step_by_step = true}));
  options.overrides.push_back({"pools.chat.engine_settings", "{prefix_caching: false}"});
  const Results without = simulate(*load("scenarios/azure-conversation.yaml", options));
  EXPECT_EQ(without.pools[0].hit_tokens, 0);
  EXPECT_LT(results.latency.ttft.mean, without.latency.ttft.mean);
}

TEST(Run, EngineSettingsTurnPrefixCacheAsynchronyAndThresholdOnAndOff) {
  const EngineLimits as_it_is = load("scenarios/first-steps.yaml")->pools[0].limits;
  EXPECT_TRUE(as_it_is.prefix_caching);
  EXPECT_TRUE(as_it_is.async_scheduling);
  EXPECT_EQ(as_it_is.long_prefill_token_threshold, 0);
  const LoadOptions options =
      with({{"pools.chat.engine_settings",
             "{prefix_caching: false, async_scheduling: false, long_prefill_token_threshold: 256}"}});
  const EngineLimits changed = load("scenarios/first-steps.yaml", options)->pools[0].limits;
  EXPECT_FALSE(changed.prefix_caching);
  EXPECT_FALSE(changed.async_scheduling);
  EXPECT_EQ(changed.long_prefill_token_threshold, 256);
}

TEST(Run, APoolDoesNotPayForAnotherThatTakesLonger) {
  const auto cost_and_energy = [](const char* rate) {
    const auto system = load("scenarios/prefix-caching.yaml", with({{"services.bare.workload.poisson.rate", rate}}));
    const Results results = simulate(*system);
    EXPECT_EQ(results.pools[0].name, "cached");
    return std::tuple(results.pools[0].cost_usd, results.pools[0].facility_energy_J, results.simulated_s);
  };
  const auto [cost, energy, duration] = cost_and_energy("8 req/s");
  const auto [same_cost, same_energy, longer] = cost_and_energy("24 req/s");
  EXPECT_EQ(cost, same_cost);
  EXPECT_EQ(energy, same_energy);
  EXPECT_GT(longer, duration + 10);
}

std::shared_ptr<const System> load_on_b200(const char* model) {
  return load("scenarios/azure-conversation.yaml", with({{"pools.chat.server", "b200-sxm-x8"},
                                                         {"pools.chat.tensor_parallel", "8"},
                                                         {"pools.chat.model", model},
                                                         {"services.conversation.workload.duration", "5 min"}}));
}

TEST(Run, ModelsWithLinearOrSparseAttentionObeyTheLawsInClosedFormToo) {
  for (const char* model : {"qwen3.5-397b-a17b", "glm-5"}) {
    SCOPED_TRACE(model);
    const auto system = load_on_b200(model);
    const Results results = simulate(*system);
    EXPECT_GT(results.requests.completed, 1000);
    expect_equal(results, simulate(*system, {.threads = 1, .step_by_step = true}));
  }
}

TEST(Run, TheStatesOfAllSequencesTakeMemoryFromTheCache) {
  const auto activations = [](const char* sequences) {
    const auto options = with({{"pools.chat.server", "b200-sxm-x8"},
                               {"pools.chat.tensor_parallel", "8"},
                               {"pools.chat.model", "qwen3.5-397b-a17b"},
                               {"pools.chat.engine_settings", std::string("{max_num_seqs: ") + sequences + "}"}});
    const auto system = load("scenarios/azure-conversation.yaml", options);
    return system->pools[0].memory.activations;
  };
  const double state = 45.0 * 8 * 128 * 128 * 4;  // of one rank
  const double logits = 8.0 * 248320;
  EXPECT_NEAR((activations("512") - activations("256")) / (256 * (state + logits)), 1, 1e-12);
}

TEST(Run, MoreBandwidthIsNeverSlowerOnTheSameRequests) {
  const Results h100 = simulate(*load("scenarios/first-steps.yaml"));
  const Results h200 = simulate(*load("scenarios/first-steps.yaml", with({{"pools.chat.server", "h200-sxm-x1"}})));
  EXPECT_LT(h200.latency.tpot.mean, h100.latency.tpot.mean);
  EXPECT_LE(h200.latency.e2e.p99, h100.latency.e2e.p99);
}

TEST(Run, NarrowerWeightsAreFasterWhereMemoryIsTheLimit) {
  const Results bf16 = simulate(*load("scenarios/first-steps.yaml"));
  const Results fp8 =
      simulate(*load("scenarios/first-steps.yaml",
                     with({{"pools.chat.precision", "{weights: fp8, activations: fp8, kv_cache: bf16}"}})));
  EXPECT_LT(fp8.latency.tpot.p50, bf16.latency.tpot.p50 * 0.8);
  EXPECT_GT(fp8.pools[0].kv_blocks, bf16.pools[0].kv_blocks);
}

TEST(Run, AnotherSeedDrawsOtherRequestsOfTheSameKind) {
  LoadOptions other;
  other.seed = 99;
  const Results a = simulate(*load("scenarios/azure-conversation.yaml"));
  const Results b = simulate(*load("scenarios/azure-conversation.yaml", other));
  EXPECT_NE(a.requests.arrived, b.requests.arrived);
  EXPECT_NEAR(static_cast<double>(a.requests.arrived) / static_cast<double>(b.requests.arrived), 1, 0.05);
  EXPECT_EQ(b.seed, 99U);
}

TEST(Run, TheProfileStandsInForItsTrace) {
  if (!std::filesystem::exists(kConversationTrace)) GTEST_SKIP() << kConversationTrace << " is absent";
  LoadOptions options;
  options.traces.push_back({"", kConversationTrace});
  const Results trace = simulate(*load("scenarios/azure-conversation.yaml", options));
  const Results profile = simulate(*load("scenarios/azure-conversation.yaml"));
  EXPECT_NEAR(profile.latency.ttft.p50 / trace.latency.ttft.p50, 1, 0.10);
  EXPECT_NEAR(profile.latency.tpot.p50 / trace.latency.tpot.p50, 1, 0.10);
  EXPECT_NEAR(profile.latency.e2e.p95 / trace.latency.e2e.p95, 1, 0.15);
}

TEST(Run, RequestsBeyondTheContextAreRejectedAndCounted) {
  const Results results = simulate(
      *load("scenarios/azure-conversation.yaml", with({{"pools.chat.engine_settings", "{max_model_len: 4096}"}})));
  EXPECT_GT(results.requests.rejected, 50);
  EXPECT_EQ(results.requests.arrived, results.requests.completed + results.requests.rejected);
}

TEST(Run, TwoServicesShareAPoolAndAddUp) {
  const auto system =
      load("scenarios/first-steps.yaml", with({{"services.answers",
                                                "{pool: chat, workload: {poisson: {rate: 1 req/s, tokens: {input: 50, "
                                                "output: 600}}, duration: 10 min}}"}}));
  const Results results = simulate(*system);
  ASSERT_EQ(results.services.size(), 2U);
  EXPECT_EQ(results.requests.arrived, results.services[0].requests.arrived + results.services[1].requests.arrived);
  EXPECT_EQ(results.output_tokens, results.services[0].output_tokens + results.services[1].output_tokens);
  EXPECT_EQ(results.latency.ttft.count, results.requests.completed);
  EXPECT_GT(results.services[1].latency.e2e.p50, results.services[0].latency.e2e.p50);
  // Another service draws from its own stream: the first one's requests are what they were alone.
  const Results alone = simulate(*load("scenarios/first-steps.yaml"));
  EXPECT_EQ(results.request_log[0].table.arrival_ps, alone.request_log[0].table.arrival_ps);
}

TEST(Run, AnOwnedServerPaysForPowerAndARentedOneDoesNot) {
  const Results rented = simulate(*load("scenarios/first-steps.yaml"));
  EXPECT_NEAR(rented.cost_usd, 2.25 * rented.simulated_s / 3600, 0.35 * rented.cost_usd);
  const Results owned = simulate(*load("scenarios/first-steps.yaml",
                                       with({{"pools.chat.ownership", "owned"}, {"pools.chat.lifetime", "4 years"}})));
  const Results dear = simulate(*load(
      "scenarios/first-steps.yaml",
      with({{"pools.chat.ownership", "owned"}, {"pools.chat.lifetime", "4 years"}, {"pools.chat.site", "germany"}})));
  EXPECT_LT(owned.cost_usd, dear.cost_usd) << "electricity costs more in Germany";
  EXPECT_EQ(rented.it_energy_J, owned.it_energy_J);
}

TEST(Run, AnInterruptedRunIsMarkedAndKeepsWhatItHas) {
  const auto system = load("scenarios/azure-conversation.yaml");
  RunControl control;
  control.stop();
  Diagnostics diagnostics;
  const auto results = run(*system, {}, control, diagnostics);
  ASSERT_TRUE(results);
  EXPECT_FALSE(results->complete);
  EXPECT_GT(results->requests.unfinished, 0);
}

TEST(Run, ResultsNameTheWeakestThingTheyRestOn) {
  const Results results = simulate(*load("scenarios/first-steps.yaml"));
  EXPECT_EQ(results.provenance.weakest, Status::assumed);
  EXPECT_GT(results.provenance.items.size(), 50U);
}

}  // namespace
}  // namespace orrery
