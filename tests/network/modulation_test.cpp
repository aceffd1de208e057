#include "orrery/network/modulation.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

TEST(Modulation, TablesHaveTheRowsOfTheStandard) {
  EXPECT_EQ(cqi_table(Constellation::qam64).size(), 15U);
  EXPECT_EQ(cqi_table(Constellation::qam256).size(), 15U);
  EXPECT_EQ(mcs_table(Constellation::qam64).size(), 29U);
  EXPECT_EQ(mcs_table(Constellation::qam256).size(), 28U);
}

TEST(Modulation, BitsPerSymbolOfTheSecondQualityTableAreThoseThatTheStandardPrints) {
  const double printed[] = {0.1523, 0.3770, 0.8770, 1.4766, 1.9141, 2.4063, 2.7305, 3.3223,
                            3.9023, 4.5234, 5.1152, 5.5547, 6.2266, 6.9141, 7.4063};
  const auto table = cqi_table(Constellation::qam256);
  for (std::size_t i = 0; i < table.size(); ++i) EXPECT_NEAR(table[i].bits_per_symbol(), printed[i], 5e-5) << i + 1;
}

TEST(Modulation, EveryRowCarriesAtLeastAsMuchAsTheOneBefore) {
  for (const auto largest : {Constellation::qam64, Constellation::qam256}) {
    for (const auto table : {cqi_table(largest), mcs_table(largest)}) {
      for (std::size_t i = 1; i < table.size(); ++i) {
        // MCS 16 to 17 of the first table: 4 x 658 = 2632 to 6 x 438 = 2628, as the standard has it
        EXPECT_GE(table[i].bits_per_symbol(), table[i - 1].bits_per_symbol() - 0.004) << i;
        EXPECT_GE(table[i].symbol_bits, table[i - 1].symbol_bits);
        EXPECT_LE(table[i].symbol_bits, most_bits(largest));
      }
    }
  }
}

TEST(Modulation, HalvesOfTheCodeRateAreKept) {
  EXPECT_EQ(mcs_table(Constellation::qam256)[20].rate_2048, 1365);
  EXPECT_EQ(mcs_table(Constellation::qam256)[26].rate_2048, 1833);
}

}  // namespace
}  // namespace orrery
