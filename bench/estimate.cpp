// How fast whole deployments are estimated, in CPU time. Run from the repository root.

#include <benchmark/benchmark.h>

#include <filesystem>

#include "orrery/estimate/deployment_table.h"

namespace orrery {
namespace {

/// Every row of the table of measured deployments, the reading of catalog and table included.
void EstimateOfEveryDeployment(benchmark::State& state) {
  const std::string path = "../shared/data/silicon/e2e.csv.gz";
  if (!std::filesystem::exists(path)) {
    state.SkipWithError("../shared/data/silicon is absent");
    return;
  }
  std::int64_t rows = 0;
  for (auto _ : state) {
    const Catalog catalog("catalog");
    Diagnostics diagnostics;
    const ChipTable chips = ChipTable::read(catalog, diagnostics);
    ServingEstimator estimator = ServingEstimator::read(catalog, chips, "", diagnostics);
    std::vector<RowProblem> problems;
    const auto table = read_measurement_table(path, problems);
    const auto reader = DeploymentReader::make(*table, chips, estimator);
    for (std::size_t row = 0; row < table->row_count(); ++row) {
      const auto deployment = reader->read(row);
      if (deployment) benchmark::DoNotOptimize(estimator.estimate(deployment->deployment));
    }
    rows += static_cast<std::int64_t>(table->row_count());
  }
  state.counters["rows_per_cpu_s"] = benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
}
BENCHMARK(EstimateOfEveryDeployment)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace orrery
