#include "orrery/estimate/closed_loop.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

/// Steps of 1000 us, 10 us for each token, and nothing else.
RankSteps plain_steps() {
  RankSteps steps;
  for (std::size_t i = 0; i < RankSteps::kGrid; ++i) steps.linear[i] = 1000 + 10 * std::exp2(static_cast<double>(i));
  return steps;
}

ClosedLoop loop_of(std::int64_t users, double input, double output) {
  ClosedLoop loop;
  loop.users = users;
  loop.input_tokens = input;
  loop.output_tokens = output;
  return loop;
}

TEST(ClosedLoop, OneUserWaitsForItsOwnStepsOnly) {
  const LoopTimes times = run_closed_loop(plain_steps(), loop_of(1, 256, 101), 1);
  EXPECT_DOUBLE_EQ(times.ttft_us, 1000 + 10 * 256);
  EXPECT_DOUBLE_EQ(times.tpot_us, 1000 + 10);
}

TEST(ClosedLoop, PromptsOfOthersLengthenTheGaps) {
  const LoopTimes alone = run_closed_loop(plain_steps(), loop_of(1, 4096, 101), 1);
  ClosedLoop shared = loop_of(8, 4096, 101);
  shared.shortest_share = 0.8;
  const LoopTimes together = run_closed_loop(plain_steps(), shared, 1);
  EXPECT_GT(together.tpot_us, alone.tpot_us + 7 * 10);  // seven more tokens a step, and prompts between them
  EXPECT_GT(together.ttft_us, alone.ttft_us * 0.8);
}

TEST(ClosedLoop, MoreUsersNeverMakeATokenFaster) {
  double last = 0;
  for (const std::int64_t users : {1, 2, 4, 16, 64, 256}) {
    ClosedLoop loop = loop_of(users, 512, 64);
    loop.shortest_share = 0.8;
    const LoopTimes times = run_closed_loop(plain_steps(), loop, 1);
    EXPECT_GE(times.tpot_us, last) << users;
    last = times.tpot_us;
  }
}

TEST(ClosedLoop, CachedTokensAreSummedOverTheRun) {
  RankSteps steps = plain_steps();
  steps.decode_token = 1;
  const LoopTimes times = run_closed_loop(steps, loop_of(1, 256, 101), 1);
  EXPECT_DOUBLE_EQ(times.tpot_us, 1010 + 256 + (1 + 100) / 2.0);  // after each step one token more
}

TEST(ClosedLoop, ASmallCacheMakesRequestsWaitAndKeepsTheBatchSmall) {
  ClosedLoop loop = loop_of(16, 512, 64);
  const LoopTimes wide = run_closed_loop(plain_steps(), loop, 1);
  loop.cache_tokens = 4 * (512 + 64);
  const LoopTimes narrow = run_closed_loop(plain_steps(), loop, 1);
  EXPECT_GT(narrow.ttft_us, 2 * wide.ttft_us);
  EXPECT_LT(narrow.tpot_us, wide.tpot_us);
}

TEST(ClosedLoop, PausedDecodesWaitForPrompts) {
  ClosedLoop loop = loop_of(8, 4096, 64);
  loop.shortest_share = 0.8;
  const LoopTimes mixed = run_closed_loop(plain_steps(), loop, 1);
  loop.prompts_pause_decoding = true;
  const LoopTimes paused = run_closed_loop(plain_steps(), loop, 1);
  EXPECT_GT(paused.tpot_us, mixed.tpot_us);
}

TEST(ClosedLoop, EqualSeedsGiveEqualTimes) {
  ClosedLoop loop = loop_of(32, 1024, 256);
  loop.shortest_share = 0.8;
  const LoopTimes a = run_closed_loop(plain_steps(), loop, 7);
  const LoopTimes b = run_closed_loop(plain_steps(), loop, 7);
  EXPECT_EQ(a.ttft_us, b.ttft_us);
  EXPECT_EQ(a.tpot_us, b.tpot_us);
}

}  // namespace
}  // namespace orrery
