#include "orrery/report/replay_report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "orrery/base/file.h"

namespace orrery {
namespace {

constexpr const char* kRuns = "../shared/data/serving";

class RealRuns : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kRuns)) GTEST_SKIP() << kRuns << " is absent";
    Diagnostics diagnostics;
    suite_ = replay_real_runs(kRuns, Catalog("catalog"), diagnostics);
    ASSERT_FALSE(diagnostics.has_errors());
  }
  const Replay& replay(std::string_view run, std::string_view variant) const {
    const auto found = std::find_if(suite_.by_request.begin(), suite_.by_request.end(),
                                    [&](const Replay& r) { return r.run == run && r.variant == variant; });
    EXPECT_NE(found, suite_.by_request.end());
    return *found;
  }
  ReplaySuite suite_;
};

double error_of(const Replay& replay, std::string_view figure) {
  for (const ReplayedFigure& one : replay.figures) {
    if (one.name == figure) return one.error();
  }
  ADD_FAILURE() << figure;
  return 0;
}

TEST_F(RealRuns, TheRunOnAnRtx4090IsReplayedWithinThreePercentFromItsDatasheet) {
  const Replay& given = replay("vllm-rtx4090-llama3.1-8b", "blocks given");
  for (const char* figure : {"TTFT queued mean", "TPOT mean", "E2E queued mean", "makespan"}) {
    EXPECT_LT(std::abs(error_of(given, figure)), 0.03) << figure;
  }
  EXPECT_EQ(given.hit_tokens, 4848);
  const Replay& nothing = replay("vllm-rtx4090-llama3.1-8b", "nothing given");
  EXPECT_LT(std::abs(error_of(nothing, "KV blocks")), 0.05);
}

TEST_F(RealRuns, InOverloadFailuresAndSurvivorsAreAsMeasuredWhereTheTimePerTokenIs) {
  ASSERT_EQ(suite_.in_overload.size(), 3u);
  for (const Replay& replay : suite_.in_overload) {
    const bool is_given = replay.variant.ends_with("TPOT given");
    if (!is_given && replay.run != "llama-2-7b-tp1-reasoning") continue;  // Mixtral's steps are predicted too short
    EXPECT_LT(std::abs(error_of(replay, "failures")), 0.10) << replay.run << ' ' << replay.variant;
    EXPECT_LT(std::abs(error_of(replay, "E2E median")), 0.15) << replay.run << ' ' << replay.variant;
    EXPECT_LT(std::abs(error_of(replay, "TPOT mean")), 0.05) << replay.run;
  }
}

TEST_F(RealRuns, EveryRunIsReplayed) {
  EXPECT_EQ(suite_.by_request.size(), 3u);  // one of the two runs reports its blocks
  EXPECT_EQ(suite_.by_stage.size(), 10u);
  for (const Replay& replay : suite_.by_stage) {
    EXPECT_GT(replay.hit_tokens, 0) << replay.run;
    for (const ReplayedFigure& figure : replay.figures) EXPECT_GT(figure.simulated, 0) << replay.run << figure.name;
  }
}

TEST_F(RealRuns, ThePageIsWhatValidatePrints) {
  const auto page = read_file("docs/REPLAYS.md");
  ASSERT_TRUE(page) << page.error();
  EXPECT_EQ(*page, replay_markdown(suite_))
      << "docs/REPLAYS.md is stale: orrery validate " << kRuns << " --markdown > docs/REPLAYS.md";
}

}  // namespace
}  // namespace orrery
