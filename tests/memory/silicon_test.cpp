// Saturated reads and the knee of real machines. One constant is fitted per machine: the time between core and
// controller, from the unloaded latency. Source: bandwidth-latency curves measured by BSC (Mess, MICRO 2024).
// The usual refresh of DDR5 and HBM2 in the catalog was chosen with these machines in view; nothing else was.

#include <gtest/gtest.h>

#include "catalog_devices.h"
#include "orrery/memory/patterns.h"
#include "orrery/memory/unit_engine.h"

namespace orrery {
namespace {

struct Machine {
  const char* name;
  const char* part;
  double gbit_per_pin;
  double peak_GBps;
  double saturated_GBps;  // reads only
  double unloaded_ns = 0;
  double knee_GBps = 0;  // where latency is twice that; 0: not published
};

// Knee of the H100: between 1434 GB/s at 703 ns and 1524 GB/s at 1414 ns, 730 ns lie at 1437 GB/s.
constexpr Machine kMachines[] = {
    {"H100 64 GB HBM2e (MareNostrum 5)", "hbm2e-3200", 3.186, 1631, 1524, 365, 1437},
    {"A64FX, HBM2", "hbm2-2000", 2.0, 1024, 942.6},
    {"Graviton3, DDR5-4800", "ddr5-4800", 4.8, 307.2, 284.5},
};
constexpr std::int64_t kBlocks = 200'000;

struct Point {
  double share = 0;
  double latency_ns = 0;
};

Point read_stream(const DramDevice& device, std::int32_t outstanding) {
  ControllerSettings settings = default_settings(device);
  settings.read_entries = outstanding;
  const AddressMapping mapping = AddressMapping::parse("default", device, 1)->within_unit();
  const auto source = *make_access_pattern("stream", device, mapping, {.blocks = kBlocks});
  const UnitActivity activity = simulate_unit(device, settings, {outstanding}, *source);
  return {static_cast<double>(activity.data_ticks) / static_cast<double>(activity.end_tick),
          device.nanoseconds(activity.latency.mean())};
}

DramDevice device_of(const Machine& machine) {
  DeviceOptions options;
  options.pin_rate = BytesPerSecond(machine.gbit_per_pin * 1e9 / 8);
  return catalog_device(machine.part, options);
}

class Silicon : public testing::TestWithParam<Machine> {};

TEST_P(Silicon, SaturatedReadBandwidthIsWithinThreePointsOfThePeak) {
  const Machine& machine = GetParam();
  const DramDevice device = device_of(machine);
  const double simulated = 100 * read_stream(device, 256).share;
  const double measured = 100 * machine.saturated_GBps / machine.peak_GBps;
  std::printf("%s: %.1f %% of the pin rate simulated, %.1f measured\n", machine.name, simulated, measured);
  EXPECT_NEAR(simulated, measured, 3);
}

TEST_P(Silicon, TheKneeIsWithinTenPercent) {
  const Machine& machine = GetParam();
  if (machine.knee_GBps == 0) GTEST_SKIP() << "no latencies are published for " << machine.name;
  const DramDevice device = device_of(machine);
  const double core_to_controller = machine.unloaded_ns - read_stream(device, 1).latency_ns;
  double knee = 0;
  for (std::int32_t outstanding = 1; outstanding <= 2048; outstanding += std::max(1, outstanding / 8)) {
    const Point point = read_stream(device, outstanding);
    knee = point.share * machine.peak_GBps;
    if (point.latency_ns + core_to_controller >= 2 * machine.unloaded_ns) break;
  }
  std::printf("%s: knee at %.0f GB/s simulated, %.0f measured; %.0f ns between core and controller\n", machine.name,
              knee, machine.knee_GBps, core_to_controller);
  EXPECT_NEAR(knee / machine.knee_GBps, 1, 0.1);
}

INSTANTIATE_TEST_SUITE_P(Machines, Silicon, testing::ValuesIn(kMachines), [](const auto& info) {
  std::string name;
  for (const char c : std::string(info.param.name)) {
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
  }
  return name;
});

}  // namespace
}  // namespace orrery
