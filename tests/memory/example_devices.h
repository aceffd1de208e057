#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orrery/memory/device.h"

// Devices written out by hand, so that tests of them owe nothing to the catalog. Their commands and distances are
// left empty.
namespace orrery {

using ExampleTimings = std::vector<std::pair<std::string, std::int64_t>>;

// The seven test devices of section 3.1 of the memory reference, and those of 3.7 and 3.9. What these tables do not
// give is assumed: CS, XP, XS, PD, RFM*, CCD_R of HBM2, RFCsb 130 ns and RREFD 30 ns of DDR5, REFpb of LPDDR6, and
// RTW of GDDR7, where 12 would let a write overtake the data of a read.

struct ExampleOrganization {
  std::string_view standard;
  std::string_view unit;
  std::int32_t bank_groups, banks_per_group;
  std::int64_t rows;
  std::int32_t columns, access_bytes, data_pins;
  std::int64_t rate_kbit_per_s;
  std::int32_t transfers_per_clock, ticks_per_clock, burst_ticks, units_per_channel;
  bool data_clock;
};
inline constexpr ExampleOrganization kExampleOrganizations[] = {
    {"ddr4", "channel", 4, 4, 65536, 128, 64, 64, 2'400'000, 2, 1, 4, 1, false},        // DDR4-2400R 8Gb x8
    {"ddr5", "subchannel", 8, 4, 65536, 64, 64, 32, 4'800'000, 2, 1, 8, 1, false},      // DDR5-4800BN 16Gb x8
    {"hbm2", "pseudo channel", 4, 4, 65536, 32, 32, 64, 2'000'000, 2, 1, 2, 2, false},  // HBM2-2000 8Gb
    {"hbm3", "pseudo channel", 4, 4, 16384, 32, 32, 32, 6'400'000, 4, 2, 4, 2, false},  // HBM3-6400 16Gb
    {"hbm4", "pseudo channel", 2, 8, 16384, 32, 32, 32, 8'000'000, 4, 2, 4, 2, false},  // HBM4-8000 32Gb 4Hi
    {"lpddr5", "channel", 4, 4, 65536, 64, 32, 16, 6'400'000, 8, 1, 2, 1, true},        // LPDDR5-6400 16Gb x16
    {"lpddr6", "subchannel", 4, 4, 65536, 64, 32, 12, 10'667'000, 4, 1, 6, 1, true},    // LPDDR6-10667
    {"gddr6", "channel", 4, 4, 16384, 128, 32, 16, 14'000'000, 8, 1, 2, 1, false},      // GDDR6-14000 16Gb x16
    {"gddr7", "channel", 1, 16, 16384, 64, 32, 8, 28'000'000, 16, 1, 2, 1, false},      // GDDR7-28000 PAM3
};

/// In clocks.
inline ExampleTimings example_timings(std::string_view standard) {
  if (standard == "ddr4")
    return {{"CL", 16},     {"CWL", 12}, {"RCDrd", 16}, {"RCDwr", 16}, {"RP", 16},   {"RAS", 39},
            {"RC", 55},     {"WR", 18},  {"RTP", 9},    {"CCD_S", 4},  {"CCD_L", 6}, {"RRD_S", 4},
            {"RRD_L", 6},   {"FAW", 26}, {"WTR_S", 3},  {"WTR_L", 9},  {"RTW", 10},  {"RFCab", 433},
            {"REFI", 9364}, {"CS", 2},   {"XP", 8},     {"XS", 445},   {"PD", 6}};
  if (standard == "ddr5")
    return {{"CL", 36},   {"CWL", 34},    {"RCDrd", 36},  {"RCDwr", 36}, {"RP", 36},     {"RAS", 77},
            {"RC", 113},  {"WR", 72},     {"RTP", 18},    {"CCD_S", 8},  {"CCD_L", 12},  {"CCD_L_WR", 48},
            {"RRD_S", 8}, {"RRD_L", 12},  {"FAW", 48},    {"WTR_S", 6},  {"WTR_L", 24},  {"RTW", 14},
            {"PPD", 2},   {"RFCab", 710}, {"RFCsb", 313}, {"RREFD", 73}, {"RFMab", 710}, {"REFI", 9375},
            {"CS", 2},    {"XP", 18},     {"XS", 734},    {"PD", 18}};
  if (standard == "hbm2")
    return {{"CL", 14},     {"CWL", 5},   {"RCDrd", 14}, {"RCDwr", 12}, {"RP", 14},     {"RAS", 34},    {"RC", 48},
            {"WR", 16},     {"RTP", 5},   {"CCD_S", 2},  {"CCD_L", 4},  {"CCD_R", 3},   {"RRD_S", 4},   {"RRD_L", 4},
            {"FAW", 15},    {"WTR_S", 6}, {"WTR_L", 8},  {"RTW", 13},   {"RFCab", 350}, {"RFCpb", 160}, {"RREFD", 8},
            {"REFI", 3900}, {"XP", 8},    {"XS", 216},   {"PD", 5}};
  if (standard == "hbm3")
    return {{"CL", 20},   {"CWL", 10},    {"RCDrd", 31},  {"RCDwr", 15},  {"RP", 26},   {"RAS", 45},    {"RC", 72},
            {"WR", 33},   {"RTP", 9},     {"CCD_S", 2},   {"CCD_L", 4},   {"CCD_R", 3}, {"RRD_S", 4},   {"RRD_L", 5},
            {"FAW", 24},  {"WTR_S", 7},   {"WTR_L", 10},  {"RTW", 20},    {"PPD", 2},   {"RFCab", 720}, {"RFCpb", 320},
            {"RREFD", 8}, {"RFMab", 720}, {"RFMpb", 320}, {"REFI", 6240}, {"XP", 12},   {"XS", 736},    {"PD", 12}};
  if (standard == "hbm4")
    return {{"CL", 20},    {"CWL", 10},    {"RCDrd", 39},  {"RCDwr", 19},  {"RP", 33},   {"RAS", 57},    {"RC", 90},
            {"WR", 42},    {"RTP", 12},    {"CCD_S", 2},   {"CCD_L", 4},   {"CCD_R", 2}, {"RRD_S", 5},   {"RRD_L", 7},
            {"FAW", 30},   {"WTR_S", 9},   {"WTR_L", 13},  {"RTW", 25},    {"PPD", 2},   {"RFCab", 800}, {"RFCpb", 560},
            {"RREFD", 16}, {"RFMab", 800}, {"RFMpb", 560}, {"REFI", 7800}, {"XP", 15},   {"XS", 820},    {"PD", 15}};
  if (standard == "lpddr5")
    return {{"CL", 17},       {"CWL", 9},     {"RCDrd", 15},  {"RCDwr", 15},  {"RP", 15},     {"RPab", 17},
            {"RPab_REF", 15}, {"RAS", 34},    {"RC", 49},     {"WR", 28},     {"RTP", 8},     {"CCD_S", 2},
            {"CCD_L", 4},     {"RRD_S", 4},   {"RRD_L", 4},   {"FAW", 16},    {"WTR_S", 5},   {"WTR_L", 10},
            {"RTW", 12},      {"PPD", 2},     {"nBL_max", 4}, {"RFCab", 224}, {"RFCpb", 112}, {"pbR2act", 6},
            {"pbR2pbR", 72},  {"REFI", 3125}, {"AAD", 8},     {"WCKPST", 1},  {"CS", 2},      {"XP", 6},
            {"XS", 230},      {"PD", 6}};
  if (standard == "lpddr6")
    return {{"CL", 56},       {"CWL", 26},     {"RCDrd", 48},   {"RCDwr", 22},   {"RP", 107},    {"RPab", 115},
            {"RAS", 54},      {"RC", 169},     {"WR", 32},      {"RTP", 14},     {"CCD_S", 6},   {"CCD_L", 10},
            {"RRD_S", 10},    {"RRD_L", 10},   {"FAW", 40},     {"WTR_S", 17},   {"WTR_L", 32},  {"RTW", 41},
            {"RTW_L", 47},    {"PPD", 4},      {"nBL_max", 12}, {"RFCab", 1014}, {"RFCpb", 507}, {"pbR2act", 20},
            {"pbR2pbR", 240}, {"REFI", 10416}, {"AAD", 8},      {"WCKPST", 3},   {"CS", 2},      {"XP", 20},
            {"XS", 1034},     {"PD", 20}};
  if (standard == "gddr6")
    return {{"CL", 24},     {"CWL", 6},    {"RCDrd", 27}, {"RCDwr", 16}, {"RP", 27},     {"RAS", 53},    {"RC", 79},
            {"WR", 27},     {"RTP", 4},    {"CCD_S", 2},  {"CCD_L", 4},  {"RRD_S", 8},   {"RRD_L", 8},   {"FAW", 29},
            {"WTR_S", 9},   {"WTR_L", 11}, {"RTW", 25},   {"PPD", 1},    {"RFCab", 211}, {"RFCpb", 106}, {"RREFD", 15},
            {"REFI", 3333}, {"XP", 14},    {"XS", 225},   {"PD", 14}};
  if (standard == "gddr7")
    return {{"CL", 24},     {"CWL", 6}, {"RCDrd", 30},  {"RCDwr", 19},  {"RP", 30},    {"RAS", 60},    {"RC", 90},
            {"WR", 30},     {"RTP", 4}, {"CCD_S", 2},   {"CCD_L", 4},   {"RRD_S", 4},  {"WTR_S", 9},   {"WTR_L", 11},
            {"RTW", 24},    {"PPD", 2}, {"RFCab", 315}, {"RFCpb", 105}, {"RREFD", 21}, {"RFMab", 315}, {"RFMpb", 105},
            {"REFI", 3327}, {"XP", 14}, {"XS", 330},    {"PD", 14}};
  return {};
}

inline std::int64_t example_timing(const DramDevice& device, std::string_view name) {
  for (const auto& [timing, clocks] : device.timings) {
    if (timing == name) return clocks;
  }
  return 0;
}

/// Pre: the standard is one of kExampleOrganizations.
inline DramDevice example_device(std::string_view standard, std::int32_t ranks = 1) {
  DramDevice d;
  for (const ExampleOrganization& o : kExampleOrganizations) {
    if (o.standard != standard) continue;
    d.part = "example";
    d.standard = o.standard;
    d.unit = o.unit;
    d.units_per_channel = o.units_per_channel;
    d.units_sharing_commands = o.units_per_channel;
    d.ranks = ranks;
    d.bank_groups = o.bank_groups;
    d.banks_per_group = o.banks_per_group;
    d.rows = o.rows;
    d.columns = o.columns;
    d.access_bytes = o.access_bytes;
    d.data_pins = o.data_pins;
    d.rate_kbit_per_s = o.rate_kbit_per_s;
    d.transfers_per_clock = o.transfers_per_clock;
    d.ticks_per_clock = o.ticks_per_clock;
    d.burst_ticks = o.burst_ticks;
    d.data_clock = o.data_clock;
  }
  d.timings = example_timings(standard);
  EXPECT_FALSE(d.timings.empty()) << standard;
  const auto ticks = [&](std::string_view name) {
    return static_cast<std::int32_t>(example_timing(d, name)) * d.ticks_per_clock;
  };
  d.read_latency = ticks("CL");
  d.write_latency = ticks("CWL");
  if (ticks("FAW") > 0) {
    const bool is_stack = standard.starts_with("hbm");
    d.activation_window = {is_stack ? TimingScope::unit : TimingScope::rank, 4, ticks("FAW")};
  }
  const std::int32_t postponed = standard == "ddr5" ? 4 : 8;
  d.refresh[static_cast<std::size_t>(RefreshMode::all_bank)] = {DramCommand::REFab, ticks("REFI"), postponed};
  if (ticks("RFCpb") > 0) {
    d.refresh[static_cast<std::size_t>(RefreshMode::per_bank)] = {DramCommand::REFpb,
                                                                  ticks("REFI") / d.banks_per_rank(), postponed};
  }
  if (ticks("RFCsb") > 0) {
    d.refresh[static_cast<std::size_t>(RefreshMode::same_bank)] = {DramCommand::REFsb,
                                                                   ticks("REFI") / d.banks_per_group, postponed};
  }
  return d;
}

}  // namespace orrery
