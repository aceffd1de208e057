// How fast packets go through a radio cell, in CPU time: one-way packets per second in the calendar, with percentiles
// and with others' load, and drawn from the exact distribution. Run from the repository root.
//
// 5G-LENA v2.3 on ns-3.37 carried 17 pings, 34 one-way packets, per CPU second with 32 users in one cell, on a shared
// two-core AMD EPYC. It computes fading, interference and channel quality per user, which the calendar does not.

#include <benchmark/benchmark.h>

#include "orrery/base/percentiles.h"
#include "orrery/network/delay_distribution.h"
#include "orrery/network/radio_pings.h"
#include "orrery/scenario/catalog.h"

namespace orrery {
namespace {

constexpr std::int64_t kPings = 1'000'000;

RadioCell load(const std::string& id) {
  const Catalog catalog("catalog");
  Diagnostics diagnostics;
  const auto entry = catalog.load<RadioRecord>(AnyReference{id, {}}, diagnostics);
  return *RadioCell::compile(entry->record, diagnostics);
}

void count(benchmark::State& state, std::int64_t packets) {
  state.counters["packets_per_cpu_s"] =
      benchmark::Counter(static_cast<double>(packets * state.iterations()), benchmark::Counter::kIsRate);
}

void carry(benchmark::State& state, const PingQuestion& question) {
  const RadioCell cell = load("skt-5g");
  for (auto _ : state) {
    PingDelays delays = carry_pings(cell, question);
    Percentiles percentiles(delays.round_trip);
    for (const double fraction : {0.5, 0.95, 0.99}) benchmark::DoNotOptimize(percentiles.at(fraction));
  }
  count(state, 2 * question.packets);
}

void RadioCalendar(benchmark::State& state) { carry(state, {.packets = kPings}); }
void RadioCalendar32Users(benchmark::State& state) { carry(state, {.users = 32, .packets = kPings}); }
void RadioCalendar32UsersLoaded(benchmark::State& state) {
  carry(state, {.users = 32, .packets = kPings, .load = 0.3});
}

void RadioDistribution(benchmark::State& state) {
  const RadioCell cell = load("skt-5g");
  const DelayDistribution delays = uplink_delays(cell.calendar(), cell.errors());
  RandomStream stream(1, "network", "bench");
  for (auto _ : state) {
    double sum = 0;
    for (std::int64_t i = 0; i < kPings; ++i) sum += delays.draw(stream);
    benchmark::DoNotOptimize(sum);
  }
  count(state, kPings);
}

BENCHMARK(RadioCalendar)->Unit(benchmark::kMillisecond);
BENCHMARK(RadioCalendar32Users)->Unit(benchmark::kMillisecond);
BENCHMARK(RadioCalendar32UsersLoaded)->Unit(benchmark::kMillisecond);
BENCHMARK(RadioDistribution)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery
