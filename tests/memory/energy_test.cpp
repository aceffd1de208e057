#include "orrery/memory/energy.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "orrery/memory/power_trace.h"

namespace orrery {
namespace {

using enum DramCommand;

constexpr std::size_t at(DramCommand command) { return static_cast<std::size_t>(command); }

/// Rails in mA at one supply, as tables print them: the last two are IDD3N of one bank and of all.
SupplyRail rail_of(double voltage, double IDD0, double IDD2N, double IDD4R, double IDD4W, double IDD5B, double one_bank,
                   double all_banks) {
  const auto milliamperes = [](double value) { return Sourced<Amperes>(Amperes(value * 1e-3)); };
  SupplyRail rail;
  rail.voltage = Sourced<Volts>(Volts(voltage));
  rail.IDD0 = milliamperes(IDD0);
  rail.IDD2N = milliamperes(IDD2N);
  rail.IDD4R = milliamperes(IDD4R);
  rail.IDD4W = milliamperes(IDD4W);
  rail.IDD5B = milliamperes(IDD5B);
  rail.IDD3N_one_bank = milliamperes(one_bank);
  rail.IDD3N = milliamperes(all_banks);
  return rail;
}

Sourced<JoulesPerByte> picojoules_per_bit(double value) { return Sourced<JoulesPerByte>(JoulesPerByte(value * 8e-12)); }
Sourced<Seconds> nanoseconds(double value) { return Sourced<Seconds>(Seconds(value * 1e-9)); }

/// Source: CMU-SAFARI/HBM-Power, data-pattern-model.md.
DataDependence hbm_data() {
  return {picojoules_per_bit(3.1798), picojoules_per_bit(1.04), picojoules_per_bit(1.4875), picojoules_per_bit(1.41),
          std::nullopt};
}

/// One pseudo channel of 16 banks. Source of the rails: CMU-SAFARI/HBM-Power, config/*/power.json.
DramDevice pseudo_channel(std::int64_t megabit_per_s, std::int32_t transfers_per_clock, std::int32_t ticks_per_clock,
                          std::int64_t RAS, std::int64_t RP, std::int64_t RFC) {
  DramDevice device;
  device.bank_groups = 4;
  device.banks_per_group = 4;
  device.access_bytes = 32;
  device.rate_kbit_per_s = megabit_per_s * 1000;
  device.transfers_per_clock = transfers_per_clock;
  device.ticks_per_clock = ticks_per_clock;
  device.burst_ticks = 2 * ticks_per_clock;
  device.timings = {{"RAS", RAS}, {"RP", RP}, {"RFCab", RFC}};
  const auto ticks = [&](std::int64_t clocks) { return static_cast<std::int32_t>(clocks * ticks_per_clock); };
  auto& bank = device.distance[static_cast<std::size_t>(TimingScope::bank)];
  bank[at(ACT)][at(PRE)] = ticks(RAS);
  bank[at(PRE)][at(ACT)] = ticks(RP);
  bank[at(RD)][at(PRE)] = ticks(9);
  bank[at(WR)][at(PRE)] = ticks(45);
  device.refresh[static_cast<std::size_t>(RefreshMode::all_bank)] = DeviceRefresh{REFab, ticks(6240), 0};
  device.refresh[static_cast<std::size_t>(RefreshMode::per_bank)] = DeviceRefresh{REFpb, ticks(390), 0};
  device.energy.emplace();
  device.energy->data = hbm_data();
  return device;
}
DramDevice hbm2() {
  DramDevice device = pseudo_channel(1200, 2, 1, 20, 9, 210);
  device.energy->rails = {{"VDD", {}, rail_of(1.2, 28.544, 11.756, 202.769, 137.406, 66.331, 12.394, 14.281)}};
  return device;
}
DramDevice hbm3e() {
  DramDevice device = pseudo_channel(6400, 4, 2, 45, 26, 560);
  device.energy->rails = {{"VDD", {}, rail_of(1.1, 106.1, 70.5, 560.7, 389.5, 164.7, 71.2, 73.3)}};
  return device;
}
/// Its loops are not the timings of the part.
DramDevice hbm4() {
  DramDevice device = pseudo_channel(8000, 4, 2, 57, 33, 800);
  device.energy->rails = {{"VDD", {}, rail_of(1.05, 128.9, 88.1, 700.9, 486.9, 192.5, 88.9, 91.0)}};
  device.energy->loop = MeasuringLoop{nanoseconds(33), nanoseconds(15), nanoseconds(350)};
  return device;
}
/// Eight x8 devices. Source: DRAMSys, MICRON_4Gb_DDR4-2400_8bit_A.json.
DramDevice ddr4() {
  DramDevice device = pseudo_channel(2400, 2, 1, 39, 16, 313);
  device.access_bytes = 64;
  device.burst_ticks = 4;
  SupplyRail rail = rail_of(1.2, 60.75, 38.25, 184.5, 168.75, 118, 44, 44);
  rail.IDD3N_one_bank.reset();
  rail.IDD2P = Sourced<Amperes>(Amperes(17e-3));
  rail.IDD3P = Sourced<Amperes>(Amperes(22.5e-3));
  rail.IDD6 = Sourced<Amperes>(Amperes(20.25e-3));
  device.energy->rails = {{"VDD", {}, rail}, {"VPP", {}, rail_of(2.5, 4.05, 0, 0, 0, 0, 0, 0)}};
  device.energy->data.reset();
  device.energy->devices = Sourced<std::int64_t>(8);
  return device;
}

EnergyModel model_of(const DramDevice& device) { return *EnergyModel::from(device); }

struct Golden {
  double activate;  // pJ
  double read[2];   // pJ/bit with static and with random data
  double write[2];
  double refresh;  // nJ
  double standby;  // mW
};

void expect_near_relative(double value, double expected, double relative) {
  EXPECT_NEAR(value, expected, expected * relative);
}

/// Source: memory reference, section 12, with a digit or two more than it prints, from its rails.
void expect_golden(const DramDevice& device, const Golden& golden) {
  const EnergyModel model = model_of(device);
  const double per_bit = 1e12 / (8 * device.access_bytes);
  expect_near_relative(model.activate_energy().si() * 1e12, golden.activate, 1e-4);
  expect_near_relative(model.read_energy(kStaticData).si() * per_bit, golden.read[0], 1e-4);
  expect_near_relative(model.read_energy(kRandomData).si() * per_bit, golden.read[1], 1e-4);
  expect_near_relative(model.write_energy(kStaticData).si() * per_bit, golden.write[0], 1e-4);
  expect_near_relative(model.write_energy(kRandomData).si() * per_bit, golden.write[1], 1e-4);
  expect_near_relative(model.refresh_energy(REFab).si() * 1e9, golden.refresh, 1e-4);
  expect_near_relative(model.standby_power(0).si() * 1e3, golden.standby, 1e-4);
  EXPECT_FALSE(model.activation_clamped());
}

TEST(DramEnergy, GoldenValuesOfHbm2) {
  expect_golden(hbm2(), {948.2, {2.9746, 4.8163}, {1.9533, 3.1627}, 21.861, 14.107});
}
TEST(DramEnergy, GoldenValuesOfHbm3e) {
  expect_golden(hbm3e(), {1716.1, {2.6292, 4.2570}, {1.7096, 2.7681}, 35.189, 77.55});
}
TEST(DramEnergy, GoldenValuesOfHbm4ChargeAllAtTheCoreSupply) {
  expect_golden(hbm4(), {2028.6, {2.5102, 4.0643}, {1.6324, 2.6431}, 37.301, 92.505});
}

TEST(DramEnergy, AnotherSupplyOfThePinsCountsForTheirShareOfReadsAlone) {
  DramDevice device = hbm4();
  const EnergyModel one_supply = model_of(device);
  device.energy->data->VDDQ = Sourced<Volts>(Volts(0.9));
  const EnergyModel two_supplies = model_of(device);
  const double share = 0.52 / 5.14855;  // of DQ with random data, 10 %
  const double expected = 1 - share + share * 0.9 / 1.05;
  EXPECT_NEAR(two_supplies.read_energy(kRandomData) / one_supply.read_energy(kRandomData), expected, 1e-9);
  EXPECT_EQ(two_supplies.read_energy(kStaticData), one_supply.read_energy(kStaticData));
  EXPECT_EQ(two_supplies.write_energy(kRandomData), one_supply.write_energy(kRandomData));
}

TEST(DramEnergy, RandomDataCostsTheFactorOfTheMeasurement) {
  const EnergyModel model = model_of(hbm2());
  EXPECT_NEAR(model.read_energy(kRandomData) / model.read_energy(kStaticData), 1.619, 5e-4);
  EXPECT_NEAR(model.read_energy(1) / model.read_energy(kStaticData), 2.238, 5e-4);
}

/// Source: CMU-SAFARI's own scaling of the HBM3E rails to 4,800 MT/s, in its plugin's tests, and to HBM4's 8,000.
TEST(DramEnergy, CurrentsFollowThePinRate) {
  const auto at_rate = [](std::int64_t megabit_per_s) {
    DramDevice device = hbm3e();
    device.energy->loop = MeasuringLoop{nanoseconds(33), nanoseconds(15), nanoseconds(350)};
    device.energy->rate = CurrentScaling{Sourced<BytesPerSecond>(BytesPerSecond(0.8e9)), Sourced<double>(0.0903),
                                         Sourced<double>(0.0675)};
    device.rate_kbit_per_s = megabit_per_s * 1000;
    return model_of(device);
  };
  const auto given = [](std::int64_t megabit_per_s, const SupplyRail& rail) {
    DramDevice device = hbm4();
    device.rate_kbit_per_s = megabit_per_s * 1000;
    device.energy->rails = {{"VDD", {}, rail}};
    return model_of(device);
  };
  for (const auto& [rate, rail] : {std::pair{4800, rail_of(1.1, 83.3, 52.8, 420.5, 292.1, 137.0, 53.6, 55.7)},
                                   std::pair{6400, rail_of(1.1, 106.1, 70.5, 560.7, 389.5, 164.7, 71.2, 73.3)},
                                   std::pair{8000, rail_of(1.1, 128.9, 88.1, 700.9, 486.9, 192.5, 88.9, 91.0)}}) {
    const EnergyModel scaled = at_rate(rate);
    const EnergyModel expected = given(rate, rail);
    expect_near_relative(scaled.activate_energy().si(), expected.activate_energy().si(), 5e-3);
    expect_near_relative(scaled.read_energy(0).si(), expected.read_energy(0).si(), 1e-3);
    expect_near_relative(scaled.write_energy(0).si(), expected.write_energy(0).si(), 1e-3);
    expect_near_relative(scaled.refresh_energy(REFab).si(), expected.refresh_energy(REFab).si(), 2e-3);
    expect_near_relative(scaled.standby_power(0).si(), expected.standby_power(0).si(), 2e-3);
    expect_near_relative(scaled.standby_power(16).si(), expected.standby_power(16).si(), 2e-3);
  }
}

TEST(DramEnergy, BackgroundRisesWithOpenBanksToThatOfAllOpen) {
  const EnergyModel model = model_of(hbm2());
  EXPECT_DOUBLE_EQ(model.standby_power(0).si(), 1.2 * 11.756e-3);
  EXPECT_DOUBLE_EQ(model.standby_power(1).si(), 1.2 * 12.394e-3);
  EXPECT_DOUBLE_EQ(model.standby_power(16).si(), 1.2 * 14.281e-3);
  EXPECT_NEAR(model.standby_power(8).si(), 1.2 * (12.394e-3 + 7 * 1.887e-3 / 15), 1e-12);
}

// The loops that the currents come from must draw the currents again.

TEST(DramEnergy, ActivationsWithoutPauseDrawIDD0) {
  RankActivity activity;
  activity.commands[at(ACT)] = 1000;
  activity.any_bank_open_ticks = activity.open_bank_ticks = 1000 * 20;
  const EnergyBreakdown energy = model_of(hbm2()).of(activity, 1000 * 29, kStaticData);
  expect_near_relative(energy.total().si(), 1.2 * 28.544e-3 * 1000 * 29 * hbm2().tick_seconds(), 1e-9);
}
TEST(DramEnergy, ReadsWithoutPauseDrawIDD4R) {
  RankActivity activity;
  activity.commands[at(RD)] = 500;
  activity.commands[at(RDA)] = 500;
  activity.any_bank_open_ticks = activity.open_bank_ticks = 2000;
  const EnergyBreakdown energy = model_of(hbm2()).of(activity, 2000, kStaticData);
  expect_near_relative(energy.total().si(), 1.2 * 202.769e-3 * 2000 * hbm2().tick_seconds(), 1e-9);
}
TEST(DramEnergy, RefreshesWithoutPauseDrawIDD5B) {
  RankActivity activity;
  activity.commands[at(REFab)] = 100;
  const EnergyBreakdown energy = model_of(hbm2()).of(activity, 100 * 210, kStaticData);
  expect_near_relative(energy.total().si(), 1.2 * 66.331e-3 * 21000 * hbm2().tick_seconds(), 1e-9);
}
TEST(DramEnergy, SleepDrawsItsOwnCurrents) {
  RankActivity activity;
  activity.power_down_ticks = 1000;
  activity.active_power_down_ticks = 2000;
  activity.self_refresh_ticks = 3000;
  const EnergyBreakdown energy = model_of(ddr4()).of(activity, 6000, kStaticData);
  const double tick = ddr4().tick_seconds();
  EXPECT_EQ(energy.background, Joules(0));
  expect_near_relative(energy.power_down.si(), 8 * 1.2 * (17e-3 * 1000 + 22.5e-3 * 2000) * tick, 1e-9);
  expect_near_relative(energy.self_refresh.si(), 8 * 1.2 * 20.25e-3 * 3000 * tick, 1e-9);
}
TEST(DramEnergy, SelfRefreshWithoutACurrentIsStandbyWithRefreshes) {
  const DramDevice device = hbm3e();
  const EnergyModel model = model_of(device);
  const Joules refresh = model.refresh_energy(REFab) + model.refresh_background(REFab);
  const Watts expected = model.standby_power(0) + refresh / Seconds(6240 * 2 * device.tick_seconds());
  expect_near_relative(model.self_refresh_power().si(), expected.si(), 1e-9);
}

TEST(DramEnergy, RefreshOfOneBankTakesItsShareOfTheRows) {
  const EnergyModel model = model_of(hbm2());
  EXPECT_DOUBLE_EQ(model.refresh_energy(REFpb) / model.refresh_energy(REFab), 390.0 / 6240);
  EXPECT_EQ(model.refresh_energy(RFMab), model.refresh_energy(REFab));
  EXPECT_EQ(model.refresh_energy(ACT), Joules(0));
}

TEST(DramEnergy, EveryDeviceOfEveryRankDraws) {
  DramDevice device = ddr4();
  const EnergyModel model = model_of(device);
  const double ns = 1e-9 * device.nanoseconds(1);
  expect_near_relative(model.activate_energy().si(),
                       8 * (1.2 * (16.75e-3 * 39 + 22.5e-3 * 16) + 2.5 * 4.05e-3 * (39 + 16)) * ns, 1e-9);
  device.ranks = 2;
  EXPECT_EQ(model_of(device).standby_power(0), model.standby_power(0));
  UnitActivity idle;
  idle.end_tick = 1000;
  idle.ranks.resize(2);
  expect_near_relative(model_of(device).of(idle, 0).total().si(), 16 * 1.2 * 38.25e-3 * 1000 * ns, 1e-9);
}
TEST(DramEnergy, StackIdsShareTheStandbyOfTheirPseudoChannel) {
  DramDevice device = hbm3e();
  device.ranks = 3;
  UnitActivity idle;
  idle.end_tick = 1000;
  idle.ranks.resize(3);
  const EnergyModel model = model_of(device);
  expect_near_relative(model.of(idle, 0).total().si(), 1.1 * 70.5e-3 * 1000 * device.tick_seconds(), 1e-9);
  EXPECT_EQ(model.activate_energy(), model_of(hbm3e()).activate_energy());
  EXPECT_NEAR((model.standby_power(1) - model.standby_power(0)).si(), 1.1 * 0.7e-3, 1e-12);
}

TEST(DramEnergy, ANegativeActivationIsZeroAndSaysSo) {
  DramDevice device = ddr4();
  SupplyRail rail = rail_of(1.1, 122, 92, 530, 479, 277, 142, 142);
  rail.IDD3N_one_bank.reset();
  device.energy->rails = {{"VDD", {}, rail}};
  device.energy->loop = MeasuringLoop{nanoseconds(32), nanoseconds(16.64), nanoseconds(295)};
  const EnergyModel model = model_of(device);
  EXPECT_TRUE(model.activation_clamped());
  EXPECT_EQ(model.activate_energy(), Joules(0));
  EXPECT_FALSE(model_of(ddr4()).activation_clamped());
}

TEST(DramEnergy, EnergyAtThePinsCountsPerByte) {
  DramDevice device = hbm2();
  device.energy->io = InterfaceEnergy{picojoules_per_bit(1), picojoules_per_bit(2)};
  RankActivity activity;
  activity.commands[at(RD)] = 3;
  activity.commands[at(WRA)] = 5;
  expect_near_relative(model_of(device).of(activity, 10, 0).io.si(), (3 * 1 + 5 * 2) * 256e-12, 1e-9);
}

TEST(DramEnergy, EnergiesPerBitStandInForCurrents) {
  DramDevice device = hbm2();
  device.ranks = 2;
  device.energy.emplace();
  device.energy->per_bit =
      OperationEnergies{picojoules_per_bit(6),           picojoules_per_bit(7),       Sourced<Joules>(Joules(2e-9)),
                        Sourced<Joules>(Joules(100e-9)), Sourced<Watts>(Watts(0.04)), {}};
  device.energy->low = Sourced<double>(0.5);
  device.energy->high = Sourced<double>(2);
  const EnergyModel model = model_of(device);
  UnitActivity activity;
  activity.end_tick = 1000;
  activity.ranks.resize(2);
  activity.ranks[0].commands[at(ACT)] = 2;
  activity.ranks[0].commands[at(RD)] = 10;
  activity.ranks[1].commands[at(WR)] = 10;
  activity.ranks[1].commands[at(REFab)] = 1;
  const EnergyBreakdown energy = model.of(activity, kStaticData);
  expect_near_relative(energy.activation.si(), 4e-9, 1e-9);
  expect_near_relative(energy.read.si(), 6 * 2560e-12, 1e-9);
  expect_near_relative(energy.write.si(), 7 * 2560e-12, 1e-9);
  expect_near_relative(energy.refresh.si(), 100e-9, 1e-9);
  expect_near_relative(energy.background.si(), 0.04 * 1000 * device.tick_seconds(), 1e-9);
  EXPECT_EQ(model.low(), 0.5);
  EXPECT_EQ(model.high(), 2);
}

TEST(DramEnergy, APartWithoutEnergiesHasNoModel) { EXPECT_FALSE(EnergyModel::from(DramDevice()).has_value()); }

/// Source: memory reference, section 12: 6.73 pJ/bit with four reads per activation, refresh included, at 91 % of
/// peak. They round commands and windows in ways that are not written down: within 6 %.
TEST(DramEnergy, RandomReadsOfHbm3eComeNearTheModelOfTheSource) {
  const DramDevice device = hbm3e();
  UnitActivity activity;
  activity.ranks.resize(1);
  RankActivity& rank = activity.ranks[0];
  rank.commands[at(ACT)] = 250'000;
  rank.commands[at(RD)] = 1'000'000;
  activity.end_tick = static_cast<std::int64_t>(1'000'000 * device.burst_ticks / 0.91);
  rank.commands[at(REFab)] = activity.end_tick / (6240 * 2);
  rank.any_bank_open_ticks = activity.end_tick * 9 / 10;
  rank.open_bank_ticks = rank.any_bank_open_ticks * 8;
  const EnergyBreakdown energy = model_of(device).of(activity, kRandomData);
  EXPECT_NEAR(joules_per_bit(energy, Bytes(1'000'000 * 32)) * 1e12, 6.73, 0.06 * 6.73);
}

// Records

std::vector<std::string> problems(const std::string& text) {
  Diagnostics diagnostics;
  const auto node = parse_yaml(std::make_shared<SourceText>("energy.yaml", text), diagnostics);
  const auto record = node ? read_record<EnergyRecord>(*node, diagnostics) : std::nullopt;
  if (record) check_physics(*record, diagnostics);
  std::vector<std::string> lines;
  for (const Diagnostic& d : diagnostics.sorted()) {
    lines.push_back(std::to_string(d.place.line) + " " + d.code + ": " + d.message);
  }
  return lines;
}
using Lines = std::vector<std::string>;

constexpr const char* kPerBit =
    "per_bit: {read: 6 pJ/bit, write: 6 pJ/bit, activation: 2 nJ, refresh: 100 nJ, background: 40 mW}\n";

TEST(DramEnergyRecord, ReadsBothForms) {
  EXPECT_EQ(
      problems("rails:\n"
               "  VDD: {voltage: 1.1 V, IDD0: 106.1 mA, IDD2N: 70.5 mA, IDD3N: 73.3 mA, IDD3N_one_bank: 71.2 mA,\n"
               "        IDD4R: 560.7 mA, IDD4W: {value: 389.5 mA, status: estimated}, IDD5B: 164.7 mA}\n"
               "loop: {RAS: 28.125 ns, RP: 16.25 ns, RFC: 350 ns}\n"
               "rate: {reference_rate: 6.4 Gbit/s, IDD0_slope: 0.0903, IDD5B_slope: 0.0675}\n"
               "data: {static: 3.1798 pJ/bit, DQ: 1.04 pJ/bit, TSV: 1.4875 pJ/bit, bank_group: 1.41 pJ/bit}\n"
               "io: {read: 1 pJ/bit, write: 1 pJ/bit}\n"),
      Lines());
  EXPECT_EQ(problems(std::string(kPerBit) + "low: 0.5\nhigh: 2\n"), Lines());
}
TEST(DramEnergyRecord, HoldsOneFormAndItsBand) {
  EXPECT_EQ(problems("low: 0.5\n"),
            Lines({"1 impossible-physics: neither rails nor per_bit says what this memory draws"}));
  EXPECT_EQ(problems(kPerBit), Lines({"1 missing-key: 'low' and 'high' are missing: per_bit is given with its band"}));
  EXPECT_EQ(problems(std::string(kPerBit) + "low: 0.5\nhigh: 2\ndevices: 8\n"),
            Lines({"1 impossible-physics: devices, loop, rate, data and io explain rails, and there are none"}));
  EXPECT_EQ(problems(std::string(kPerBit) +
                     "low: 0.5\nhigh: 2\nrails:\n"
                     "  VDD: {voltage: 1 V, IDD0: 9 mA, IDD2N: 7 mA, IDD3N: 8 mA, IDD4R: 20 mA, IDD4W: 20 mA,\n"
                     "        IDD5B: 30 mA}\n"),
            Lines({"1 impossible-physics: rails and per_bit are two answers to one question: give one of them"}));
}
TEST(DramEnergyRecord, RefusesCurrentsOutOfOrder) {
  EXPECT_EQ(problems("rails:\n"
                     "  VDD:\n"
                     "    voltage: 1 V\n"
                     "    IDD0: 9 mA\n"
                     "    IDD2N: 10 mA\n"
                     "    IDD3N: 8 mA\n"
                     "    IDD4R: 7 mA\n"
                     "    IDD4W: 8 mA\n"
                     "    IDD5B: 30 mA\n"
                     "    IDD2P: 11 mA\n"),
            Lines({"4 impossible-physics: IDD0 of VDD is 9 mA, less than IDD2N, which is 10 mA",
                   "5 impossible-physics: IDD2N of VDD is 10 mA, less than IDD2P, which is 11 mA",
                   "6 impossible-physics: IDD3N of VDD is 8 mA, less than IDD2N, which is 10 mA",
                   "7 impossible-physics: IDD4R of VDD is 7 mA, less than IDD3N, which is 8 mA"}));
}

// The trace

/// Counts a stream the slow way: looks at every bank in every tick.
class PlainCounter {
 public:
  explicit PlainCounter(const DramDevice& device) : device_(device) {
    activity_.ranks.resize(static_cast<std::size_t>(device.ranks));
    closes_.resize(activity_.ranks.size(), std::vector<std::int64_t>(16, 0));
    asleep_.resize(activity_.ranks.size(), 0);
  }
  /// `closes`: the tick at which the bank of an ACT closes, known beforehand.
  void opened(int rank, int bank, std::int64_t closes) {
    closes_[static_cast<std::size_t>(rank)][static_cast<std::size_t>(bank)] = closes;
  }
  void issued(const IssuedCommand& command) {
    ++activity_.ranks[command.rank].commands[at(command.command)];
    if (command.command == PDE) asleep_[command.rank] = 1;
    if (command.command == SRE) asleep_[command.rank] = 2;
    if (command.command == PDX || command.command == SRX) asleep_[command.rank] = 0;
  }
  void tick(std::int64_t now) {
    for (std::size_t r = 0; r < closes_.size(); ++r) {
      RankActivity& rank = activity_.ranks[r];
      int open = 0;
      for (const std::int64_t closes : closes_[r]) open += closes > now ? 1 : 0;
      if (asleep_[r] == 2) {
        ++rank.self_refresh_ticks;
      } else if (asleep_[r] == 1) {
        ++(open > 0 ? rank.active_power_down_ticks : rank.power_down_ticks);
      } else {
        rank.any_bank_open_ticks += open > 0 ? 1 : 0;
        rank.open_bank_ticks += open;
      }
    }
  }
  const UnitActivity& end(std::int64_t tick) {
    activity_.end_tick = tick;
    return activity_;
  }

