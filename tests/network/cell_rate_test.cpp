#include "orrery/network/cell_rate.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

constexpr auto kDown = Direction::downlink;
constexpr auto kUp = Direction::uplink;
constexpr SlotOverhead kOverhead{2, 12};

double megabits(BytesPerSecond rate) { return rate.si() * 8e-6; }

SlotPattern dddsu() { return *SlotPattern::time_division("DDDSU", {10, 2, 2}, 1); }

double peak(int resource_blocks, int layers, Constellation largest, Direction direction) {
  return megabits(peak_rate({FrequencyRange::FR1, 1, resource_blocks, layers, largest}, direction));
}

TEST(CellRate, PeakRatesAreThoseOfTheReference) {
  EXPECT_NEAR(peak(273, 4, Constellation::qam256, kDown), 2337.00, 0.01);
  EXPECT_NEAR(peak(217, 4, Constellation::qam256, kDown), 1857.62, 0.01);
  EXPECT_NEAR(peak(51, 4, Constellation::qam256, kDown), 436.58, 0.01);
  EXPECT_NEAR(peak(273, 2, Constellation::qam256, kDown), 1168.50, 0.01);
  EXPECT_NEAR(peak(273, 1, Constellation::qam64, kUp), 468.76, 0.01);
  EXPECT_NEAR(peak(273, 2, Constellation::qam256, kUp), 1250.02, 0.01);
  EXPECT_NEAR(megabits(peak_rate({FrequencyRange::FR2, 3, 264, 2, Constellation::qam64}, kDown)), 3232.26, 0.01);
}

TEST(CellRate, TimeDivisionScalesThePeakByItsSymbols) {
  EXPECT_DOUBLE_EQ(symbol_share(dddsu(), kDown), 52.0 / 70);
  EXPECT_DOUBLE_EQ(symbol_share(dddsu(), kUp), 16.0 / 70);
  EXPECT_NEAR(peak(273, 4, Constellation::qam256, kDown) * symbol_share(dddsu(), kDown), 1736.06, 0.01);
  EXPECT_NEAR(peak(273, 1, Constellation::qam64, kUp) * symbol_share(dddsu(), kUp), 107.14, 0.01);
  EXPECT_NEAR(peak(273, 2, Constellation::qam256, kUp) * symbol_share(dddsu(), kUp), 285.72, 0.01);
}

TEST(CellRate, SlotExactRatesAreThoseOfTheReference) {
  const auto down = [](ModulationCoding coding, int layers) {
    return megabits(slot_exact_rate(dddsu(), kOverhead, kDown, 273, coding, layers));
  };
  const auto up = [](ModulationCoding coding, int layers) {
    return megabits(slot_exact_rate(dddsu(), kOverhead, kUp, 273, coding, layers));
  };
  EXPECT_NEAR(down(mcs_table(Constellation::qam256)[27], 4), (3 * 1'081'512 + 671'976) / 2.5e3, 1e-9);
  const auto cqi = cqi_table(Constellation::qam256);
  EXPECT_NEAR(down(cqi[9], 2), 477.1, 0.05);
  EXPECT_NEAR(down(cqi[11], 2), 583.6, 0.05);
  EXPECT_NEAR(down(cqi[13], 2), 728.1, 0.05);
  EXPECT_NEAR(down(cqi[9], 4), 954.2, 0.05);
  EXPECT_NEAR(down(cqi[11], 4), 1167.2, 0.05);
  EXPECT_NEAR(down(cqi[13], 4), 1455.1, 0.05);
  EXPECT_NEAR(up(mcs_table(Constellation::qam64)[28], 1), 95.1, 0.05);
  EXPECT_NEAR(up(mcs_table(Constellation::qam256)[27], 2), 255.6, 0.05);
}

TEST(CellRate, ASlotWithoutRoomForDataCarriesNone) {
  const SlotPattern narrow = *SlotPattern::time_division("DSU", {2, 10, 2}, 1);
  EXPECT_EQ(data_elements(narrow, 1, kDown, kOverhead), 0);
  EXPECT_EQ(data_elements(narrow, 0, kUp, kOverhead), 0);
  EXPECT_EQ(data_elements(narrow, 2, kUp, kOverhead), 156);
}

TEST(CellRate, MoreBandwidthBetterQualityAndMoreLayersAreNeverSlower) {
  const auto cqi = cqi_table(Constellation::qam256);
  for (std::size_t i = 1; i < cqi.size(); ++i) {
    const auto rate = [&](int blocks, std::size_t row, int layers) {
      return slot_exact_rate(dddsu(), kOverhead, kDown, blocks, cqi[row], layers).si();
    };
    EXPECT_GE(rate(273, i, 2), rate(273, i - 1, 2));
    EXPECT_GE(rate(273, i, 2), rate(217, i, 2));
    EXPECT_GE(rate(273, i, 4), rate(273, i, 2));
  }
}

TEST(CellRate, SlotExactStaysBelowThePeak) {
  const double exact =
      megabits(slot_exact_rate(dddsu(), kOverhead, kDown, 273, mcs_table(Constellation::qam256)[27], 4));
  EXPECT_LT(exact, 1736.06);
  EXPECT_GT(exact, 0.85 * 1736.06);
}

}  // namespace
}  // namespace orrery
