#include "orrery/report/json_summary.h"

#include <gmock/gmock.h>

#include <set>

#include "example_results.h"
#include "orrery/report/requirement.h"
#include "orrery/schema/node.h"

namespace orrery {
namespace {

using testing::HasSubstr;

/// JSON is YAML, so that the project's own reader can take it apart.
Node parsed(const std::string& json) {
  Diagnostics diagnostics;
  auto node = parse_yaml(std::make_shared<SourceText>("summary", json), diagnostics);
  EXPECT_TRUE(node) << json;
  return node ? *node : Node();
}

const Node* at(const Node& node, std::string_view path) {
  const Node* found = &node;
  while (found != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    found = found->find(path.substr(0, dot));
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return found;
}

TEST(JsonSummary, HasEveryFieldThatTheDesignPromises) {
  const Node node = parsed(json_summary(example_results()));
  std::vector<std::string> paths = {"schema_version",
                                    "scenario",
                                    "seed",
                                    "simulated_s",
                                    "wall_s",
                                    "cpu_s",
                                    "complete",
                                    "requests.arrived",
                                    "requests.completed",
                                    "requests.rejected",
                                    "requests.failed",
                                    "requests.unfinished",
                                    "tokens.input",
                                    "tokens.output",
                                    "tokens.output_per_s",
                                    "energy_J",
                                    "energy_per_output_token_J",
                                    "cost_usd",
                                    "cost_per_million_output_tokens_usd",
                                    "carbon_g",
                                    "pools.main",
                                    "sites.korea",
                                    "services.chat",
                                    "slo.chat.ttft_p95.met",
                                    "provenance.weakest",
                                    "provenance.announced",
                                    "provenance.assumed"};
  for (const char* latency : {"ttft", "ttft_queued", "tpot", "itl", "e2e", "queue"}) {
    for (const char* figure : {"mean", "p50", "p90", "p95", "p99", "max"}) {
      paths.push_back(std::string("latency_s.") + latency + "." + figure);
    }
  }
  for (const std::string& path : paths) EXPECT_NE(at(node, path), nullptr) << path;
}

TEST(JsonSummary, GivesTheFigures) {
  const Node node = parsed(json_summary(example_results()));
  EXPECT_EQ(at(node, "schema_version")->text, "1");
  EXPECT_EQ(at(node, "latency_s.ttft.p95")->text, "0.45");
  EXPECT_EQ(at(node, "tokens.output_per_s")->text, "27.5");
  EXPECT_EQ(at(node, "cost_per_million_output_tokens_usd")->text, "50");
  EXPECT_EQ(at(node, "pools.main.utilisation.kv_peak")->text, "0.99");
  EXPECT_EQ(at(node, "slo_met")->text, "false");
  EXPECT_EQ(at(node, "provenance.assumed")->items.size(), 1U);
}

TEST(JsonSummary, LeavesTheTimingOutWhenAsked) {
  Results slow = example_results();
  slow.wall_s = 5;
  slow.cpu_s = 4;
  EXPECT_NE(json_summary(slow), json_summary(example_results()));
  EXPECT_EQ(json_summary(slow, SummaryTiming::left_out), json_summary(example_results(), SummaryTiming::left_out));
}

TEST(JsonSummary, GivesNullForAFigureThatDoesNotExist) {
  Results results = example_results();
  results.latency.tpot = {};
  results.output_tokens = 0;
  const Node node = parsed(json_summary(results));
  EXPECT_EQ(at(node, "latency_s.tpot.p99")->kind, Node::Kind::null);
  EXPECT_EQ(at(node, "energy_per_output_token_J")->kind, Node::Kind::null);
}

TEST(JsonSummary, AddsPoolsOfOneSiteUp) {
  Results results = example_results();
  results.pools.push_back(results.pools[0]);
  results.pools.back().name = "second";
  const Node node = parsed(json_summary(results));
  EXPECT_EQ(at(node, "sites.korea.chips")->text, "32");
  EXPECT_EQ(at(node, "sites.korea.energy_J")->text, "4500000");
}

TEST(JsonSummary, TellsHowManyAdaptersStepsServed) {
  Results results = example_results();
  results.pools[0].adapters = {8, 3.25};
  const std::string json = json_summary(results, SummaryTiming::left_out);
  EXPECT_NE(json.find(R"("most_per_step": 8)"), std::string::npos);
  EXPECT_NE(json.find(R"("mean_per_step": 3.25)"), std::string::npos);
}

TEST(JsonSummary, TellsWhatDraftsWereWorth) {
  const std::string json = json_summary(example_with_drafts(), SummaryTiming::left_out);
  for (const char* text : {R"("draft": "llama-3.1-8b")", R"("draft_tokens": 4)", R"("drafted_tokens": 160000)",
                           R"("accepted_share": 0.375)", R"("tokens_per_verification": 2.5)"}) {
    EXPECT_NE(json.find(text), std::string::npos) << text;
  }
}

TEST(JsonSummary, TellsHowPromptsCameToAPoolThatHasThemComputed) {
  const std::string json = json_summary(example_of_split_pools(), SummaryTiming::left_out);
  for (const char* text : {R"("from": "prompts")", R"("first_token": "prefill")", R"("overlap": "layers")",
                           R"("shared_by": "sender")", R"("bytes": 320000000000)", R"("link_utilisation": 0.125)"}) {
    EXPECT_NE(json.find(text), std::string::npos) << text;
  }
  EXPECT_EQ(json_summary(example_results(), SummaryTiming::left_out).find("kv_transfers"), std::string::npos);
}

TEST(Metrics, AreTheNumbersOfTheSummaryUnderTheirPaths) {
  const Node node = parsed(json_summary(example_results()));
  std::set<std::string> seen;
  for (const Metric& metric : summary_metrics(example_results())) {
    EXPECT_TRUE(seen.insert(metric.path).second) << metric.path;
    const Node* there = at(node, metric.path);
    ASSERT_NE(there, nullptr) << metric.path;
    EXPECT_EQ(metric.value.value_or(-1), parse_number(there->text).value_or(-1)) << metric.path;
  }
  EXPECT_TRUE(seen.contains("latency_s.ttft.p95"));
  EXPECT_TRUE(seen.contains("pools.main.utilisation.busy"));
  EXPECT_FALSE(seen.contains("seed"));
}

std::string outcome_of(std::string_view condition) {
  const std::vector<Metric> metrics = summary_metrics(example_results());
  const auto requirement = parse_requirement(condition, metrics);
  return requirement ? unmet(*requirement, metrics) : "refused: " + requirement.error();
}

TEST(Requirement, ComparesInTheUnitOfTheMetric) {
  EXPECT_EQ(outcome_of("latency_s.ttft.p95<=450 ms"), "");
  EXPECT_EQ(outcome_of("latency_s.ttft.p95 < 450 ms"), "latency_s.ttft.p95 is 450 ms, required < 450 ms");
  EXPECT_EQ(outcome_of("tokens.output_per_s>=100 token/s"),
            "tokens.output_per_s is 27.5 token/s, required >= 100 token/s");
  EXPECT_EQ(outcome_of("cost_per_million_output_tokens_usd<=$60"), "");
  EXPECT_EQ(outcome_of("energy_J < 1 kWh"), "");
  EXPECT_EQ(outcome_of("pools.main.mean_chip_power_W>400 W"),
            "pools.main.mean_chip_power_W is 350 W, required > 400 W");
}

TEST(Requirement, TakesNumbersAndPercentagesForPlainMetrics) {
  EXPECT_EQ(outcome_of("requests.rejected<=10"), "");
  EXPECT_EQ(outcome_of("services.chat.goodput_share>=95 %"), "");
  EXPECT_EQ(outcome_of("services.chat.goodput_share>=0.99"), "services.chat.goodput_share is 0.955, required >= 0.99");
  EXPECT_EQ(outcome_of("latency_s.ttft.count>=990"), "");
}

TEST(Requirement, RefusesWhatItCannotRead) {
  EXPECT_THAT(outcome_of("latency_s.ttft.p95<=1"), HasSubstr("has no unit"));
  EXPECT_THAT(outcome_of("latency_s.ttft.p95<=1 GB"), HasSubstr("is not measured in ms"));
  EXPECT_THAT(outcome_of("latency_s.tftt.p95<=1 s"), HasSubstr("did you mean 'latency_s.ttft.p95'?"));
  EXPECT_THAT(outcome_of("zzz<=1 s"), HasSubstr("as in latency_s.ttft.p95"));
  EXPECT_THAT(outcome_of("latency_s.ttft.p95"), HasSubstr("has no <=, <, >= or >"));
  EXPECT_THAT(outcome_of("requests.rejected<=few"), HasSubstr("'few' is not a number"));
}

TEST(Requirement, IsNotMetByAMetricWithoutValue) {
  Results results = example_results();
  results.latency.tpot = {};
  const std::vector<Metric> metrics = summary_metrics(results);
  const auto requirement = parse_requirement("latency_s.tpot.p99<=1 s", metrics);
  ASSERT_TRUE(requirement);
  EXPECT_EQ(unmet(*requirement, metrics), "latency_s.tpot.p99 has no value in this run");
}

}  // namespace
}  // namespace orrery
