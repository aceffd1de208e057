#include "orrery/network/radio_numerology.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(RadioNumerology, SymbolsAndSlotsAreWholeTicks) {
  for (int mu = 0; mu <= kMostMu; ++mu) {
    EXPECT_EQ(symbol_ticks(mu) * kSymbolsPerSlot, slot_ticks(mu)) << mu;
    EXPECT_EQ(slot_ticks(mu) << mu, kTicksPerMillisecond) << mu;
  }
}

TEST(RadioNumerology, TicksBecomePicosecondsOnceAndRoundToTheNearest) {
  EXPECT_EQ(sim_time_of(kTicksPerMillisecond).ps(), 1'000'000'000);
  EXPECT_EQ(sim_time_of(1).ps(), 35'714);  // 35714.29
  EXPECT_EQ(sim_time_of(2).ps(), 71'429);  // 71428.57
  EXPECT_EQ(ticks_of(Seconds(0.3e-3)), 8400);
}

TEST(RadioNumerology, ResourceBlocksAreThoseOfTheStandard) {
  EXPECT_EQ(resource_blocks(FrequencyRange::FR1, 1, Hertz(100e6)), 273);
  EXPECT_EQ(resource_blocks(FrequencyRange::FR1, 1, Hertz(80e6)), 217);
  EXPECT_EQ(resource_blocks(FrequencyRange::FR1, 0, Hertz(20e6)), 106);
  EXPECT_EQ(resource_blocks(FrequencyRange::FR2, 3, Hertz(400e6)), 264);
  EXPECT_EQ(resource_blocks(FrequencyRange::FR1, 0, Hertz(100e6)), std::nullopt);
  EXPECT_EQ(resource_blocks(FrequencyRange::FR1, 1, Hertz(99e6)), std::nullopt);
  EXPECT_EQ(resource_blocks(FrequencyRange::FR2, 1, Hertz(100e6)), std::nullopt);
}

TEST(RadioNumerology, EveryRowFitsIntoItsBandwidthAndUsesMostOfIt) {
  for (const BandwidthRow& row : bandwidth_rows()) {
    const double used = row.resource_blocks * 12 * subcarrier_spacing(row.mu).si() / (row.megahertz * 1e6);
    EXPECT_LT(used, 1) << row.mu << " " << row.megahertz;
    EXPECT_GT(used, 0.78) << row.mu << " " << row.megahertz;
  }
}

TEST(RadioNumerology, MoreBandwidthHasMoreResourceBlocks) {
  const auto rows = bandwidth_rows();
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].range != rows[i - 1].range || rows[i].mu != rows[i - 1].mu) continue;
    EXPECT_GT(rows[i].megahertz, rows[i - 1].megahertz);
    EXPECT_GT(rows[i].resource_blocks, rows[i - 1].resource_blocks);
  }
}

TEST(RadioNumerology, FrequenciesBetweenTheRangesHaveNone) {
  EXPECT_EQ(frequency_range(Hertz(3.5e9)), FrequencyRange::FR1);
  EXPECT_EQ(frequency_range(Hertz(28e9)), FrequencyRange::FR2);
  EXPECT_EQ(frequency_range(Hertz(12e9)), std::nullopt);
}

}  // namespace
}  // namespace orrery
