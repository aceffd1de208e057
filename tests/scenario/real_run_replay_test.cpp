#include <gtest/gtest.h>

#include <filesystem>
#include <unordered_set>

#include "../serving/drive.h"
#include "../serving/linear_cost.h"
#include "../serving/reference_scheduler.h"
#include "orrery/scenario/trace_reader.h"

// The workloads of two real vLLM runs (300 ShareGPT requests each) under a step time of integer constants: a + b T +
// c K nanoseconds for T tokens and K cached tokens. Expected figures: the replay table of the scheduler's
// specification, whose unit of time is the nanosecond.

namespace orrery {
namespace {

constexpr const char* kRtx4090 = "../shared/data/serving/vllm-rtx4090-llama3.1-8b/workload.jsonl.gz";
constexpr const char* kRtxPro6000 = "../shared/data/serving/vllm-rtxpro6000x2-qwen3-32b/workload.jsonl.gz";

RequestTable read_requests(const std::string& path) {
  Diagnostics diagnostics;
  auto trace = read_trace(path, {}, diagnostics);
  EXPECT_TRUE(trace.has_value()) << path;
  return trace ? std::move(trace->requests) : RequestTable();
}

/// A workload with times in nanoseconds.
RequestTable read_workload(const std::string& path) {
  RequestTable table = read_requests(path);
  EXPECT_EQ(table.size(), 300U);
  for (std::int64_t& time : table.arrival_ps) time /= 1000;
  return table;
}

struct Figures {
  std::int64_t steps = 0, preemptions = 0, hit_tokens = 0, recomputed = 0, end = 0, ttft = 0, e2e = 0;
  friend bool operator==(const Figures&, const Figures&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Figures& f) {
    return out << f.steps << " steps, " << f.preemptions << " preemptions, " << f.hit_tokens << " hit, " << f.recomputed
               << " recomputed, end " << f.end << ", TTFT " << f.ttft << ", E2E " << f.e2e;
  }
};

struct Row {
  const char* name;
  const char* workload;
  EngineLimits limits;  // usable blocks: one less than the blocks of the table, except where there is no null block
  Figures expected;
};

constexpr EngineLimits rtx4090(std::int64_t usable_blocks) {
  return {256, 2048, 16, usable_blocks, 1'000'000, true, true, false, 0};
}
template <class Change>
constexpr EngineLimits changed(EngineLimits limits, Change change) {
  change(limits);
  return limits;
}
constexpr EngineLimits rtx_pro_6000(std::int64_t usable_blocks) {
  return {128, 2048, 16, usable_blocks, 1'000'000, true, true, false, 0};
}

const Row kRows[] = {
    {"Blocks2588",
     kRtx4090,
     rtx4090(2587),
     {6'140, 197, 4'848, 111'092, 184'961'015'928, 19'958'720'609'663, 26'358'852'507'993}},
    {"NoNullBlock",
     kRtx4090,
     rtx4090(2588),
     {6'137, 196, 4'848, 111'881, 185'020'048'898, 19'964'442'454'523, 26'365'356'071'383}},
    {"WholePromptsNotReserved",
     kRtx4090,
     changed(rtx4090(2587), [](auto& l) { l.reserve_full_prompt = false; }),
     {6'136, 231, 4'848, 151'297, 185'577'571'838, 20'003'782'329'603, 26'429'244'766'243}},
    {"PrefixCachingOff",
     kRtx4090,
     changed(rtx4090(2587), [](auto& l) { l.prefix_caching = false; }),
     {6'163, 190, 0, 178'711, 192'296'573'708, 20'972'093'603'403, 27'573'999'857'493}},
    {"MaxNumSeqs32",
     kRtx4090,
     changed(rtx4090(2587), [](auto& l) { l.max_sequences = 32; }),
     {6'656, 56, 6'112, 23'814, 185'172'479'168, 20'600'696'498'243, 26'122'825'248'283}},
    {"Budget512",
     kRtx4090,
     changed(rtx4090(2587), [](auto& l) { l.max_batched_tokens = 512; }),
     {6'171, 168, 4'848, 101'168, 184'246'695'818, 19'941'244'412'903, 26'241'054'116'653}},
    {"LongPrefillTokenThreshold256",
     kRtx4090,
     changed(rtx4090(2587), [](auto& l) { l.long_prefill_token_threshold = 256; }),
     {6'156, 510, 5'856, 326'323, 196'177'949'658, 21'379'148'713'773, 28'238'965'741'443}},
    {"Blocks1500",
     kRtx4090,
     rtx4090(1499),
     {10'416, 212, 2'784, 107'359, 255'306'722'838, 31'236'695'717'733, 36'318'974'925'543}},
    {"Blocks100000",
     kRtx4090,
     rtx4090(99'999),
     {1'626, 0, 19'520, 0, 98'652'063'088, 1'752'043'728'433, 18'610'008'839'003}},
    {"Blocks2588Asynchronous",
     kRtx4090,
     changed(rtx4090(2587), [](auto& l) { l.async_scheduling = true; }),
     {6'142, 196, 4'848, 108'839, 184'878'001'988, 19'977'345'947'033, 26'375'242'521'443}},
    {"Blocks100000Asynchronous",
     kRtx4090,
     changed(rtx4090(99'999), [](auto& l) { l.async_scheduling = true; }),
     {1'632, 0, 19'520, 0, 98'750'060'138, 1'776'729'079'393, 18'624'166'832'133}},
    {"Qwen32BBlocks20000",
     kRtxPro6000,
     rtx_pro_6000(19'999),
     {2'268, 0, 20'000, 0, 133'764'780'328, 7'362'435'307'063, 20'324'562'909'543}},
    {"Qwen32BBlocks6000",
     kRtxPro6000,
     rtx_pro_6000(5'999),
     {3'075, 149, 10'384, 108'121, 170'879'639'208, 12'876'129'386'903, 25'791'873'318'983}},
};

StepCost cost_of(const Row& row) {
  return row.workload == kRtx4090
             ? linear_cost(16'500'000, 95'000, 130, row.limits.max_batched_tokens, row.limits.max_sequences)
             : linear_cost(33'000'000, 90'000, 80, row.limits.max_batched_tokens, row.limits.max_sequences);
}

class RealRunReplay : public testing::TestWithParam<Row> {};
INSTANTIATE_TEST_SUITE_P(Table, RealRunReplay, testing::ValuesIn(kRows),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(RealRunReplay, EqualsTheTableInClosedFormAndStepByStep) {
  const Row& row = GetParam();
  if (!std::filesystem::exists(row.workload)) GTEST_SKIP() << row.workload << " is absent";
  const RequestTable table = read_workload(row.workload);
  const StepCost cost = cost_of(row);
  for (const bool step_by_step : {false, true}) {
    const ReplicaRun run = serve(cost, row.limits, table, step_by_step);
    Figures figures{run.totals.steps,
                    run.totals.preemptions,
                    run.totals.hit_tokens,
                    run.totals.recomputed_tokens,
                    run.totals.end_ps,
                    0,
                    0};
    for (std::size_t i = 0; i < table.size(); ++i) {
      figures.ttft += run.outcomes.first_token_ps[i] - table.arrival_ps[i];
      figures.e2e += run.outcomes.finish_ps[i] - table.arrival_ps[i];
    }
    EXPECT_EQ(figures, row.expected);
    EXPECT_EQ(run.free_blocks, row.limits.usable_blocks);
  }
}

TEST_P(RealRunReplay, EqualsTheTableWithThePlainScheduler) {
  const Row& row = GetParam();
  if (!std::filesystem::exists(row.workload)) GTEST_SKIP() << row.workload << " is absent";
  const RequestTable table = read_workload(row.workload);
  const StepCost cost = cost_of(row);
  ReferenceScheduler reference(cost, row.limits, table);
  reference.run();
  Figures figures{std::ssize(reference.steps),
                  reference.preemptions,
                  reference.hit_tokens,
                  reference.recomputed,
                  reference.steps.back().end,
                  0,
                  0};
  for (const auto& request : reference.requests) {
    figures.ttft += request.first_token - request.arrival;
    figures.e2e += request.finish - request.arrival;
  }
  EXPECT_EQ(figures, row.expected);
}

/// Tokens of prompts that a cache of any size finds when the requests come one by one: prompts and earlier answers.
std::int64_t unlimited_hits(const std::string& path) {
  RequestTable table = read_workload(path);
  for (std::size_t i = 0; i < table.size(); ++i) table.arrival_ps[i] = static_cast<std::int64_t>(i) << 40;
  const ReplicaRun run = serve(linear_cost(1, 0, 0, 2048, 256), rtx4090(10'000'000), table);
  return run.totals.hit_tokens;
}

TEST(PrefixCache, OfUnlimitedSizeFindsWhatTheWorkloadsShare) {
  if (!std::filesystem::exists(kRtx4090)) GTEST_SKIP() << kRtx4090 << " is absent";
  EXPECT_EQ(unlimited_hits(kRtx4090), 19'520);
  EXPECT_EQ(unlimited_hits(kRtxPro6000), 20'448);
}

struct Reuse {
  std::size_t blocks, found;
};
/// Ids of a Mooncake trace, and those of them that a cache of any size would find.
Reuse reuse_of(const std::string& path) {
  const RequestTable table = read_requests(path);
  std::unordered_set<std::uint64_t> seen;
  for (const std::uint64_t key : table.content_keys) seen.insert(key);
  return {table.content_keys.size(), table.content_keys.size() - seen.size()};
}

TEST(PrefixCache, OfUnlimitedSizeFindsWhatTheMooncakeTracesShare) {
  const std::string folder = "../shared/data/traces/";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is absent";
  const Reuse conversation = reuse_of(folder + "mooncake-conversation.jsonl.gz");
  EXPECT_EQ(conversation.blocks, 288'500U);
  EXPECT_EQ(conversation.found, 105'710U);
  const Reuse synthetic = reuse_of(folder + "mooncake-synthetic.jsonl.gz");
  EXPECT_EQ(synthetic.blocks, 121'877U);
  EXPECT_EQ(synthetic.found, 77'953U);
}

}  // namespace
}  // namespace orrery
