#include "orrery/memory/checker_rules.h"

#include "checked_stream.h"

// Every distance of every standard, by hand: the last command of a row is as early as it may be.
namespace orrery {
namespace {

using enum DramCommand;

/// The last command comes at its earliest; `sooner` ticks before that, the rule names itself. On half clocks the edge
/// may add a tick that the rule does not ask for: `slack`.
struct TightCase {
  const char* standard;
  const char* rule;
  Stream stream;  ///< tick, command, rank, group, bank, row
  std::int64_t sooner = 1;
  std::int64_t slack = 0;
  std::int32_t ranks = 1;
};

class TightTiming : public testing::TestWithParam<TightCase> {};

TEST_P(TightTiming, IsLegalAtItsTickAndNamedBefore) {
  const TightCase& c = GetParam();
  const DramDevice device = example_device(c.standard, c.ranks);
  const CommandChecker legal = checked(device, c.stream);
  EXPECT_EQ(broken(legal), "") << sentences(legal);
  EXPECT_GE(report_of(legal, c.rule).evaluated, 1);
  EXPECT_EQ(report_of(legal, c.rule).smallest_slack, c.slack);

  Stream early = c.stream;
  early.back().tick -= c.sooner;
  const CommandChecker illegal = checked(device, early);
  const RuleReport report = report_of(illegal, c.rule);
  EXPECT_EQ(report.violations, 1) << sentences(illegal);
  EXPECT_EQ(report.first_tick, early.back().tick);
  EXPECT_NE(report.first.find(enum_name(c.stream.back().command)), std::string::npos) << report.first;
}

std::string case_name(const testing::TestParamInfo<TightCase>& info) {
  std::string name = std::string(info.param.standard) + "_" + info.param.rule + "_" + std::to_string(info.index);
  for (char& letter : name) {
    if (letter == ' ') letter = '_';
  }
  return name;
}

const TightCase kDdr4[] = {
    {"ddr4", "tRCDrd", {{0, ACT, 0, 1, 2, 5}, {16, RD, 0, 1, 2, 5}}},
    {"ddr4", "tRCDrd", {{0, ACT, 0, 1, 2, 5}, {16, RDA, 0, 1, 2, 5}}},
    {"ddr4", "tRCDwr", {{0, ACT, 0, 1, 2, 5}, {16, WR, 0, 1, 2, 5}}},
    {"ddr4", "tRCDwr", {{0, ACT, 0, 1, 2, 5}, {16, WRA, 0, 1, 2, 5}}},
    {"ddr4", "tRAS", {{0, ACT, 0, 1, 2}, {39, PRE, 0, 1, 2}}},
    {"ddr4", "tRAS", {{0, ACT, 0, 1, 2}, {39, PREab}}},
    {"ddr4", "tRP", {{0, ACT, 0, 1, 2}, {45, PRE, 0, 1, 2}, {61, ACT, 0, 1, 2}}},
    {"ddr4", "tRP", {{0, ACT, 0, 1, 2}, {45, PREab}, {61, ACT, 0, 3, 3}}},
    {"ddr4", "tRC", {{0, ACT, 0, 1, 2}, {39, PRE, 0, 1, 2}, {55, ACT, 0, 1, 2}}},
    {"ddr4", "tRTP", {{0, ACT}, {40, RD}, {49, PRE}}},
    {"ddr4", "tRTP", {{0, ACT}, {40, RD}, {49, PREab}}},
    {"ddr4", "tWR", {{0, ACT}, {16, WR}, {50, PRE}}},
    {"ddr4", "tWR", {{0, ACT}, {16, WR}, {50, PREab}}},
    {"ddr4", "tCCD_S", {{0, ACT}, {4, ACT, 0, 1}, {20, RD}, {24, RD, 0, 1}}},
    {"ddr4", "tCCD_S", {{0, ACT}, {4, ACT, 0, 1}, {20, WR}, {24, WRA, 0, 1}}},
    {"ddr4", "tCCD_L", {{0, ACT}, {6, ACT, 0, 0, 1}, {22, RD}, {28, RD, 0, 0, 1}}},
    {"ddr4", "tCCD_L", {{0, ACT}, {16, WR}, {22, WR}}},
    {"ddr4", "tRRD_S", {{0, ACT}, {4, ACT, 0, 1}}},
    {"ddr4", "tRRD_L", {{0, ACT}, {6, ACT, 0, 0, 1}}},
    {"ddr4", "tFAW", {{0, ACT}, {4, ACT, 0, 1}, {8, ACT, 0, 2}, {12, ACT, 0, 3}, {26, ACT, 0, 0, 1}}},
    {"ddr4", "tWTR_S", {{0, ACT}, {4, ACT, 0, 1}, {20, WR}, {39, RD, 0, 1}}},
    {"ddr4", "tWTR_L", {{0, ACT}, {16, WR}, {41, RD}}},
    {"ddr4", "tRTW", {{0, ACT}, {4, ACT, 0, 1}, {20, RD}, {30, WR, 0, 1}}},
    {"ddr4", "tRTP", {{0, ACT}, {40, RDA}, {65, ACT}}},
    {"ddr4", "tRP", {{0, ACT}, {40, RDA}, {65, ACT}}},
    {"ddr4", "tRAS", {{0, ACT}, {16, RDA}, {55, ACT}}},
    {"ddr4", "tWR", {{0, ACT}, {16, WRA}, {66, ACT}}},
    {"ddr4", "tRFCab", {{0, REFab}, {433, ACT}}},
    {"ddr4", "tRFCab", {{0, REFab}, {433, REFab}}},
    {"ddr4", "tRFCab", {{0, REFab}, {433, PREab}}},
    {"ddr4", "tRFCab", {{0, REFab}, {433, SRE}}},
    {"ddr4", "tRC", {{0, ACT}, {39, PRE}, {55, REFab}}},
    {"ddr4", "tRP", {{0, ACT}, {50, PREab}, {66, REFab}}},
    {"ddr4", "tRP", {{0, ACT}, {50, PREab}, {66, SRE}}},
    {"ddr4", "tRTP", {{0, ACT}, {40, RDA}, {65, REFab}}},
    {"ddr4", "tWR", {{0, ACT}, {16, WRA}, {66, REFab}}},
    {"ddr4", "tPD", {{0, PDE}, {6, PDX}}},
    {"ddr4", "tXP", {{0, PDE}, {6, PDX}, {14, ACT}}},
    {"ddr4", "tXS", {{0, SRE}, {100, SRX}, {545, REFab}}},
    {"ddr4", "tCS", {{0, ACT}, {1, ACT, 1}, {20, RD}, {26, RD, 1}}, 1, 0, 2},
    {"ddr4", "tCS", {{0, ACT}, {1, ACT, 1}, {20, WR}, {26, WR, 1}}, 1, 0, 2},
    {"ddr4", "tCS", {{0, ACT}, {1, ACT, 1}, {20, WR}, {22, RD, 1}}, 1, 0, 2},
    {"ddr4", "tRTW", {{0, ACT}, {1, ACT, 1}, {20, RD}, {30, WR, 1}}, 1, 0, 2},
    {"ddr4",
     "tFAW",
     {{0, ACT}, {4, ACT, 0, 1}, {8, ACT, 0, 2}, {9, ACT, 1}, {12, ACT, 0, 3}, {26, ACT, 0, 0, 1}},
     1,
     0,
     2},
};

// Commands of two ticks: from ACT, RD and WR to one of a tick is one more, the other way one less.
const TightCase kDdr5[] = {
    {"ddr5", "tRCDrd", {{0, ACT}, {36, RD}}},
    {"ddr5", "tRCDwr", {{0, ACT}, {36, WR}}},
    {"ddr5", "tRAS", {{0, ACT}, {78, PRE}}},
    {"ddr5", "tRAS", {{0, ACT, 0, 3, 1}, {78, PREsb, 0, 0, 1}}},
    {"ddr5", "tRP", {{0, ACT}, {90, PRE}, {125, ACT}}},
    {"ddr5", "tRP", {{0, ACT, 0, 3, 1}, {90, PREsb, 0, 0, 1}, {125, ACT, 0, 5, 1}}},
    {"ddr5", "tRTP", {{0, ACT}, {80, RD}, {99, PRE}}},
    {"ddr5", "tRTP", {{0, ACT}, {80, RD}, {99, PREsb}}},
    {"ddr5", "tWR", {{0, ACT}, {36, WR}, {151, PRE}}},
    {"ddr5", "tWR", {{0, ACT}, {36, WRA}, {186, ACT}}},
    {"ddr5", "tCCD_S", {{0, ACT}, {8, ACT, 0, 1}, {44, RD}, {52, RD, 0, 1}}},
    {"ddr5", "tCCD_L", {{0, ACT}, {36, RD}, {48, RD}}},
    {"ddr5", "tCCD_L_WR", {{0, ACT}, {36, WR}, {84, WR}}},
    {"ddr5", "tRRD_S", {{0, ACT}, {8, ACT, 0, 1}}},
    {"ddr5", "tRRD_L", {{0, ACT}, {12, ACT, 0, 0, 1}}},
    {"ddr5", "tFAW", {{0, ACT}, {8, ACT, 0, 1}, {16, ACT, 0, 2}, {24, ACT, 0, 3}, {48, ACT, 0, 4}}},
    {"ddr5", "tWTR_S", {{0, ACT}, {8, ACT, 0, 1}, {44, WR}, {92, RD, 0, 1}}},
    {"ddr5", "tWTR_L", {{0, ACT}, {36, WR}, {102, RD}}},
    {"ddr5", "tRTW", {{0, ACT}, {36, RD}, {50, WR}}},
    {"ddr5", "tPPD", {{0, PRE}, {2, PRE, 0, 1, 1}}},
    {"ddr5", "tPPD", {{0, PREsb}, {2, PREab}}},
    {"ddr5", "tRFCab", {{0, REFab}, {709, ACT}}},
    {"ddr5", "tRFMab", {{0, RFMab}, {709, ACT}}},
    {"ddr5", "tRFMab", {{0, RFMab}, {710, REFab}}},
    {"ddr5", "tRFCsb", {{0, REFsb, 0, 0, 2}, {312, ACT, 0, 6, 2}}},
    {"ddr5", "tRFCsb", {{0, REFsb, 0, 0, 2}, {313, REFsb, 0, 0, 3}}},
    {"ddr5", "tRFCsb", {{0, REFsb, 0, 0, 2}, {313, REFab}}},
    {"ddr5", "tRREFD", {{0, REFsb, 0, 0, 2}, {72, ACT, 0, 6, 1}}},
    {"ddr5", "tRRD_L", {{0, ACT, 0, 6, 1}, {13, REFsb, 0, 0, 2}}},
    {"ddr5", "tRC", {{0, ACT, 0, 6, 1}, {78, PRE, 0, 6, 1}, {114, REFsb, 0, 0, 1}}},
    {"ddr5", "tRP", {{0, ACT, 0, 6, 1}, {90, PREsb, 0, 0, 1}, {126, REFsb, 0, 0, 1}}},
    {"ddr5", "tRTP", {{0, ACT, 0, 6, 1}, {80, RDA, 0, 6, 1}, {135, REFsb, 0, 0, 1}}},
    {"ddr5", "tXP", {{0, PDE}, {18, PDX}, {35, ACT}}},
    {"ddr5", "tXS", {{0, SRE}, {100, SRX}, {834, PRE}}},
};

const TightCase kHbm2[] = {
    {"hbm2", "tRCDrd", {{0, ACT}, {15, RD}}},
    {"hbm2", "tRCDwr", {{0, ACT}, {13, WR}}},
    {"hbm2", "tRAS", {{0, ACT}, {35, PRE}}},
    {"hbm2", "tRP", {{0, ACT}, {40, PRE}, {53, ACT}}},
    {"hbm2", "tRP", {{0, ACT}, {40, PREab}, {53, ACT, 0, 1}}},
    {"hbm2", "tRC", {{0, ACT}, {35, PRE}, {48, ACT}}},
    {"hbm2", "tRTP", {{0, ACT}, {40, RD}, {45, PRE}}},
    {"hbm2", "tRTP", {{0, ACT}, {40, RDA}, {58, ACT}}},
    {"hbm2", "tWR", {{0, ACT}, {13, WR}, {36, PRE}}},
    {"hbm2", "tCCD_S", {{0, ACT}, {4, ACT, 0, 1}, {19, RD}, {21, RD, 0, 1}}},
    {"hbm2", "tCCD_L", {{0, ACT}, {15, RD}, {19, RD}}},
    {"hbm2", "tRRD_S", {{0, ACT}, {4, ACT, 0, 1}}},
    {"hbm2", "tRRD_L", {{0, ACT}, {4, ACT, 0, 0, 1}}},
    {"hbm2", "tWTR_S", {{0, ACT}, {4, ACT, 0, 1}, {17, WR}, {30, RD, 0, 1}}},
    {"hbm2", "tWTR_L", {{0, ACT}, {13, WR}, {28, RD}}},
    {"hbm2", "tRTW", {{0, ACT}, {15, RD}, {28, WR}}},
    {"hbm2", "tRFCab", {{0, REFab}, {349, ACT}}},
    {"hbm2", "tRFCab", {{0, REFab}, {350, REFpb}}},
    {"hbm2", "tRFCpb", {{0, REFpb}, {159, ACT}}},
    {"hbm2", "tRFCpb", {{0, REFpb}, {160, REFab}}},
    {"hbm2", "tRREFD", {{0, REFpb}, {8, REFpb, 0, 0, 1}}},
    {"hbm2", "tRREFD", {{0, REFpb}, {7, ACT, 0, 1}}},
    {"hbm2", "tRRD_S", {{0, ACT}, {5, REFpb, 0, 1}}},
    {"hbm2", "tRC", {{0, ACT}, {35, PRE}, {49, REFpb}}},
    {"hbm2", "tRP", {{0, ACT}, {40, PRE}, {54, REFpb}}},
    {"hbm2", "tRTP", {{0, ACT}, {40, RDA}, {59, REFpb}}},
    {"hbm2", "tWR", {{0, ACT}, {30, WRA}, {67, REFpb}}},
    {"hbm2", "tCCD_R", {{0, ACT}, {4, ACT, 1}, {19, RD}, {22, RD, 1}}, 1, 0, 2},
    {"hbm2", "tRRD_S", {{0, ACT}, {4, ACT, 1}}, 1, 0, 2},
    {"hbm2", "tWTR_S", {{0, ACT}, {4, ACT, 1}, {17, WR}, {30, RD, 1}}, 1, 0, 2},
};

// Half clocks: n clocks are 2n ticks; ACT takes 3, column commands 2, all others 1. An odd distance to a command that
// starts on the rising edge leaves a tick.
const TightCase kHbm3[] = {
    {"hbm3", "tRCDrd", {{0, ACT}, {64, RD}}, 2, 1},
    {"hbm3", "tRCDwr", {{0, ACT}, {32, WR}}, 2, 1},
    {"hbm3", "tRAS", {{0, ACT}, {92, PRE}}},
    {"hbm3", "tRP", {{0, ACT}, {110, PRE}, {160, ACT}}},
    {"hbm3", "tRC", {{0, ACT}, {92, PRE}, {144, ACT}}, 2},
    {"hbm3", "tRTP", {{0, ACT}, {100, RD}, {119, PRE}}},
    {"hbm3", "tRTP", {{0, ACT}, {100, RDA}, {170, ACT}}, 2, 1},
    {"hbm3", "tWR", {{0, ACT}, {32, WR}, {123, PRE}}},
    {"hbm3", "tCCD_S", {{0, ACT}, {8, ACT, 0, 1}, {72, RD}, {76, RD, 0, 1}}},
    {"hbm3", "tCCD_L", {{0, ACT}, {64, RD}, {72, RD}}},
    {"hbm3", "tCCD_R", {{0, ACT}, {8, ACT, 1}, {72, RD}, {78, RD, 1}}, 1, 0, 2},
    {"hbm3", "tCCD_R", {{0, ACT}, {8, ACT, 1}, {72, WR}, {78, WR, 1}}, 1, 0, 2},
    {"hbm3", "tRRD_S", {{0, ACT}, {8, ACT, 0, 1}}},
    {"hbm3", "tRRD_S", {{0, ACT}, {8, ACT, 1, 1}}, 1, 0, 2},
    {"hbm3", "tRRD_L", {{0, ACT}, {10, ACT, 0, 0, 1}}},
    {"hbm3", "tFAW", {{0, ACT}, {8, ACT, 0, 1}, {16, ACT, 0, 2}, {24, ACT, 0, 3}, {48, ACT, 0, 0, 1}}},
    {"hbm3", "tFAW", {{0, ACT}, {8, ACT, 0, 1}, {16, ACT, 0, 2}, {24, ACT, 1, 3}, {48, ACT, 1, 0, 1}}, 1, 0, 2},
    {"hbm3", "tWTR_S", {{0, ACT}, {8, ACT, 0, 1}, {40, WR}, {78, RD, 0, 1}}},
    {"hbm3", "tWTR_L", {{0, ACT}, {32, WR}, {76, RD}}},
    {"hbm3", "tRTW", {{0, ACT}, {64, RD}, {104, WR}}},
    {"hbm3", "tPPD", {{0, PRE}, {4, PRE, 0, 1}}},
    {"hbm3", "tRFCab", {{0, REFab}, {1438, ACT}}},
    {"hbm3", "tRFCpb", {{0, REFpb}, {638, ACT}}},
    {"hbm3", "tRREFD", {{0, REFpb}, {16, REFpb, 0, 1}}},
    {"hbm3", "tRREFD", {{0, REFpb}, {14, ACT, 0, 1}}},
    {"hbm3", "tRFMpb", {{0, RFMpb}, {638, ACT}}},
    {"hbm3", "tRFMab", {{0, RFMab}, {1438, ACT}}},
    {"hbm3", "tRRD_S", {{0, ACT}, {10, REFpb, 0, 1}}},
    {"hbm4", "tRCDwr", {{0, ACT}, {40, WR}}, 2, 1},
    {"hbm4", "tRRD_L", {{0, ACT}, {14, ACT, 0, 0, 1}}},
    {"hbm4", "tRREFD", {{0, REFpb}, {32, REFpb, 0, 1}}},
    {"hbm4", "tRFCpb", {{0, REFpb}, {1118, ACT}}},
    {"hbm4", "tRTW", {{0, ACT}, {80, RD}, {130, WR}}},
};

const TightCase kLpddr[] = {
    {"lpddr5", "tRCDrd", {{0, ACT}, {1, ACT2}, {14, CAS}, {15, RD}}},
    {"lpddr5", "tRCDwr", {{0, ACT}, {1, ACT2}, {14, CAS}, {15, WR}}},
    {"lpddr5", "tAAD", {{0, ACT}, {8, ACT2}}, -1},
    {"lpddr5", "ACT2 deadline", {{0, ACT}, {8, ACT2}}, -1},
    {"lpddr5", "tRAS", {{0, ACT}, {1, ACT2}, {34, PRE}}},
    {"lpddr5", "tRP", {{0, ACT}, {1, ACT2}, {40, PRE}, {55, ACT}}},
    {"lpddr5", "tRPab", {{0, PREab}, {17, ACT}}},
    {"lpddr5", "tRPab_REF", {{0, PREab}, {15, REFab}}},
    {"lpddr5", "tRC", {{0, ACT}, {1, ACT2}, {34, PRE}, {49, ACT}}},
    {"lpddr5", "tRTP", {{0, ACT}, {1, ACT2}, {39, CAS}, {40, RD}, {48, PRE}}},
    {"lpddr5", "tWR", {{0, ACT}, {1, ACT2}, {14, CAS}, {15, WR}, {54, PRE}}},
    {"lpddr5", "tCCD_S", {{0, ACT}, {1, ACT2}, {4, ACT, 0, 1}, {5, ACT2, 0, 1}, {19, CAS}, {20, RD}, {22, RD, 0, 1}}},
    {"lpddr5", "tCCD_L", {{0, ACT}, {1, ACT2}, {14, CAS}, {15, RD}, {19, RD}}},
    {"lpddr5", "tRRD_S", {{0, ACT}, {1, ACT2}, {4, ACT, 0, 1}}},
    {"lpddr5", "tRRD_L", {{0, ACT}, {1, ACT2}, {4, ACT, 0, 0, 1}}},
    {"lpddr5",
     "tWTR_S",
     {{0, ACT}, {1, ACT2}, {4, ACT, 0, 1}, {5, ACT2, 0, 1}, {19, CAS}, {20, WR}, {35, CAS}, {36, RD, 0, 1}}},
    {"lpddr5", "tWTR_L", {{0, ACT}, {1, ACT2}, {14, CAS}, {15, WR}, {37, CAS}, {38, RD}}},
    {"lpddr5", "tRTW", {{0, ACT}, {1, ACT2}, {14, CAS}, {15, RD}, {27, WR}}},
    {"lpddr5", "tPPD", {{0, PRE}, {2, PRE, 0, 1}}},
    {"lpddr5", "tRFCab", {{0, REFab}, {224, ACT}}},
    {"lpddr5", "tRFCpb", {{0, REFpb}, {112, ACT}}},
    {"lpddr5", "pbR2act", {{0, REFpb}, {6, ACT, 0, 1}}},
    {"lpddr5", "pbR2pbR", {{0, REFpb}, {72, REFpb, 0, 1}}},
    {"lpddr5", "tRRD_S", {{0, ACT}, {1, ACT2}, {4, REFpb, 0, 1}}},
    {"lpddr6", "tRCDrd", {{0, ACT}, {2, ACT2}, {46, CAS}, {48, RD}}},
    {"lpddr6", "tRCDwr", {{0, ACT}, {2, ACT2}, {20, CAS}, {22, WR}}},
    {"lpddr6", "tAAD", {{0, ACT}, {8, ACT2}}, -1},
    {"lpddr6", "tRAS", {{0, ACT}, {2, ACT2}, {54, PRE}}},
    {"lpddr6", "tRPab", {{0, PREab}, {115, REFab}}},
    {"lpddr6", "tRTW", {{0, ACT}, {2, ACT2}, {10, ACT, 0, 1}, {12, ACT2, 0, 1}, {58, CAS}, {60, RD}, {101, WR, 0, 1}}},
    {"lpddr6", "tRTW_L", {{0, ACT}, {2, ACT2}, {46, CAS}, {48, RD}, {95, WR}}},
    {"lpddr6", "tWTR_L", {{0, ACT}, {2, ACT2}, {20, CAS}, {22, WR}, {90, CAS}, {92, RD}}},
    {"lpddr6", "tCCD_L", {{0, ACT}, {2, ACT2}, {46, CAS}, {48, RD}, {58, RD}}},
    {"lpddr6",
     "tFAW",
     {{0, ACT},
      {2, ACT2},
      {10, ACT, 0, 1},
      {12, ACT2, 0, 1},
      {20, ACT, 0, 2},
      {22, ACT2, 0, 2},
      {30, ACT, 0, 3},
      {32, ACT2, 0, 3},
      {40, ACT, 0, 0, 1}}},
};

const TightCase kGddr[] = {
    {"gddr6", "tRCDrd", {{0, ACT}, {27, RD}}},
    {"gddr6", "tRCDwr", {{0, ACT}, {16, WR}}},
    {"gddr6", "tRP", {{0, ACT}, {53, PRE}, {80, ACT}}},
    {"gddr6", "tRAS", {{0, ACT}, {27, RDA}, {80, ACT}}},
    {"gddr6", "tWR", {{0, ACT}, {18, WR}, {53, PRE}}},
    {"gddr6", "tRRD_S", {{0, ACT}, {8, ACT, 0, 1}}},
    {"gddr6", "tCCD_L", {{0, ACT}, {27, RD}, {31, RD}}},
    {"gddr6", "tRTW", {{0, ACT}, {27, RD}, {52, WR}}},
    {"gddr6", "tWTR_L", {{0, ACT}, {16, WR}, {35, RD}}},
    {"gddr6", "tPPD", {{0, PRE}, {1, PRE, 0, 1}}},
    {"gddr6", "tRREFD", {{0, REFpb}, {15, ACT, 0, 1}}},
    {"gddr6", "tRFCpb", {{0, REFpb}, {106, ACT}}},
    {"gddr7", "tRCDrd", {{0, ACT, 0, 0, 3}, {30, RD, 0, 0, 3}}},
    {"gddr7", "tRAS", {{0, ACT, 0, 0, 3}, {61, PRE, 0, 0, 3}}},
    {"gddr7", "tRP", {{0, ACT, 0, 0, 3}, {70, PRE, 0, 0, 3}, {99, ACT, 0, 0, 3}}},
    {"gddr7", "tCCD_S", {{0, ACT}, {4, ACT, 0, 0, 1}, {34, RD}, {36, RD, 0, 0, 1}}},
    {"gddr7", "tCCD_L", {{0, ACT}, {30, RD}, {34, RD}}},
    {"gddr7", "tWTR_S", {{0, ACT}, {4, ACT, 0, 0, 1}, {23, WR}, {40, RD, 0, 0, 1}}},
    {"gddr7", "tWTR_L", {{0, ACT}, {19, WR}, {38, RD}}},
    {"gddr7", "tRRD_S", {{0, ACT}, {4, ACT, 0, 0, 1}}},
    {"gddr7", "tRREFD", {{0, REFpb}, {20, ACT, 0, 0, 1}}},
    {"gddr7", "tRFMpb", {{0, RFMpb}, {104, ACT}}},
};

INSTANTIATE_TEST_SUITE_P(Ddr4, TightTiming, testing::ValuesIn(kDdr4), case_name);
INSTANTIATE_TEST_SUITE_P(Ddr5, TightTiming, testing::ValuesIn(kDdr5), case_name);
INSTANTIATE_TEST_SUITE_P(Hbm2, TightTiming, testing::ValuesIn(kHbm2), case_name);
INSTANTIATE_TEST_SUITE_P(Hbm3, TightTiming, testing::ValuesIn(kHbm3), case_name);
INSTANTIATE_TEST_SUITE_P(Lpddr, TightTiming, testing::ValuesIn(kLpddr), case_name);
INSTANTIATE_TEST_SUITE_P(Gddr, TightTiming, testing::ValuesIn(kGddr), case_name);

TEST(CheckerRules, LeavesOutStandardsThatItDoesNotKnow) {
  EXPECT_FALSE(checked_standard("sdram").has_value());
  for (const char* name : {"ddr4", "ddr5", "hbm2", "hbm3", "hbm4", "lpddr5", "lpddr6", "gddr6", "gddr7"}) {
    EXPECT_TRUE(checked_standard(name).has_value()) << name;
  }
}

TEST(CheckerRules, EveryTimingRuleOfAStandardHasATightCase) {
  std::vector<std::string> untried;
  for (const char* standard : {"ddr4", "ddr5", "hbm2", "hbm3", "lpddr5"}) {
    for (const TimingRule& rule : timing_rules(example_device(standard), *checked_standard(standard))) {
      bool tried = false;
      const auto look = [&](const auto& cases) {
        for (const TightCase& c : cases) tried = tried || rule.name == c.rule;
      };
      look(kDdr4), look(kDdr5), look(kHbm2), look(kHbm3), look(kLpddr), look(kGddr);
      if (!tried) untried.push_back(std::string(standard) + " " + std::string(rule.name));
    }
  }
  EXPECT_EQ(untried, std::vector<std::string>{});
}

}  // namespace
}  // namespace orrery
