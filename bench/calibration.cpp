// How fast operators are predicted and tables of them read, in CPU time.

#include <benchmark/benchmark.h>

#include <filesystem>

#include "orrery/calibration/fit.h"
#include "orrery/calibration/measurement_table.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

ChipFacts h100() {
  ChipFacts chip;
  chip.id = "h100-sxm";
  chip.generation = "hopper";
  chip.units = 132;
  chip.clock_Hz = 1830e6;
  chip.exponentials_per_clock = 16;
  chip.bf16_flops = 989e12;
  chip.fp8_flops = 1978e12;
  chip.bandwidth_Bps = 3.35e12;
  chip.l2_bytes = 50e6;
  chip.power_limit_W = 700;
  chip.link_Bps = 450e9;
  return chip;
}

/// Shapes of a served model: token counts from 1 to 8192 against four weight shapes.
std::vector<Shape> gemm_shapes() {
  std::vector<Shape> shapes;
  for (const auto& [n, k] : {std::pair(4096, 4096), {6144, 4096}, {28672, 4096}, {4096, 14336}}) {
    for (int m = 1; m <= 8192; m = m < 16 ? m + 1 : m * 5 / 4) shapes.push_back({double(m), double(n), double(k)});
  }
  return shapes;
}

void GemmPrediction(benchmark::State& state) {
  const OperatorForm& form = gemm_form();
  const ChipFacts chip = h100();
  const Constants constants = specified_priors(form, "bfloat16");
  const std::vector<Shape> shapes = gemm_shapes();
  std::int64_t count = 0;
  for (auto _ : state) {
    for (const Shape& shape : shapes) {
      benchmark::DoNotOptimize(form.time_us(shape, "bfloat16", chip, constants, false));
    }
    count += static_cast<std::int64_t>(shapes.size());
  }
  state.counters["predictions_per_cpu_s"] = benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsRate);
}
BENCHMARK(GemmPrediction);

void TableOf16000Rows(benchmark::State& state) {
  const std::string path = "../shared/data/silicon/gemm.csv.gz";
  if (!std::filesystem::exists(path)) {
    state.SkipWithError("../shared/data/silicon is absent");
    return;
  }
  for (auto _ : state) {
    std::vector<RowProblem> problems;
    benchmark::DoNotOptimize(read_measurement_table(path, problems));
  }
}
BENCHMARK(TableOf16000Rows)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery
