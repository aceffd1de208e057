// How fast the command-level memory is, in CPU time: 64-byte requests per second of one unit, with statistics and what
// energy is computed from, without the checker, on the devices that the peers were measured on. Run from the repository
// root.

#include <benchmark/benchmark.h>

#include <memory>

#include "orrery/memory/achievable.h"
#include "orrery/memory/ai_patterns.h"
#include "orrery/memory/energy.h"
#include "orrery/memory/memory_run.h"
#include "orrery/memory/patterns.h"
#include "orrery/scenario/catalog.h"

namespace orrery {
namespace {

DramDevice load(const std::string& id) {
  const Catalog catalog("catalog");
  Diagnostics diagnostics;
  const auto part = catalog.load<MemoryPartRecord>(AnyReference{id, {}}, diagnostics);
  const auto standard = catalog.load<StandardRecord>(part->record.standard, diagnostics);
  return *compile_device(standard->record, part->record, {}, diagnostics);
}

struct Case {
  const char* part;
  const char* pattern;
  std::int64_t blocks;
  std::int32_t entries = 64;  // of each queue, and reads under way
  double load = 0;            // of the peak; 0: as many under way as entries
  RefreshMode refresh = RefreshMode::all_bank;
};

ControllerSettings settings_of(const DramDevice& device, const Case& given) {
  ControllerSettings settings = default_settings(device);
  set_refresh(settings, device, given.refresh);
  settings.read_entries = settings.write_entries = given.entries;
  return settings;
}

void run(benchmark::State& state, const Case& given) {
  const DramDevice device = load(given.part);
  const AddressMapping mapping = AddressMapping::parse("default", device, 1)->within_unit();
  const ControllerSettings settings = settings_of(device, given);
  PatternOptions options{.blocks = given.blocks};
  if (given.load > 0) options.load = given.load;
  const auto energy = EnergyModel::from(device);
  for (auto _ : state) {
    const auto source = *make_access_pattern(given.pattern, device, mapping, options);
    const UnitActivity activity =
        simulate_unit(device, settings, {given.load > 0 ? 0 : std::int64_t{given.entries}}, *source);
    benchmark::DoNotOptimize(activity.latency.mean());
    if (energy) benchmark::DoNotOptimize(energy->of(activity, kRandomData).total().si());
  }
  state.counters["requests_per_cpu_s"] =
      benchmark::Counter(static_cast<double>(given.blocks * state.iterations()), benchmark::Counter::kIsRate);
}

#define ORRERY_MEMORY_BENCH(name, ...)                            \
  void name(benchmark::State& state) { run(state, __VA_ARGS__); } \
  BENCHMARK(name)->Unit(benchmark::kMillisecond)

ORRERY_MEMORY_BENCH(StreamDdr4, Case{"ramulator2-ddr4-2400", "stream", 2'000'000});
ORRERY_MEMORY_BENCH(StreamDdr5, Case{"ramulator2-ddr5-4800", "stream", 2'000'000});
ORRERY_MEMORY_BENCH(StreamHbm2, Case{"ramulator2-hbm2-2000", "stream", 2'000'000});
ORRERY_MEMORY_BENCH(StreamHbm3, Case{"ramulator2-hbm3-6400", "stream", 2'000'000});
ORRERY_MEMORY_BENCH(RandomDdr4, Case{"ramulator2-ddr4-2400", "random", 500'000});
ORRERY_MEMORY_BENCH(RandomDdr5, Case{"ramulator2-ddr5-4800", "random", 500'000});
ORRERY_MEMORY_BENCH(RandomHbm2, Case{"ramulator2-hbm2-2000", "random", 500'000});
ORRERY_MEMORY_BENCH(RandomHbm3, Case{"ramulator2-hbm3-6400", "random", 500'000});
ORRERY_MEMORY_BENCH(MixedDdr4, Case{"ramulator2-ddr4-2400", "mixed", 500'000});
ORRERY_MEMORY_BENCH(MixedDdr5, Case{"ramulator2-ddr5-4800", "mixed", 500'000});
ORRERY_MEMORY_BENCH(MixedHbm2, Case{"ramulator2-hbm2-2000", "mixed", 500'000});
ORRERY_MEMORY_BENCH(MixedHbm3, Case{"ramulator2-hbm3-6400", "mixed", 500'000});
ORRERY_MEMORY_BENCH(RandomDdr4With32, Case{"ramulator2-ddr4-2400", "random", 500'000, 32});
ORRERY_MEMORY_BENCH(MixedDdr4With32, Case{"ramulator2-ddr4-2400", "mixed", 500'000, 32});
ORRERY_MEMORY_BENCH(RandomHbm3With32, Case{"ramulator2-hbm3-6400", "random", 500'000, 32});
ORRERY_MEMORY_BENCH(OnePercentDdr4, Case{"ramulator2-ddr4-2400", "random", 500'000, 64, 0.01});
ORRERY_MEMORY_BENCH(OnePercentDdr5, Case{"ramulator2-ddr5-4800", "random", 500'000, 64, 0.01});
ORRERY_MEMORY_BENCH(OnePercentHbm2, Case{"ramulator2-hbm2-2000", "random", 500'000, 64, 0.01});
ORRERY_MEMORY_BENCH(OnePercentHbm3, Case{"ramulator2-hbm3-6400", "random", 500'000, 64, 0.01});

// A pseudo channel of a real stack: two stack ids, buses shared with another one, refresh bank by bank.
ORRERY_MEMORY_BENCH(StreamHbm3Stack, Case{"hbm3-6400", "stream", 1'000'000, 64, 0, RefreshMode::per_bank});
ORRERY_MEMORY_BENCH(RandomHbm3Stack, Case{"hbm3-6400", "random", 500'000, 64, 0, RefreshMode::per_bank});
ORRERY_MEMORY_BENCH(MixedHbm3Stack, Case{"hbm3-6400", "mixed", 500'000, 64, 0, RefreshMode::per_bank});
ORRERY_MEMORY_BENCH(OnePercentHbm3Stack, Case{"hbm3-6400", "random", 200'000, 64, 0.01, RefreshMode::per_bank});

/// What the five HBM3 stacks of one H100 read in a millisecond at their pin rate: weights, over all 160 units.
void MillisecondOfH100Weights(benchmark::State& state) {
  constexpr std::int64_t kStacks = 5;
  constexpr std::int64_t kBytes = 3'350'000'000;
  const DramDevice device = load("hbm3-5200");
  const AddressMapping mapping = *AddressMapping::parse("default", device, kStacks * device.units());
  MemoryQuestion question{device, default_settings(device), {64}, {}, {}, {}};
  for (std::int64_t unit = 0; unit < mapping.units(); ++unit) question.units.push_back(unit);
  question.sources = [&](std::int64_t unit) { return *make_weight_stream({kBytes}, {device, mapping, unit}); };
  for (auto _ : state) benchmark::DoNotOptimize(answer(question).end_tick);
  state.counters["requests_per_cpu_s"] =
      benchmark::Counter(static_cast<double>(kBytes / 64 * state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(MillisecondOfH100Weights)->Unit(benchmark::kSecond)->Iterations(1);

void SharesOfOnePart(benchmark::State& state) {
  const DramDevice device = load("hbm3-5200");
  for (auto _ : state) benchmark::DoNotOptimize(achievable_shares(device, 5 * device.units()));
}
BENCHMARK(SharesOfOnePart)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery
