// How fast requests of a population are drawn, in CPU time: arrivals per second along a day's curve.
// Run from the repository root.

#include <benchmark/benchmark.h>

#include "orrery/fleet/daily_arrivals.h"
#include "orrery/scenario/catalog.h"

namespace orrery {
namespace {

void draw_day(benchmark::State& state, const std::string& id) {
  const Catalog catalog("catalog");
  Diagnostics diagnostics;
  const auto entry = catalog.load<DailyCurveRecord>(AnyReference{id, {}}, diagnostics);
  const DailyCurve curve(entry->record);
  std::int64_t drawn = 0;
  for (auto _ : state) {
    DailyArrivals arrivals(curve, Hertz(20), Seconds(0), kDay, RandomStream(1, "fleet", "bench"));
    while (const auto time = arrivals.next()) {
      benchmark::DoNotOptimize(time->si());
      ++drawn;
    }
  }
  state.counters["arrivals_per_cpu_s"] = benchmark::Counter(static_cast<double>(drawn), benchmark::Counter::kIsRate);
}

void ArrivalsOfTwoPeaks(benchmark::State& state) { draw_day(state, "two-peaks"); }
void ArrivalsOfWorkingHours(benchmark::State& state) { draw_day(state, "working-hours"); }

BENCHMARK(ArrivalsOfTwoPeaks)->Unit(benchmark::kMillisecond);
BENCHMARK(ArrivalsOfWorkingHours)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery
