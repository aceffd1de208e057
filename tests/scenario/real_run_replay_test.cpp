#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "../serving/drive.h"
#include "../serving/linear_cost.h"
#include "orrery/base/file.h"
#include "orrery/base/gzip.h"

// The workload of a real vLLM run (300 ShareGPT requests) under a step time of integer constants.
// Expected figures: the scheduler reference's replay table, row "prefix caching off", RTX 4090
// workload: a = 16,500,000 ns, b = 95,000 ns a token, c = 130 ns a cached token, 2,588 blocks.

namespace orrery {
namespace {

std::int64_t number_after(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  EXPECT_NE(at, std::string_view::npos) << key;
  std::int64_t value = -1;
  std::from_chars(line.data() + at + key.size(), line.data() + line.size(), value);
  return value;
}

RequestTable read_workload(const std::string& path) {
  struct Row {
    std::int64_t arrival, input, output;
  };
  const auto packed = read_file(path);
  EXPECT_TRUE(packed.has_value());
  const auto text = inflate_gzip(*packed, std::size_t{1} << 30);
  EXPECT_TRUE(text.has_value());
  std::vector<Row> rows;
  for (std::string_view rest = *text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    rows.push_back({number_after(line, "\"arrival_time_ns\": "), number_after(line, "\"input_toks\": "),
                    number_after(line, "\"output_toks\": ")});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.arrival < b.arrival; });
  RequestTable table;
  for (const Row& row : rows) {
    table.add(row.arrival, static_cast<std::int32_t>(row.input), static_cast<std::int32_t>(row.output));
  }
  return table;
}

TEST(RealRunReplay, EqualsTheReferenceTableWithoutPrefixCache) {
  const std::string path = "../shared/data/serving/vllm-rtx4090-llama3.1-8b/workload.jsonl.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  const RequestTable table = read_workload(path);
  ASSERT_EQ(table.size(), 300U);
  const StepCost cost = linear_cost(16'500'000, 95'000, 130, 2048, 256);
  for (const bool step_by_step : {false, true}) {
    const ReplicaRun run = serve(cost, {256, 2048, 16, 2587, 1'000'000, true}, table, step_by_step);
    std::int64_t ttft = 0;
    std::int64_t e2e = 0;
    for (std::size_t i = 0; i < table.size(); ++i) {
      ttft += run.outcomes.first_token_ps[i] - table.arrival_ps[i];
      e2e += run.outcomes.finish_ps[i] - table.arrival_ps[i];
    }
    EXPECT_EQ(run.totals.steps, 6163);
    EXPECT_EQ(run.totals.preemptions, 190);
    EXPECT_EQ(run.totals.recomputed_tokens, 178'711);
    EXPECT_EQ(run.totals.end_ps, 192'296'573'708);
    EXPECT_EQ(ttft, 20'972'093'603'403);
    EXPECT_EQ(e2e, 27'573'999'857'493);
  }
}

}  // namespace
}  // namespace orrery
