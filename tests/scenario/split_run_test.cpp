#include "orrery/scenario/split_run.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "orrery/scenario/accounting.h"
#include "orrery/scenario/run.h"

namespace orrery {
namespace {

std::string all_text(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) text += to_text(diagnostic);
  return text;
}

constexpr const char* kScenario = "scenarios/disaggregated.yaml";
constexpr std::size_t kPrompts = 1;  // of the pools of that file
constexpr std::size_t kAnswers = 2;
constexpr std::size_t kApart = 1;  // of its services

std::shared_ptr<const System> load(std::vector<Override> overrides = {}) {
  LoadOptions options;
  options.overrides = std::move(overrides);
  for (const char* service : {"chat-together", "chat-apart", "chat-lpddr", "chat-hbm-and-lpddr"}) {
    options.overrides.push_back({std::string("services.") + service + ".workload.duration", "5 min"});
  }
  Diagnostics diagnostics;
  auto system = load_system(kScenario, Catalog("catalog"), options, diagnostics);
  EXPECT_TRUE(system != nullptr) << all_text(diagnostics);
  return system;
}

Results simulate(std::vector<Override> overrides = {}) {
  RunControl control;
  Diagnostics diagnostics;
  auto results = run(*load(std::move(overrides)), {}, control, diagnostics);
  EXPECT_EQ(results->broken_laws, std::vector<std::string>());
  return std::move(*results);
}

TEST(SplitRun, SendsTheKeysAndValuesOfEveryPromptThatHasAnAnswerLeft) {
  const Results results = simulate();
  const TransferResult& transfers = *results.pools[kAnswers].transfers;
  std::int64_t tokens = 0;
  std::int64_t count = 0;
  const Results::ServiceRequests& log = results.request_log[kApart];
  for (std::size_t i = 0; i < log.table.size(); ++i) {
    if (log.table.output_tokens[i] == 1) continue;
    tokens += log.table.input_tokens[i];
    ++count;
  }
  EXPECT_EQ(transfers.tokens, tokens);
  EXPECT_EQ(transfers.transfers, count);
  EXPECT_EQ(transfers.from, "prompts");
  const double kv_bytes = 2 * 80 * 8 * 128 * 2;  // keys and values, layers, heads, their size, bf16
  EXPECT_EQ(transfers.bytes, kv_bytes * static_cast<double>(tokens));
  EXPECT_NEAR(transfers.energy_J, transfers.bytes * 300e-12, 1e-6);
  EXPECT_GT(transfers.transfer.mean, 1155 * kv_bytes / (4 * 0.94 * 50e9)) << "the mean prompt, alone on the link";
  EXPECT_EQ(results.pools[kPrompts].steps > 0, true);
  EXPECT_EQ(results.pools[kPrompts].generated_tokens, results.services[kApart].requests.completed);
}

TEST(SplitRun, TheSenderPaysForWhatItSends) {
  const Results results = simulate();
  Results dear = simulate({{"pools.answers.prefilled_by.overlap", "layers"}});
  EXPECT_EQ(dear.pools[kAnswers].transfers->bytes, results.pools[kAnswers].transfers->bytes);
  const auto system = load();
  PoolOutcome idle{.requests = RequestOutcomes(0), .replicas = {}};
  idle.replicas.resize(1);
  const double without = account_pool(system->pools[kPrompts], idle, Seconds(10)).it_energy_J;
  const double with = account_pool(system->pools[kPrompts], idle, Seconds(10), Joules(96)).it_energy_J;
  EXPECT_NEAR(with - without, 96, 1e-6);
}

TEST(SplitRun, TheFirstTokenWaitsForTheTransferWhereTheDecodeEngineGivesIt) {
  const Results prefill = simulate();
  const Results decode = simulate({{"pools.answers.prefilled_by.first_token", "decode"}});
  const double way = decode.pools[kAnswers].transfers->blocks.mean + decode.pools[kAnswers].transfers->transfer.mean +
                     decode.pools[kAnswers].transfers->resume.mean;
  const double first_step = 0.012;
  EXPECT_NEAR(decode.services[kApart].latency.ttft.mean - prefill.services[kApart].latency.ttft.mean, way + first_step,
              0.2 * way);
  EXPECT_EQ(decode.output_tokens, prefill.output_tokens);
}

TEST(SplitRun, OverlapHidesAllButTheLastLayer) {
  const Results apart = simulate();
  const Results layers = simulate({{"pools.answers.prefilled_by.overlap", "layers"}});
  EXPECT_LT(layers.pools[kAnswers].transfers->transfer.mean, 0.5 * apart.pools[kAnswers].transfers->transfer.mean);
  EXPECT_EQ(layers.pools[kAnswers].transfers->blocks.max, 0) << "blocks are reserved before the prefill";
}

TEST(SplitRun, RanksWithCopiesOfTheSameHeadsAreSentAllOfThem) {
  const auto eight = load({{"pools.answers.server", "h100-sxm-x8"}, {"pools.answers.tensor_parallel", "8"}});
  const auto four = load();
  EXPECT_EQ(eight->pools[kAnswers].prefill->path.bytes_per_token, four->pools[kAnswers].prefill->path.bytes_per_token)
      << "eight ranks hold eight heads";
  const auto latent = load({{"pools.prompts.model", "deepseek-v3"},
                            {"pools.answers.model", "deepseek-v3"},
                            {"pools.prompts.server", "b200-sxm-x8"},
                            {"pools.answers.server", "b200-sxm-x8"},
                            {"pools.prompts.tensor_parallel", "8"},
                            {"pools.answers.tensor_parallel", "8"}});
  EXPECT_EQ(latent->pools[kAnswers].prefill->path.bytes_per_token, 8 * 61 * 576 * 2.0)
      << "each of eight ranks holds the whole latent vector";
}

TEST(SplitRun, OneTransferUsesNoMoreLinksThanItsChipsHave) {
  const auto system =
      load({{"pools.answers.prefilled_by.links", "1"}, {"pools.answers.prefilled_by.shared_by", "pool"}});
  const TransferPath& path = system->pools[kAnswers].prefill->path;
  EXPECT_EQ(path.capacity.si(), path.most_of_one.si());
  const auto wide = load({{"pools.prompts.servers", "4"},
                          {"pools.answers.servers", "4"},
                          {"pools.answers.prefilled_by.links", "16"},
                          {"pools.answers.prefilled_by.shared_by", "pool"}});
  const TransferPath& shared = wide->pools[kAnswers].prefill->path;
  EXPECT_EQ(shared.capacity.si(), 4 * shared.most_of_one.si());
}

TEST(SplitRun, NvlinkMayCarryPromptsBetweenSlicesOfOneServer) {
  const auto system = load({{"pools.answers.prefilled_by.link", "nvlink4"}});
  EXPECT_NEAR(system->pools[kAnswers].prefill->path.capacity.si(), 4 * 0.85 * 450e9, 1e3);
  EXPECT_NEAR(system->pools[kAnswers].prefill->path.set_up.seconds().si(), 8.7e-6, 1e-9);
}

TEST(SplitRun, ATightDecodeCachePreemptsAndStillObeysTheLaws) {
  const Results results = simulate(
      {{"pools.answers.engine_settings", "{kv_blocks: 900}"}, {"pools.prompts.engine_settings", "{kv_blocks: 1500}"}});
  EXPECT_GT(results.pools[kAnswers].preemptions, 20);
  EXPECT_GT(results.pools[kAnswers].transfers->blocks.p95, 0.05) << "prompts wait for blocks";
}

TEST(SplitRun, ClosedFormEqualsStepByStepOnARealTraceWithSharedPrefixes) {
  const std::string trace = "../shared/data/traces/mooncake-conversation.jsonl.gz";
  if (!std::filesystem::exists(trace)) GTEST_SKIP() << trace << " is absent";
  LoadOptions options;
  for (const char* pool : {"prompts", "answers"}) {
    options.overrides.push_back({std::string("pools.") + pool + ".model", "llama-3.1-8b"});
    options.overrides.push_back({std::string("pools.") + pool + ".tensor_parallel", "1"});
  }
  options.overrides.push_back({"pools.answers.prefilled_by.links", "1"});
  options.overrides.push_back({"services.chat-apart.workload.duration", "20 min"});
  options.traces.push_back({"chat-apart", trace});
  Diagnostics diagnostics;
  const auto system = load_system(kScenario, Catalog("catalog"), options, diagnostics);
  ASSERT_TRUE(system) << all_text(diagnostics);
  RunControl control;
  const auto closed = run(*system, {}, control, diagnostics);
  const auto stepped = run(*system, {.threads = 2, .step_by_step = true}, control, diagnostics);
  EXPECT_EQ(closed->broken_laws, std::vector<std::string>());
  EXPECT_EQ(closed->request_log[kApart].outcomes.first_token_ps, stepped->request_log[kApart].outcomes.first_token_ps);
  EXPECT_EQ(closed->request_log[kApart].outcomes.finish_ps, stepped->request_log[kApart].outcomes.finish_ps);
  EXPECT_EQ(closed->pools[kAnswers].transfers->bytes, stepped->pools[kAnswers].transfers->bytes);
  EXPECT_GT(closed->pools[kPrompts].hit_tokens, 100'000);
  EXPECT_GT(closed->pools[kAnswers].hit_tokens, 100'000) << "what a decode engine has is not sent again";
}

TEST(SplitRun, AnInterruptedRunIsMarkedAndBreaksNoLaw) {
  RunControl control;
  control.stop();
  Diagnostics diagnostics;
  const auto results = run(*load(), {}, control, diagnostics);
  ASSERT_TRUE(results);
  EXPECT_FALSE(results->complete);
  EXPECT_EQ(results->broken_laws, std::vector<std::string>());
}

}  // namespace
}  // namespace orrery
