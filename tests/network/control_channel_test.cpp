#include "orrery/network/control_channel.h"

#include <gtest/gtest.h>

#include "example_cells.h"

namespace orrery {
namespace {

RadioCell with_entries(std::int64_t entries) {
  RadioRecord record = catalog_radio("skt-5g");
  record.pdcch_per_slot.value = entries;
  return compiled(record);
}

TEST(ControlChannel, LimitsAreThoseOfTheReference) {
  const std::pair<int, double> goldens[] = {{2, 160}, {4, 320}, {12, 960}, {18, 1440}, {24, 1920}};
  for (const auto& [entries, streams] : goldens) {
    EXPECT_DOUBLE_EQ(streams_at_control_limit(with_entries(entries), {}), streams) << entries;
    EXPECT_DOUBLE_EQ(streams_at_control_limit(with_entries(entries), {.acknowledged = true}), streams / 2) << entries;
  }
}

TEST(ControlChannel, TheQueueSaturatesWhereTheLimitIs) {
  const RadioCell cell = with_entries(24);
  const std::int64_t steady = steady_streams(cell, {}, Seconds(20), 1);
  EXPECT_NEAR(static_cast<double>(steady), 1920, 0.01 * 1920);
  const std::int64_t acknowledged = steady_streams(cell, {.acknowledged = true}, Seconds(20), 1);
  EXPECT_NEAR(static_cast<double>(acknowledged), 960, 0.01 * 960);
}

TEST(ControlChannel, TokensTimesStreamsGrowWithTheStreamInterval) {
  const RadioCell cell = with_entries(12);
  double before = 0;
  for (const std::int64_t interval : {1, 4, 16}) {
    const StreamLoad load{20, interval, false};
    const double limit = streams_at_control_limit(cell, load);
    const auto steady = static_cast<double>(steady_streams(cell, load, Seconds(20), 1));
    EXPECT_NEAR(steady, limit, 0.01 * limit) << interval;
    EXPECT_GT(steady * load.tokens_per_second, before) << interval;
    before = steady * load.tokens_per_second;
  }
}

TEST(ControlChannel, MoreStreamsNeverWaitLess) {
  const RadioCell cell = with_entries(4);
  double before = 0;
  for (const std::int64_t streams : {1, 50, 150, 250, 300, 315, 330, 400}) {
    const double wait = run_control_channel(cell, {}, streams, Seconds(5), 1).mean_wait;
    EXPECT_GE(wait, before) << streams;
    before = wait;
  }
  EXPECT_GT(before, slot_ticks(1) * 100.0);
}

}  // namespace
}  // namespace orrery
