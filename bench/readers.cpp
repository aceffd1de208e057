// How fast inputs are read and requests drawn, in CPU time.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <filesystem>
#include <random>

#include "orrery/base/random_stream.h"
#include "orrery/scenario/trace_reader.h"
#include "orrery/schema/node.h"

namespace orrery {
namespace {

/// A list of sites of 80,000 lines.
void YamlOf80000Lines(benchmark::State& state) {
  std::string text = "sites:\n";
  for (int i = 0; i < 20000; ++i) {
    text += fmt::format("  - name: site-{}\n    power: {} kW\n    price: 0.{} USD/kWh\n    place: {{x: {}, y: {}}}\n",
                        i, i, i % 90 + 10, i, i);
  }
  const auto source = std::make_shared<SourceText>("sites.yaml", text);
  for (auto _ : state) {
    Diagnostics diagnostics;
    benchmark::DoNotOptimize(parse_yaml(source, diagnostics));
  }
}
BENCHMARK(YamlOf80000Lines)->Unit(benchmark::kMillisecond);

void read(benchmark::State& state, const char* path) {
  if (!std::filesystem::exists(path)) {
    state.SkipWithError("../shared/data/traces is absent");
    return;
  }
  std::int64_t rows = 0;
  for (auto _ : state) {
    Diagnostics diagnostics;
    rows += static_cast<std::int64_t>(read_trace(path, {}, diagnostics)->requests.size());
  }
  state.counters["rows_per_cpu_s"] = benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
}
void AzureTraceUnpackedAndRead(benchmark::State& state) { read(state, "../shared/data/traces/azure-2023-conv.csv.gz"); }
BENCHMARK(AzureTraceUnpackedAndRead)->Unit(benchmark::kMillisecond);
void MooncakeTraceUnpackedAndRead(benchmark::State& state) {
  read(state, "../shared/data/traces/mooncake-conversation.jsonl.gz");
}
BENCHMARK(MooncakeTraceUnpackedAndRead)->Unit(benchmark::kMillisecond);

void PhiloxDraw(benchmark::State& state) {
  RandomStream stream(1, "bench", "draw");
  for (auto _ : state) benchmark::DoNotOptimize(stream.next());
}
BENCHMARK(PhiloxDraw);

void MersenneTwisterDrawToCompareWith(benchmark::State& state) {
  std::mt19937_64 generator(1);
  for (auto _ : state) benchmark::DoNotOptimize(generator());
}
BENCHMARK(MersenneTwisterDrawToCompareWith);

}  // namespace
}  // namespace orrery