 private:
  const DramDevice& device_;
  UnitActivity activity_;
  std::vector<std::vector<std::int64_t>> closes_;
  std::vector<int> asleep_;
};

/// A stream of episodes, each of which opens banks of one rank, reads and writes, closes all by one of the ways, and
/// may then refresh or sleep. Ranks take turns but overlap through rows that close by themselves.
struct Stream {
  std::vector<IssuedCommand> commands;
  std::vector<std::int64_t> closes;  // of each ACT among the commands
  std::int64_t end = 0;
};

class StreamMaker {
 public:
  StreamMaker(const DramDevice& device, unsigned seed) : device_(device), random_(seed) {}

  Stream make(int episodes) {
    for (int i = 0; i < episodes; ++i) episode();
    stream_.end = tick_ + below(50);
    stream_.closes.resize(stream_.commands.size(), 0);
    return std::move(stream_);
  }

 private:
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }
  void add(DramCommand command, int rank, int bank) {
    tick_ += 1 + below(12);
    stream_.commands.push_back({tick_, command, static_cast<std::uint8_t>(rank), static_cast<std::uint8_t>(bank / 4),
                                static_cast<std::uint8_t>(bank % 4), 0, 0});
    stream_.closes.resize(stream_.commands.size(), 0);
  }

  void episode() {
    const int rank = static_cast<int>(below(device_.ranks));
    const int way = static_cast<int>(below(4));
    tick_ += 400;  // rows of before have closed
    const int banks = 1 + static_cast<int>(below(4));
    std::vector<std::size_t> activations;
    for (int i = 0; i < banks; ++i) {
      add(ACT, rank, way == 2 ? 4 * i + 1 : 5 * i);
      activations.push_back(stream_.commands.size() - 1);
    }
    if (below(4) == 0) nap(rank, PDE, PDX);
    for (int i = 0; i < banks; ++i) access(rank, activations[static_cast<std::size_t>(i)], way == 3);
    if (way != 3) close(rank, activations, way);
    if (below(3) != 0) return;
    tick_ += 400;
    if (below(2) == 0) add(below(2) == 0 ? REFab : REFpb, rank, 0);
    nap(rank, below(2) == 0 ? SRE : PDE, stream_.commands.back().command == SRE ? SRX : PDX);
  }
  void nap(int rank, DramCommand enter, DramCommand leave) {
    add(enter, rank, 0);
    tick_ += below(3000);
    add(enter == SRE ? SRX : leave == SRX ? PDX : leave, rank, 0);
  }
  void access(int rank, std::size_t activation, bool closes) {
    const IssuedCommand act = stream_.commands[activation];
    const auto& bank = device_.distance[static_cast<std::size_t>(TimingScope::bank)];
    std::int64_t may_close = act.tick + bank[at(ACT)][at(PRE)];
    const std::int64_t accesses = 1 + below(3);
    for (std::int64_t i = 0; i < accesses; ++i) {
      const bool write = below(2) == 0;
      const bool last = closes && i == accesses - 1;
      add(write ? (last ? WRA : WR) : (last ? RDA : RD), rank, act.group * 4 + act.bank);
      may_close = std::max(may_close, tick_ + bank[at(write ? WR : RD)][at(PRE)]);
    }
    if (closes) stream_.closes[activation] = may_close;
  }
  void close(int rank, const std::vector<std::size_t>& activations, int way) {
    tick_ += 100;
    if (way == 1) add(PREab, rank, 0);
    if (way == 2) add(PREsb, rank, 1);
    for (const std::size_t activation : activations) {
      const IssuedCommand act = stream_.commands[activation];
      if (way == 0) add(PRE, rank, act.group * 4 + act.bank);
      stream_.closes[activation] = tick_;
    }
  }

