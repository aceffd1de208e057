#include "orrery/scenario/adapter_draw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "orrery/scenario/run.h"
#include "orrery/scenario/system.h"

namespace orrery {
namespace {

RequestTable requests(std::size_t count, bool with_keys = false) {
  RequestTable table;
  for (std::size_t i = 0; i < count; ++i) {
    table.add(static_cast<std::int64_t>(i), 32, 1);
    if (with_keys) table.add_keys(std::vector<std::uint64_t>{77, 78}, 32, 16);
  }
  return table;
}

std::map<std::uint32_t, double> shares(const RequestTable& table) {
  std::map<std::uint32_t, double> shares;
  for (const std::uint32_t adapter : table.adapters) shares[adapter] += 1.0 / static_cast<double>(table.size());
  return shares;
}

TEST(AdapterDraw, FollowsThePopularity) {
  RequestTable table = requests(200'000);
  draw_adapters({.count = 4, .zipf_exponent = 1}, 1, 5, "users", table);
  const double all = 1 + 1 / 2.0 + 1 / 3.0 + 1 / 4.0;
  for (const auto& [adapter, share] : shares(table)) EXPECT_NEAR(share, 1.0 / adapter / all, 0.005);
  draw_adapters({.count = 4, .zipf_exponent = 0}, 11, 5, "users", table);
  for (const auto& [adapter, share] : shares(table)) {
    EXPECT_GE(adapter, 11U);
    EXPECT_LE(adapter, 14U);
    EXPECT_NEAR(share, 0.25, 0.005);
  }
}

TEST(AdapterDraw, DependsOnSeedAndStream) {
  RequestTable a = requests(1000);
  RequestTable b = requests(1000);
  draw_adapters({.count = 50, .zipf_exponent = 1}, 1, 5, "users", a);
  draw_adapters({.count = 50, .zipf_exponent = 1}, 1, 5, "users", b);
  EXPECT_EQ(a.adapters, b.adapters);
  draw_adapters({.count = 50, .zipf_exponent = 1}, 1, 6, "users", b);
  EXPECT_NE(a.adapters, b.adapters);
  draw_adapters({.count = 50, .zipf_exponent = 1}, 1, 5, "others", b);
  EXPECT_NE(a.adapters, b.adapters);
}

TEST(AdapterDraw, V40EqualPromptsOfDifferentAdaptersShareNoBlocks) {
  RequestTable table = requests(100, /*with_keys=*/true);
  draw_adapters({.count = 3, .zipf_exponent = 0}, 1, 5, "users", table);
  for (std::size_t i = 1; i < table.size(); ++i) {
    EXPECT_EQ(table.keys_of(i)[0] == table.keys_of(0)[0], table.adapters[i] == table.adapters[0]);
    EXPECT_EQ(table.keys_of(i)[1], 78U) << "what follows is told apart by what is before it";
  }
}

Results simulate(std::vector<Override> overrides) {
  LoadOptions options;
  options.overrides = std::move(overrides);
  Diagnostics diagnostics;
  const auto system = load_system("scenarios/first-steps.yaml", Catalog("catalog"), options, diagnostics);
  std::string problems;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) problems += to_text(diagnostic);
  EXPECT_TRUE(system != nullptr) << problems;
  RunControl control;
  auto results = run(*system, {}, control, diagnostics);
  EXPECT_EQ(results->broken_laws, std::vector<std::string>());
  const auto again = run(*system, {.threads = 1, .step_by_step = true}, control, diagnostics);
  EXPECT_EQ(results->request_log[0].outcomes.finish_ps, again->request_log[0].outcomes.finish_ps);
  EXPECT_EQ(results->pools[0].it_energy_J, again->pools[0].it_energy_J);
  return std::move(*results);
}

Results simulate(const char* settings, const char* adapters) {
  return simulate({{"pools.chat.engine_settings", settings}, {"services.questions.adapters", adapters}});
}

TEST(AdapterRun, AdaptersTakeTimeAndMemory) {
  const Results without = simulate({});
  const Results with = simulate("{lora: {max_loras: 16, rank: 16}}", "{count: 50, zipf_exponent: 1}");
  EXPECT_GT(with.latency.tpot.mean, 1.05 * without.latency.tpot.mean);
  EXPECT_LT(with.latency.tpot.mean, 1.5 * without.latency.tpot.mean);
  EXPECT_NEAR(with.pools[0].weight_bytes_per_chip - without.pools[0].weight_bytes_per_chip, 16 * 83.9e6, 16 * 0.1e6);
  EXPECT_LT(with.pools[0].kv_blocks, without.pools[0].kv_blocks);
  EXPECT_GT(with.pools[0].adapters->mean_per_step, 2);
  EXPECT_FALSE(without.pools[0].adapters.has_value());
}

TEST(AdapterRun, MoreAdaptersInAStepLetRequestsWaitLess) {
  double before = 1e9;
  for (const char* most : {"2", "4", "8", "32"}) {
    const std::string settings = std::string("{lora: {max_loras: ") + most + ", rank: 16}}";
    const Results results = simulate(settings.c_str(), "{count: 50, zipf_exponent: 0.5}");
    EXPECT_LT(results.latency.ttft.mean, before) << most;
    EXPECT_LE(results.pools[0].adapters->mean_per_step, std::stod(most));
    before = results.latency.ttft.mean;
  }
}

TEST(AdapterRun, APopularAdapterIsCheaperThanManyAlike) {
  const Results few = simulate("{lora: {max_loras: 32, rank: 64}}", "{count: 1000, zipf_exponent: 3}");
  const Results many = simulate("{lora: {max_loras: 32, rank: 64}}", "{count: 1000, zipf_exponent: 0}");
  EXPECT_LT(few.pools[0].adapters->mean_per_step, many.pools[0].adapters->mean_per_step);
  EXPECT_LT(few.latency.tpot.mean, many.latency.tpot.mean);
}

TEST(AdapterRun, ServicesOfOnePoolHaveAdaptersOfTheirOwnOrNone) {
  const Results results = simulate(
      {{"pools.chat.engine_settings", "{lora: {max_loras: 2, rank: 16}}"},
       {"services.questions.adapters", "{count: 1, zipf_exponent: 0}"},
       {"services.more",
        "{pool: chat, adapters: {count: 1, zipf_exponent: 0}, "
        "workload: {poisson: {rate: 1 req/s, tokens: {input: 50, output: 60}}, duration: 10 min}}"},
       {"services.plain",
        "{pool: chat, workload: {poisson: {rate: 1 req/s, tokens: {input: 50, output: 60}}, duration: 10 min}}"}});
  EXPECT_GT(results.pools[0].adapters->mean_per_step, 1);
  EXPECT_LE(results.pools[0].adapters->mean_per_step, 2);
  EXPECT_EQ(results.requests.completed, results.requests.arrived);
}

}  // namespace
}  // namespace orrery
