#include "orrery/memory/device.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "catalog_devices.h"

namespace orrery {
namespace {

using testing::HasSubstr;

/// A part of the catalog and its standard, to be spoilt.
class DeviceDiagnostics : public testing::Test {
 protected:
  /// Codes, messages and hints of what compile_device says; nothing where it gives a device.
  std::string findings(const DeviceOptions& options = {}) const {
    Diagnostics diagnostics;
    const auto device = compile_device(standard_, part_, options, diagnostics);
    std::string text;
    for (const Diagnostic& one : diagnostics.sorted()) {
      text += fmt::format("{}: {}{}\n", one.code, one.message, one.hint.empty() ? "" : "; " + one.hint);
    }
    EXPECT_EQ(device.has_value(), text.empty());
    return text;
  }
  std::string findings_with(const std::string& timing, std::int64_t clocks) const {
    DeviceOptions options;
    options.timings = {{timing, clocks}};
    return findings(options);
  }
  auto timing(std::string_view name) {
    return std::find_if(part_.timings.begin(), part_.timings.end(), [&](const auto& row) { return row.name == name; });
  }
  void take(std::string_view part) {
    part_ = catalog_part(part);
    standard_ = catalog_standard(part_.standard.id);
  }

  MemoryPartRecord part_ = catalog_part("ddr4-2400");
  StandardRecord standard_ = catalog_standard("ddr4");
};

TEST_F(DeviceDiagnostics, ASoundPartHasNone) { EXPECT_EQ(findings(), ""); }

TEST_F(DeviceDiagnostics, AMissingTimingIsNamed) {
  part_.timings.erase(timing("RRD_L"));
  EXPECT_EQ(findings(), "missing-key: the timing 'RRD_L', which ddr4 needs, is missing\n");
}

TEST_F(DeviceDiagnostics, EveryMissingTimingIsNamedAtOnce) {
  part_.timings.erase(timing("RRD_L"));
  part_.timings.erase(timing("WR"));
  EXPECT_THAT(findings(), testing::AllOf(HasSubstr("'RRD_L'"), HasSubstr("'WR'")));
}

TEST_F(DeviceDiagnostics, AnUnknownTimingIsNamedWithTheNearestOne) {
  timing("RRD_L")->name = "RRDL";
  EXPECT_THAT(findings(), HasSubstr("unknown-key: 'RRDL' is not a timing of ddr4; did you mean 'RRD_L'"));
}

TEST_F(DeviceDiagnostics, AnUnknownTimingOfTheOptionsIsNamedWithTheNearestOne) {
  EXPECT_THAT(findings_with("RFCa", 400),
              HasSubstr("unknown-name: 'RFCa' is not a timing of ddr4; did you mean 'RFCab'"));
}

TEST_F(DeviceDiagnostics, AnExpressionThatCannotBeReadIsQuoted) {
  standard_.constraints[0].minimum = "max(nBL, CCDS)";
  EXPECT_THAT(findings(), HasSubstr("invalid-expression: max(nBL, CCDS): 'CCDS' is not a timing of the standard; did "
                                    "you mean 'CCD_S'"));
}

TEST_F(DeviceDiagnostics, AnIntervalThatCannotBeReadIsQuoted) {
  standard_.refresh.all_bank.interval = "REFI / ";
  EXPECT_THAT(findings(), HasSubstr("invalid-expression: REFI / : "));
}

TEST_F(DeviceDiagnostics, ARowCycleShorterThanItsPartsIsImpossible) {
  // 39 + 16 - 1: one clock of rounding is allowed.
  EXPECT_EQ(findings_with("RC", 54), "");
  EXPECT_EQ(findings_with("RC", 53), "impossible-physics: RC is 53 clocks, less than RAS + RP - 1, which is 54\n");
}

TEST_F(DeviceDiagnostics, AWindowShorterThanTwoActivationsIsImpossible) {
  EXPECT_EQ(findings_with("FAW", 4), "");
  EXPECT_EQ(findings_with("FAW", 3), "impossible-physics: FAW is 3 clocks, less than RRD_S, which is 4\n");
}

TEST_F(DeviceDiagnostics, ShortTimingsAboveLongOnesAreImpossible) {
  EXPECT_EQ(findings_with("RRD_L", 3), "impossible-physics: RRD_L is 3 clocks, less than RRD_S, which is 4\n");
  EXPECT_EQ(findings_with("CCD_L", 3), "impossible-physics: CCD_L is 3 clocks, less than CCD_S, which is 4\n");
  EXPECT_EQ(findings_with("WTR_L", 2), "impossible-physics: WTR_L is 2 clocks, less than WTR_S, which is 3\n");
  EXPECT_EQ(findings_with("REFI", 400), "impossible-physics: REFI is 400 clocks, less than RFCab, which is 433\n");
}

TEST_F(DeviceDiagnostics, ARefreshOfOneBankLongerThanThatOfAllIsImpossible) {
  take("hbm3-6400");
  EXPECT_THAT(findings_with("RFCpb", 561), HasSubstr("RFCab is 560 clocks, less than RFCpb, which is 561"));
}

TEST_F(DeviceDiagnostics, AHeightThatThePartDoesNotHaveListsThoseThatItHas) {
  take("hbm3-6400");
  DeviceOptions options;
  options.height = 10;
  EXPECT_EQ(findings(options), "impossible-physics: hbm3-6400 is not made 10 dies high, but 8, 12\n");
}

TEST_F(DeviceDiagnostics, AModuleHasNoHeight) {
  DeviceOptions options;
  options.height = 8;
  EXPECT_EQ(findings(options), "impossible-physics: ddr4-2400 is not a stack: it has no height\n");
}

TEST_F(DeviceDiagnostics, AUnitHasAtMost64Banks) {
  take("hbm4-8000");
  DeviceOptions options;
  options.ranks = 4;
  EXPECT_EQ(findings(options), "");
  options.ranks = 5;
  EXPECT_EQ(findings(options),
            "impossible-physics: 5 ranks of 16 banks are more than the 64 banks that a unit can have\n");
}

TEST_F(DeviceDiagnostics, APinRateIsAWholeNumberOfKilobitsPerSecond) {
  DeviceOptions options;
  options.pin_rate = BytesPerSecond(300e6 + 0.0125);
  EXPECT_THAT(findings(options), HasSubstr("is no whole number of kbit/s"));
}

// ---- what a device is compiled to

TEST(Device, DistancesCountFromFirstTickToFirstTick) {
  using enum DramCommand;
  const DramDevice device = catalog_device("ramulator2-hbm3-6400");
  const auto distance = [&](TimingScope scope, DramCommand from, DramCommand to) {
    return device
        .distance[static_cast<std::size_t>(scope)][static_cast<std::size_t>(from)][static_cast<std::size_t>(to)];
  };
  EXPECT_EQ(distance(TimingScope::bank, ACT, RD), 31 * 2 + 2 - 1);  // three ticks of ACT, two of RD
  EXPECT_EQ(distance(TimingScope::bank, ACT, PRE), 45 * 2 + 2);
  EXPECT_EQ(distance(TimingScope::bank, PRE, ACT), 26 * 2 - 2);
  EXPECT_EQ(distance(TimingScope::bank, ACT, ACT), 72 * 2);
  EXPECT_EQ(distance(TimingScope::group, RD, RD), 4 * 2);
  EXPECT_EQ(distance(TimingScope::bank, RD, ACT), 0);
  EXPECT_EQ(device.activation_window.ticks, 24 * 2);
  EXPECT_EQ(device.read_latency, 40);
  EXPECT_EQ(device.burst_ticks, 4);
}

TEST(Device, TimeIsExactToThePicosecond) {
  const DramDevice device = catalog_device("ramulator2-hbm3-6400");  // 3.2 GHz half clocks: 312.5 ps
  EXPECT_EQ(device.time_of(1), SimTime(313));
  EXPECT_EQ(device.time_of(2), SimTime(625));
  EXPECT_EQ(device.time_of(3'200'000'000), SimTime(1'000'000'000'000));
  EXPECT_EQ(device.time_of(std::int64_t{3'200'000'000} * 100'000), SimTime(std::int64_t{1'000'000'000'000} * 100'000));
  EXPECT_DOUBLE_EQ(device.nanoseconds(2), 0.625);
}

TEST(Device, PeaksAreThoseOfTheReference) {
  constexpr double kGigabytes[] = {19.2, 19.2, 16.0, 25.6, 32.0, 12.8, 28.0};
  for (std::size_t i = 0; i < std::size(kRamulatorParts); ++i) {
    const DramDevice device = catalog_device(kRamulatorParts[i]);
    EXPECT_DOUBLE_EQ(device.peak_bytes_per_second() / 1e9, kGigabytes[i]) << device.part;
    EXPECT_NEAR(device.peak_bytes_per_second(),
                static_cast<double>(device.rate_kbit_per_s) * 1e3 / 8 * device.data_pins, 1)
        << device.part;
  }
}

TEST(Device, CapacitiesAreThoseOfTheReference) {
  constexpr int kBlockBits[] = {27, 27, 24, 22, 22, 25, 24};
  for (std::size_t i = 0; i < std::size(kRamulatorParts); ++i) {
    EXPECT_EQ(catalog_device(kRamulatorParts[i]).bytes_per_unit(), std::int64_t{64} << kBlockBits[i])
        << kRamulatorParts[i];
  }
}

TEST(Device, TimesRoundUpToWholeClocksOfTheRate) {
  // 14.166 ns and the like: a faster clock needs more of them, a value in clocks does not change.
  DeviceOptions faster;
  faster.pin_rate = BytesPerSecond(5.6e9 / 8);
  const DramDevice base = catalog_device("ddr5-4800");
  const DramDevice device = catalog_device("ddr5-4800", faster);
  EXPECT_EQ(base.timing("RP"), 40);    // 16.64 ns of 0.41667 ns
  EXPECT_EQ(device.timing("RP"), 47);  // of 0.35714 ns
  EXPECT_EQ(base.timing("CCD_S"), device.timing("CCD_S"));
  EXPECT_EQ(base.timing("REFI"), 9'360);
  EXPECT_EQ(device.timing("REFI"), 10'920);
}

TEST(Device, AHigherStackHasMoreStackIds) {
  DeviceOptions options;
  options.height = 12;
  EXPECT_EQ(catalog_device("hbm3-6400", options).ranks, 3);
}

TEST(Device, EveryTestDeviceRefreshesAtTheIntervalOfItsMode) {
  const DramDevice ddr5 = catalog_device("ramulator2-ddr5-4800");
  EXPECT_EQ(ddr5.refresh[static_cast<std::size_t>(RefreshMode::all_bank)]->interval, 9'375);
  EXPECT_EQ(ddr5.refresh[static_cast<std::size_t>(RefreshMode::same_bank)]->interval, 1'172);  // of half of that
  EXPECT_FALSE(ddr5.refresh[static_cast<std::size_t>(RefreshMode::per_bank)].has_value());
  const DramDevice hbm3 = catalog_device("ramulator2-hbm3-6400");
  EXPECT_EQ(hbm3.refresh[static_cast<std::size_t>(RefreshMode::per_bank)]->interval, 6'240 / 16 * 2);
}

}  // namespace
}  // namespace orrery
