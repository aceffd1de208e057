#include "orrery/network/radio_cell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "example_cells.h"

namespace orrery {
namespace {

/// The messages about a changed record.
std::vector<std::string> problems(const std::function<void(RadioRecord&)>& change, const char* id = "skt-5g") {
  RadioRecord record = catalog_radio(id);
  change(record);
  Diagnostics diagnostics;
  EXPECT_FALSE(RadioCell::compile(record, diagnostics));
  std::vector<std::string> messages;
  for (const Diagnostic& one : diagnostics.sorted()) messages.push_back(one.message);
  return messages;
}

TEST(RadioCell, KoreanCarriersHaveTheRatesOfTheReference) {
  const RadioCell cell = compiled(catalog_radio("skt-5g"));
  EXPECT_EQ(cell.resource_blocks(), 273);
  EXPECT_NEAR(cell.peak(Direction::downlink).si() * 8e-6, 1736.06, 0.01);
  EXPECT_NEAR(cell.peak(Direction::uplink).si() * 8e-6, 107.14, 0.01);
  EXPECT_NEAR(cell.highest_rate(Direction::downlink).si() * 8e-6, 1566.6, 0.05);
  EXPECT_NEAR(cell.rate_at_quality(12).si() * 8e-6, 1167.2, 0.05);
  EXPECT_EQ(compiled(catalog_radio("lgu-5g")).resource_blocks(), 217);
}

TEST(RadioCell, MoreBandwidthIsNeverSlower) {
  RadioRecord record = catalog_radio("skt-5g");
  double before = 0;
  for (const double megahertz : {5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 100}) {
    record.bandwidth.value = Hertz(megahertz * 1e6);
    const double rate = compiled(record).rate_at_quality(12).si();
    EXPECT_GT(rate, before) << megahertz;
    before = rate;
  }
}

TEST(RadioCell, ThirtyKilohertzInDddsuHas1600SlotsForControl) {
  EXPECT_DOUBLE_EQ(compiled(catalog_radio("skt-5g")).control_slots_per_second(), 1600);
}

TEST(RadioCell, ImpossibleValuesAreReportedAtTheirPlace) {
  using testing::ElementsAre;
  EXPECT_THAT(problems([](RadioRecord& r) { r.tdd->value = "DDDD"; }),
              ElementsAre("'DDDD' has no slot for the uplink: U"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.s_split->value = "10:2:3"; }),
              ElementsAre("the symbols of '10:2:3' add up to 15, and a slot has 14"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.s_split->value = "1:11:2"; }),
              ElementsAre("1 downlink symbols do not hold the 2 of control"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.sr_offset.value = 3; }),
              ElementsAre("no scheduling request meets an uplink slot: one in 20 slots, from slot 3 on"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.sr_period.value = Seconds(0.7e-3); }),
              ElementsAre("700 us is no whole number of slots of 0.5 ms"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.bandwidth.value = Hertz(110e6); }),
              ElementsAre(testing::StartsWith("TS 38.101 has no carrier of")));
  EXPECT_THAT(problems([](RadioRecord& r) { r.frequency.value = Hertz(10e9); }),
              ElementsAre("10 GHz is in no frequency range of NR"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.data->channel_quality[0].share.value = 0.2; }),
              ElementsAre("the shares of channel_quality add up to 0.9, not to 1"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.states.drx_cycle.reset(); }),
              ElementsAre("drx_cycle and drx_inactivity come together"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.tdd.reset(); }), ElementsAre("'tdd' is missing: a cell of tdd has one"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.data.reset(); }), ElementsAre("'data' is missing: a cell of nr has it"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.tdd.emplace("DU"); }, "lte-20mhz"),
              ElementsAre("a pattern is of tdd, and this cell is fdd"));
  EXPECT_THAT(problems([](RadioRecord& r) { r.mu.value = 1; }, "lte-20mhz"),
              ElementsAre("LTE has slots of 1 ms here: mu 0"));
}

TEST(RadioCell, AllProblemsAreReportedAtOnce) {
  EXPECT_EQ(problems([](RadioRecord& r) {
              r.tdd->value = "UUU";
              r.bandwidth.value = Hertz(7e6);
              r.data->channel_quality[0].share.value = 0;
            }).size(),
            3U);
}

TEST(RadioCell, TheGainOfManyUsersGrowsToItsLimit) {
  const RadioCell cell = compiled(catalog_radio("skt-5g"));
  EXPECT_DOUBLE_EQ(cell.multi_user_gain(1), 1);
  EXPECT_NEAR(cell.multi_user_gain(10), 1 + 0.1 * std::log(10.0), 1e-12);
  EXPECT_DOUBLE_EQ(cell.multi_user_gain(1000), 1.4);
}

}  // namespace
}  // namespace orrery