  const DramDevice& device_;
  std::mt19937 random_;
  Stream stream_;
  std::int64_t tick_ = 0;
};

EnergyBreakdown energy_of_counters(const DramDevice& device, const Stream& stream) {
  PlainCounter counter(device);
  std::size_t next = 0;
  for (std::int64_t tick = 0; tick < stream.end; ++tick) {
    for (; next < stream.commands.size() && stream.commands[next].tick == tick; ++next) {
      const IssuedCommand& command = stream.commands[next];
      counter.issued(command);
      if (command.command == ACT) counter.opened(command.rank, command.group * 4 + command.bank, stream.closes[next]);
    }
    counter.tick(tick);
  }
  return EnergyModel::from(device)->of(counter.end(stream.end), kRandomData);
}

EnergyBreakdown sum_of(const std::vector<PowerWindow>& windows) {
  EnergyBreakdown sum;
  for (const PowerWindow& window : windows) sum += window.energy;
  return sum;
}

TEST(PowerTrace, SumsToTheEnergyOfTheCounters) {
  DramDevice device = ddr4();
  device.ranks = 2;
  const EnergyModel model = model_of(device);
  for (const unsigned seed : {1U, 2U, 3U}) {
    Stream stream = StreamMaker(device, seed).make(200);
    stream.end += 500;  // rows that close by themselves have closed
    const EnergyBreakdown counted = energy_of_counters(device, stream);
    for (const std::int64_t window : {1, 64, 1000, 1'000'000'000}) {
      PowerTrace trace(device, model, window, kRandomData);
      for (const IssuedCommand& command : stream.commands) trace.issued(command);
      trace.finish(stream.end);
      const EnergyBreakdown traced = sum_of(trace.windows());
      for (const auto part :
           {&EnergyBreakdown::activation, &EnergyBreakdown::read, &EnergyBreakdown::write, &EnergyBreakdown::refresh,
            &EnergyBreakdown::background, &EnergyBreakdown::power_down, &EnergyBreakdown::self_refresh}) {
        EXPECT_GT((counted.*part).si(), 0);
        expect_near_relative((traced.*part).si(), (counted.*part).si(), 1e-9);
      }
      expect_near_relative(traced.total().si(), counted.total().si(), 1e-9);
    }
  }
}

TEST(PowerTrace, WindowsFollowOneAnotherAndHoldWhatHappenedInThem) {
  const DramDevice device = hbm2();
  const EnergyModel model = model_of(device);
  PowerTrace trace(device, model, 100, kStaticData);
  trace.issued({150, ACT, 0, 0, 0, 7, 0});
  trace.issued({199, RD, 0, 0, 0, 7, 0});
  trace.issued({200, RD, 0, 0, 0, 7, 1});
  trace.issued({330, PRE, 0, 0, 0, 0, 0});
  trace.finish(420);
  const auto& windows = trace.windows();
  ASSERT_EQ(windows.size(), 5U);
  for (std::size_t i = 0; i < windows.size(); ++i) EXPECT_EQ(windows[i].from, static_cast<std::int64_t>(i) * 100);
  EXPECT_EQ(windows.back().to, 420);
  const double tick = device.tick_seconds();
  const double closed = model.standby_power(0).si() * tick;
  const double open = model.standby_power(1).si() * tick;
  const double expected[] = {100 * closed, 50 * closed + 50 * open, 100 * open, 30 * open + 70 * closed, 20 * closed};
  for (std::size_t i = 0; i < windows.size(); ++i) {
    expect_near_relative(windows[i].energy.background.si(), expected[i], 1e-12);
    EXPECT_EQ(windows[i].energy.activation, i == 1 ? model.activate_energy() : Joules(0));
    EXPECT_EQ(windows[i].energy.read, i == 1 || i == 2 ? model.read_energy(kStaticData) : Joules(0));
  }
}

TEST(PowerTrace, ARowThatClosesByItselfBeyondTheEndCountsToItsClose) {
  const DramDevice device = hbm2();
  const EnergyModel model = model_of(device);
  PowerTrace trace(device, model, 100, kStaticData);
  trace.issued({10, ACT, 0, 0, 0, 7, 0});
  trace.issued({20, WRA, 0, 0, 0, 7, 0});  // closes at 20 + 45
  trace.finish(30);
  UnitActivity activity;
  activity.end_tick = 30;
  activity.ranks.resize(1);
  activity.ranks[0].commands[at(ACT)] = activity.ranks[0].commands[at(WRA)] = 1;
  activity.ranks[0].any_bank_open_ticks = activity.ranks[0].open_bank_ticks = 55;
  EXPECT_DOUBLE_EQ(sum_of(trace.windows()).total().si(), model.of(activity, kStaticData).total().si());
}

}  // namespace
}  // namespace orrery
