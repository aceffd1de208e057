#include "orrery/network/slot_calendar.h"

#include <gtest/gtest.h>

#include <functional>

#include "example_cells.h"

namespace orrery {
namespace {

RadioTicks at(double milliseconds_) { return ticks_of(Seconds(milliseconds_ * 1e-3)); }

struct Row {
  double offset;
  double down, down_one_failure, configured, sr_2_5, sr_10, sr_10_bsr, sr_2_5_one_failure;
};
// The goldens of the reference, in ms, to four decimals.
constexpr Row kRows[] = {
    {0, 1.3000, 3.8000, 3.0000, 5.5000, 5.5000, 8.0000, 8.0000},
    {0.25, 1.5500, 3.5500, 2.7500, 5.2500, 5.2500, 7.7500, 7.7500},
    {0.5, 1.3000, 3.3000, 2.5000, 5.0000, 5.0000, 7.5000, 7.5000},
    {1.0, 1.1571, 5.3000, 2.0000, 4.5000, 4.5000, 7.0000, 7.0000},
    {1.2, 2.1000, 5.1000, 1.8000, 4.3000, 4.3000, 6.8000, 6.8000},
    {1.7, 1.6000, 4.6000, 1.3000, 3.8000, 3.8000, 6.3000, 6.3000},
    {2.0, 1.3000, 4.3000, 3.5000, 6.0000, 13.5000, 16.0000, 8.5000},
    {2.2, 1.6000, 4.1000, 3.3000, 5.8000, 13.3000, 15.8000, 8.3000},
    {2.4, 1.4000, 3.9000, 3.1000, 5.6000, 13.1000, 15.6000, 8.1000},
};

/// The golden in ticks: four decimals of a millisecond are enough to name one of them, up to 2.8 ticks.
void expect_golden(RadioTicks ticks, double golden, double offset, const char* what) {
  EXPECT_NEAR(milliseconds(static_cast<double>(ticks)), golden, 5e-5) << what << " at " << offset;
}

TEST(SlotCalendar, DelaysAreThoseOfTheReference) {
  const SlotCalendar configured = example_calendar();
  const SlotCalendar sr_2_5 = example_calendar(Grant::sr, 5);
  const SlotCalendar sr_10 = example_calendar(Grant::sr, 20);
  const SlotCalendar sr_10_bsr = example_calendar(Grant::sr_bsr, 20);
  for (const Row& row : kRows) {
    const RadioTicks t = at(row.offset);
    expect_golden(configured.downlink(t, 0).total(), row.down, row.offset, "downlink");
    expect_golden(configured.downlink(t, 1).total(), row.down_one_failure, row.offset, "downlink, one failure");
    expect_golden(configured.uplink(t, 0).total(), row.configured, row.offset, "configured");
    expect_golden(sr_2_5.uplink(t, 0).total(), row.sr_2_5, row.offset, "SR 2.5");
    expect_golden(sr_10.uplink(t, 0).total(), row.sr_10, row.offset, "SR 10");
    expect_golden(sr_10_bsr.uplink(t, 0).total(), row.sr_10_bsr, row.offset, "SR 10 + BSR");
    expect_golden(sr_2_5.uplink(t, 1).total(), row.sr_2_5_one_failure, row.offset, "SR 2.5, one failure");
  }
}

TEST(SlotCalendar, AnSSlotEndsItsDownlinkAfterItsTenthSymbol) {
  EXPECT_EQ(example_calendar().downlink(at(1.0), 0).total(), at(0.5) + 10 * symbol_ticks(1) + at(0.3));
}

TEST(SlotCalendar, RepeatsAfterItsPeriod) {
  for (const Grant grant : {Grant::configured, Grant::unsolicited, Grant::sr, Grant::sr_bsr}) {
    const SlotCalendar calendar = example_calendar(grant, 20);
    for (RadioTicks t = 0; t < calendar.period(); t += 977) {
      const RadioTicks later = t + 1000 * calendar.period();
      EXPECT_EQ(calendar.uplink(t, 2).total(), calendar.uplink(later, 2).total()) << t;
      EXPECT_EQ(calendar.downlink(t, 2).total(), calendar.downlink(later, 2).total()) << t;
    }
  }
}

TEST(SlotCalendar, StationsOfAPacketComeInTheirOrder) {
  for (const Grant grant : {Grant::configured, Grant::unsolicited, Grant::sr, Grant::sr_bsr}) {
    const SlotCalendar calendar = example_calendar(grant, 20);
    for (RadioTicks t = 0; t < calendar.period(); t += 1009) {
      for (int failures = 0; failures <= 3; ++failures) {
        for (const PacketTimes& p : {calendar.uplink(t, failures), calendar.downlink(t, failures)}) {
          EXPECT_EQ(p.arrived, t);
          EXPECT_LT(p.arrived, p.processed);
          EXPECT_LE(p.processed, p.requested);
          EXPECT_LE(p.requested, p.reported);
          EXPECT_LT(p.reported, p.first_sent);
          EXPECT_EQ(p.first_sent == p.last_sent, failures == 0);
          EXPECT_LT(p.last_sent, p.done);
        }
      }
    }
  }
}

TEST(SlotCalendar, WhoComesLaterIsNeverServedEarlier) {
  const SlotCalendar calendar = example_calendar(Grant::sr_bsr, 20);
  for (RadioTicks t = 1; t < calendar.period(); t += 53) {
    EXPECT_LE(calendar.uplink(t - 1, 1).done, calendar.uplink(t, 1).done);
    EXPECT_LE(calendar.downlink(t - 1, 1).done, calendar.downlink(t, 1).done);
  }
}

TEST(SlotCalendar, AskingNeverBeatsNotHavingToAsk) {
  const SlotCalendar configured = example_calendar();
  const SlotCalendar unsolicited = example_calendar(Grant::unsolicited);
  const SlotCalendar sr = example_calendar(Grant::sr, 20);
  const SlotCalendar sr_bsr = example_calendar(Grant::sr_bsr, 20);
  for (RadioTicks t = 0; t < sr.period(); t += 101) {
    EXPECT_LE(configured.uplink(t, 0).done, unsolicited.uplink(t, 0).done);
    EXPECT_LE(unsolicited.uplink(t, 0).done, sr.uplink(t, 0).done);
    EXPECT_LT(sr.uplink(t, 0).done, sr_bsr.uplink(t, 0).done);
  }
}

TEST(SlotCalendar, ARequestThatMeetsNoUplinkSlotIsRefused) {
  RadioTiming timing = example_timing(Grant::sr, 10);
  timing.sr_offset = 0;
  EXPECT_EQ(SlotCalendar::make(timing).error(),
            "no scheduling request meets an uplink slot: one in 10 slots, from slot 0 on");
  timing.sr_period = 3;  // slots 0, 3, 6, 9: the last one is an uplink slot
  const auto calendar = SlotCalendar::make(timing);
  ASSERT_TRUE(calendar);
  EXPECT_EQ(calendar->period_slots(), 15);
  EXPECT_EQ(calendar->uplink(0, 0).requested, 10 * slot_ticks(1) + timing.gnb);
}

TEST(SlotCalendar, UsersWithOtherOffsetsAskInOtherSlots) {
  const SlotCalendar calendar = example_calendar(Grant::sr, 20);
  IdleSlots slots(calendar.timing().pattern);
  for (std::int64_t shift = 0; shift < 20; shift += 5) {
    EXPECT_EQ(calendar.uplink(0, 0, slots, shift).requested, (shift + 5) * slot_ticks(1) + calendar.timing().gnb);
  }
}

TEST(SlotCalendar, WithAFixedLoopRepeatsComeAtThatDistance) {
  RadioTiming timing{SlotPattern::frequency_division(0)};
  timing.N2 = 42 * symbol_ticks(0);
  timing.control = 2 * symbol_ticks(0);
  timing.harq_loop = 8 * kTicksPerMillisecond;
  timing.grant = Grant::sr;
  timing.sr_period = 10;
  const SlotCalendar calendar = *SlotCalendar::make(timing);
  EXPECT_EQ(calendar.downlink(100, 2).total() - calendar.downlink(100, 0).total(), 16 * kTicksPerMillisecond);
  EXPECT_EQ(calendar.uplink(100, 2).total() - calendar.uplink(100, 0).total(), 16 * kTicksPerMillisecond);
  // asked in subframe 10, granted in 11, data 4 subframes later
  EXPECT_EQ(calendar.uplink(100, 0).done, 16 * kTicksPerMillisecond);
}

}  // namespace
}  // namespace orrery
