#include "orrery/network/slot_pattern.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(SymbolSplit, IsThreeNumbersThatFillASlot) {
  const auto split = SymbolSplit::parse("10:2:2");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->downlink, 10);
  EXPECT_EQ(split->guard, 2);
  EXPECT_EQ(split->uplink, 2);
  EXPECT_EQ(SymbolSplit::parse("10:2:3").error(), "the symbols of '10:2:3' add up to 15, and a slot has 14");
  for (const char* wrong : {"10:4", "10:2:1:1", "10:-2:6", "a:b:c", "", "10:2:", "99999999999:1:1"}) {
    EXPECT_FALSE(SymbolSplit::parse(wrong)) << wrong;
  }
}

TEST(SlotPattern, WithoutADirectionItIsRefused) {
  const SymbolSplit split{10, 2, 2};
  EXPECT_EQ(SlotPattern::time_division("DDDD", split, 1).error(), "'DDDD' has no slot for the uplink: U");
  EXPECT_EQ(SlotPattern::time_division("UU", split, 1).error(), "'UU' has no slot for the downlink: D or S");
  EXPECT_EQ(SlotPattern::time_division("DDXU", split, 1).error(),
            "'X' in 'DDXU' is no kind of slot: they are D, S and U");
  EXPECT_FALSE(SlotPattern::time_division("", split, 1));
  EXPECT_FALSE(SlotPattern::time_division("DSU", {0, 0, 14}, 1));
}

TEST(SlotPattern, FindsTheNextSlotOfADirectionAcrossItsEnd) {
  const SlotPattern pattern = *SlotPattern::time_division("DDDSU", {10, 2, 2}, 1);
  EXPECT_EQ(pattern.period(), kTicksPerMillisecond * 5 / 2);
  EXPECT_EQ(pattern.downlink_from(3), 3);
  EXPECT_EQ(pattern.downlink_from(4), 5);
  EXPECT_EQ(pattern.uplink_from(0), 4);
  EXPECT_EQ(pattern.uplink_from(4), 4);
  EXPECT_EQ(pattern.uplink_from(1'000'005), 1'000'009);
  EXPECT_EQ(pattern.slot_from(0), 0);
  EXPECT_EQ(pattern.slot_from(1), 1);
  EXPECT_EQ(pattern.slot_from(14'000), 1);
}

TEST(SlotPattern, CountsItsSymbolsAndSlots) {
  const SlotPattern pattern = *SlotPattern::time_division("DDDSU", {10, 2, 2}, 1);
  EXPECT_EQ(pattern.downlink_symbols(), 52);
  EXPECT_EQ(pattern.uplink_symbols(), 16);
  EXPECT_EQ(pattern.downlink_slots(), 4);
  EXPECT_EQ(pattern.uplink_slots(), 1);
}

TEST(SlotPattern, FrequencyDivisionCarriesBothDirectionsInEverySlot) {
  const SlotPattern pattern = SlotPattern::frequency_division(0);
  EXPECT_EQ(pattern.period(), kTicksPerMillisecond);
  for (std::int64_t slot = 0; slot < 5; ++slot) {
    EXPECT_EQ(pattern.downlink_from(slot), slot);
    EXPECT_EQ(pattern.uplink_from(slot), slot);
  }
}

}  // namespace
}  // namespace orrery
