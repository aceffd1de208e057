#include "orrery/network/radio_pings.h"

#include <gtest/gtest.h>

#include <numeric>

#include "example_cells.h"
#include "orrery/base/percentiles.h"
#include "orrery/network/delay_distribution.h"

namespace orrery {
namespace {

RadioCell skt() { return compiled(catalog_radio("skt-5g")); }

double mean_ms(const std::vector<double>& ticks) {
  return milliseconds(std::accumulate(ticks.begin(), ticks.end(), 0.0) / static_cast<double>(ticks.size()));
}

TEST(RadioPings, OneUserInAnIdleCellHasTheExactDistribution) {
  const RadioCell cell = skt();
  PingDelays delays = carry_pings(cell, {.packets = 400'000});
  const DelayDistribution up = uplink_delays(cell.calendar(), cell.errors());
  const DelayDistribution down = downlink_delays(cell.calendar(), cell.errors());
  EXPECT_NEAR(mean_ms(delays.up), milliseconds(up.mean()), 0.02);
  EXPECT_NEAR(mean_ms(delays.down), milliseconds(down.mean()), 0.01);
  Percentiles percentiles(delays.up);
  for (const double fraction : {0.05, 0.5, 0.95}) {
    EXPECT_NEAR(up.share_up_to(percentiles.at(fraction)), fraction, 0.003) << fraction;
  }
}

// 5G-LENA v2.3 on ns-3.37, one user, 100 MHz, 56-byte pings: 13.3 ms. Its scheduling requests are set otherwise.
TEST(RadioPings, TheMedianRoundTripIsNearThatOf5gLena) {
  PingDelays delays = carry_pings(skt(), {.packets = 400'000});
  EXPECT_NEAR(milliseconds(Percentiles(delays.round_trip).at(0.5)), 13.3, 1);
}

TEST(RadioPings, SumsOfPartsAreSumsOfDelays) {
  const PingDelays delays = carry_pings(skt(), {.users = 7, .packets = 10'000, .load = 0.3});
  EXPECT_EQ(static_cast<double>(delays.up_sums.done), std::accumulate(delays.up.begin(), delays.up.end(), 0.0));
  EXPECT_EQ(static_cast<double>(delays.down_sums.done), std::accumulate(delays.down.begin(), delays.down.end(), 0.0));
  for (std::size_t i = 0; i < delays.up.size(); ++i) {
    ASSERT_EQ(delays.round_trip[i], delays.up[i] + delays.down[i]);
  }
}

TEST(RadioPings, NoPacketOfOneUserIsFasterUnderMoreLoad) {
  const RadioCell cell = skt();
  const auto carry = [&](double load) { return carry_pings(cell, {.packets = 20'000, .load = load}); };
  PingDelays before = carry(0);
  for (const double load : {0.1, 0.3, 0.6, 0.9}) {
    PingDelays more = carry(load);
    for (std::size_t i = 0; i < more.up.size(); ++i) {
      ASSERT_GE(more.up[i], before.up[i]) << load << " " << i;
      ASSERT_GE(more.down[i], before.down[i]) << load << " " << i;
    }
    EXPECT_GT(mean_ms(more.round_trip), mean_ms(before.round_trip));
    before = std::move(more);
  }
}

TEST(RadioPings, AFullControlChannelDelaysItsUsers) {
  RadioRecord record = catalog_radio("skt-5g");
  record.pdcch_per_slot.value = 1;
  const RadioCell narrow = compiled(record);
  const RadioCell wide = skt();
  double before = 0;
  for (const std::int64_t users : {1, 4, 10, 32}) {
    const PingQuestion question{.users = users, .packets = 200'000};
    ASSERT_LT(control_use(narrow, question), 1);
    const double mean = mean_ms(carry_pings(narrow, question).round_trip);
    EXPECT_GT(mean, before - 0.05) << users;
    EXPECT_GE(mean, mean_ms(carry_pings(wide, question).round_trip) - 0.05) << users;
    before = mean;
  }
  EXPECT_GT(before, mean_ms(carry_pings(narrow, {.packets = 200'000}).round_trip) + 1);
}

TEST(RadioPings, EntriesOfAPingAreTheAnswerTheGrantsAndTheRepeats) {
  RadioRecord record = catalog_radio("skt-5g");
  EXPECT_NEAR(control_entries_of_ping(compiled(record)), 3 + 2 * 0.101001, 1e-9);
  record.grant.value = Grant::configured;
  EXPECT_NEAR(control_entries_of_ping(compiled(record)), 1 + 2 * 0.101001, 1e-9);
  EXPECT_NEAR(control_entries_of_ping(compiled(catalog_radio("lte-20mhz"))), 3 + 0.101001, 1e-9);
}

TEST(RadioPings, TheSameSeedGivesTheSameAnswerAndAnotherOneAnother) {
  const RadioCell cell = skt();
  const PingQuestion question{.users = 5, .packets = 1000, .load = 0.2};
  PingQuestion other = question;
  other.seed = 2;
  EXPECT_EQ(carry_pings(cell, question).round_trip, carry_pings(cell, question).round_trip);
  EXPECT_NE(carry_pings(cell, question).round_trip, carry_pings(cell, other).round_trip);
}

}  // namespace
}  // namespace orrery
