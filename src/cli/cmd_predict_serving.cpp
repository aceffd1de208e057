#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/file.h"
#include "orrery/cli/command.h"
#include "orrery/cli/operator_data.h"
#include "orrery/estimate/deployment_table.h"

namespace orrery {
namespace {

constexpr std::string_view kAdded =
    "predicted_ttft_ms,ttft_low_ms,ttft_high_ms,predicted_tpot_ms,tpot_low_ms,tpot_high_ms,basis";

std::string cells_of(const ServingEstimate& e) {
  return fmt::format(",{:.7g},{:.7g},{:.7g},{:.7g},{:.7g},{:.7g},{}", e.ttft_ms, e.ttft_low_ms, e.ttft_high_ms,
                     e.tpot_ms, e.tpot_low_ms, e.tpot_high_ms, enum_name(e.basis));
}

}  // namespace

int predict_serving(const Arguments& arguments, const Catalog& catalog, const ChipTable& chips,
                    const std::string& without_chip, const Program& program) {
  Diagnostics diagnostics;
  ServingEstimator estimator = ServingEstimator::read(catalog, chips, without_chip, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);
  const std::string path = *arguments.get("IN");
  std::vector<RowProblem> problems;
  const auto table = read_measurement_table(path, problems);
  if (!table) return invalid(program, fmt::format("{}: {}", path, table.error()));
  const auto reader = DeploymentReader::make(*table, chips, estimator);
  if (!reader) return invalid(program, fmt::format("{}: {}", path, reader.error()));
  if (table->row_count() == 0) return invalid(program, fmt::format("{}: it has no rows", path));

  std::string text = fmt::format("{},{}\n", fmt::join(table->columns(), ","), kAdded);
  std::size_t predicted = 0;
  for (std::size_t row = 0; row < table->row_count(); ++row) {
    text += table->row_text(row);
    const auto deployment = reader->read(row);
    const auto estimate = deployment ? estimator.estimate(deployment->deployment) : failure(deployment.error());
    if (estimate) {
      text += cells_of(*estimate);
      ++predicted;
    } else {
      text.append(static_cast<std::size_t>(std::count(kAdded.begin(), kAdded.end(), ',')) + 1, ',');
      if (table->is_whole(row)) problems.push_back({path, table->line(row), estimate.error()});
    }
    text += '\n';
  }
  note_problems(problems, program);
  return write_predictions(text, predicted, table->row_count(), arguments, program);
}

}  // namespace orrery
