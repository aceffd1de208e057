#include "orrery/network/transport_block.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace orrery {
namespace {

struct Golden {
  int elements, resource_blocks, symbol_bits;
  double rate_1024;
  int layers;
  std::int64_t bits;
};

std::int64_t bits_of(int elements, int resource_blocks, int symbol_bits, double rate_1024, int layers) {
  return transport_block_bits({elements, resource_blocks, {symbol_bits, static_cast<int>(2 * rate_1024)}, layers});
}

TEST(TransportBlock, SizesAreThoseOfTheReference) {
  const Golden goldens[] = {
      {156, 273, 8, 948, 1, 319'784}, {156, 273, 8, 948, 2, 638'984},   {156, 273, 8, 948, 4, 1'277'992},
      {144, 273, 8, 948, 1, 295'176}, {144, 273, 8, 948, 4, 1'179'864}, {132, 273, 8, 948, 4, 1'081'512},
      {120, 273, 8, 948, 4, 966'896}, {84, 273, 8, 948, 4, 671'976},    {156, 273, 6, 948, 4, 950'984},
      {144, 1, 2, 120, 1, 32},        {144, 1, 2, 602, 1, 168},         {144, 4, 2, 602, 1, 672},
      {144, 8, 2, 449, 1, 1032},      {144, 24, 2, 308, 1, 2088},       {144, 51, 6, 873, 1, 37'896},
      {156, 106, 8, 711, 2, 184'424}, {144, 273, 2, 120, 1, 9216},      {144, 273, 2, 193, 1, 14'856},
      {144, 217, 8, 948, 4, 934'152}, {144, 10, 6, 666, 2, 11'272},     {144, 10, 4, 378, 1, 2152},
      {144, 20, 6, 466, 1, 7808}};
  for (const Golden& golden : goldens) {
    EXPECT_EQ(bits_of(golden.elements, golden.resource_blocks, golden.symbol_bits, golden.rate_1024, golden.layers),
              golden.bits)
        << golden.elements << " " << golden.resource_blocks << " " << golden.symbol_bits << " " << golden.rate_1024;
  }
}

TEST(TransportBlock, NoElementsCarryNoBits) {
  EXPECT_EQ(bits_of(0, 273, 8, 948, 4), 0);
  EXPECT_EQ(bits_of(144, 0, 8, 948, 4), 0);
}

/// The standard once more, step by step as its text goes, in floating point, with the table typed as its page prints it
/// (index, then size) and searched from the front. Only the input is shared with the program.
class StandardText {
 public:
  StandardText() {
    std::istringstream page(
        "1 24 2 32 3 40 4 48 5 56 6 64 7 72 8 80 9 88 10 96 11 104 12 112 13 120 14 128 15 136 16 144 17 152 18 160 "
        "19 168 20 176 21 184 22 192 23 208 24 224 25 240 26 256 27 272 28 288 29 304 30 320 31 336 32 352 33 368 "
        "34 384 35 408 36 432 37 456 38 480 39 504 40 528 41 552 42 576 43 608 44 640 45 672 46 704 47 736 48 768 "
        "49 808 50 848 51 888 52 928 53 984 54 1032 55 1064 56 1128 57 1160 58 1192 59 1224 60 1256 61 1288 62 1320 "
        "63 1352 64 1416 65 1480 66 1544 67 1608 68 1672 69 1736 70 1800 71 1864 72 1928 73 2024 74 2088 75 2152 "
        "76 2216 77 2280 78 2408 79 2472 80 2536 81 2600 82 2664 83 2728 84 2792 85 2856 86 2976 87 3104 88 3240 "
        "89 3368 90 3496 91 3624 92 3752 93 3824");
    for (int index = 0, size = 0; page >> index >> size;) {
      EXPECT_EQ(index, static_cast<int>(table_.size()) + 1);
      table_.push_back(size);
    }
  }

  double size(double elements, double prb, double rate_1024, double symbol_bits, double v) const {
    const double N_RE = std::min(156.0, elements) * prb;
    const double N_info = N_RE * (rate_1024 / 1024.0) * symbol_bits * v;
    if (N_info <= 3824) {
      const double n = std::max(3.0, std::floor(std::log2(N_info)) - 6);
      const double quantised = std::max(24.0, std::pow(2.0, n) * std::floor(N_info / std::pow(2.0, n)));
      for (const int entry : table_) {
        if (entry >= quantised) return entry;
      }
      return -1;
    }
    const double n = std::floor(std::log2(N_info - 24)) - 5;
    const double step = std::pow(2.0, n);
    const double quantised = std::max(3840.0, step * std::floor((N_info - 24) / step + 0.5));
    double C = 1;
    if (rate_1024 <= 256) {
      C = std::ceil((quantised + 24) / 3816);
    } else if (quantised > 8424) {
      C = std::ceil((quantised + 24) / 8424);
    }
    return 8 * C * std::ceil((quantised + 24) / (8 * C)) - 24;
  }
  std::size_t rows() const { return table_.size(); }

 private:
  std::vector<int> table_;
};

TEST(TransportBlock, All30576CombinationsAgreeWithASecondReadingOfTheStandard) {
  const StandardText standard;
  ASSERT_EQ(standard.rows(), 93U);
  int compared = 0;
  int different = 0;
  for (const ModulationCoding& coding : mcs_table(Constellation::qam256)) {
    for (int resource_blocks = 1; resource_blocks <= 273; ++resource_blocks) {
      for (int layers = 1; layers <= 4; ++layers) {
        const double second = standard.size(144, resource_blocks, coding.rate_2048 / 2.0, coding.symbol_bits, layers);
        different +=
            static_cast<double>(transport_block_bits({144, resource_blocks, coding, layers})) == second ? 0 : 1;
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 30'576);
  EXPECT_EQ(different, 0);
}

TEST(TransportBlock, OtherNumbersOfElementsAgreeAsWell) {
  const StandardText standard;
  for (const int elements : {6, 12, 36, 84, 120, 132, 156, 168}) {
    for (const Constellation largest : {Constellation::qam64, Constellation::qam256}) {
      for (const ModulationCoding& coding : mcs_table(largest)) {
        for (const int resource_blocks : {1, 2, 3, 11, 24, 51, 106, 217, 264, 273}) {
          EXPECT_EQ(static_cast<double>(transport_block_bits({elements, resource_blocks, coding, 1})),
                    standard.size(elements, resource_blocks, coding.rate_2048 / 2.0, coding.symbol_bits, 1))
              << elements << " " << resource_blocks << " " << coding.symbol_bits << " " << coding.rate_2048;
        }
      }
    }
  }
}

TEST(TransportBlock, MoreResourceBlocksNeverCarryLess) {
  for (const ModulationCoding& coding : mcs_table(Constellation::qam256)) {
    for (int resource_blocks = 2; resource_blocks <= 273; ++resource_blocks) {
      EXPECT_GE(transport_block_bits({144, resource_blocks, coding, 4}),
                transport_block_bits({144, resource_blocks - 1, coding, 4}))
          << coding.symbol_bits << " " << coding.rate_2048 << " " << resource_blocks;
    }
  }
}

}  // namespace
}  // namespace orrery
