#include "orrery/calibration/operator_answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/calibration/points.h"
#include "orrery/operators/operand_formats.h"

namespace orrery {
namespace {

constexpr double kMicrosecond = 1e-6;

/// max(FLOPs / peak, bytes / bandwidth) of what the kernel does.
double roofline_us(const Chip& chip, const KernelCost& cost, MathPrecision math) {
  const auto peak = chip.dense_peak(math);
  const Seconds compute = peak ? cost.flops / *peak : Seconds(0);
  return std::max(compute, cost.memory_bytes / chip.memory_bandwidth()).si() / kMicrosecond;
}

}  // namespace

std::vector<std::string> OperatorDesk::columns() const {
  std::vector<std::string> columns;
  const auto add = [&](std::span<const std::string_view> names) {
    for (const std::string_view name : names) {
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.emplace_back(name);
    }
  };
  if (form_ != nullptr) {
    add(form_->columns());
    add(form_->family_columns());
    if (form_->measured_columns().size() > 1) std::erase(columns, "phase");
  } else {
    add(closed_->columns);
  }
  return columns;
}

bool OperatorDesk::is_calibrated_for(const ChipFacts& chip, const std::optional<std::string>& dtype) const {
  return form_ != nullptr && chip.matrix_class != MatrixClass::systolic && dtype != "compressed";
}

Result<OperatorAnswer> OperatorDesk::calibrated(const std::string& chip, const CellLookup& cells,
                                                bool benchmark_hot) const {
  std::string header = "gpu";
  std::string row = chip;
  std::vector<std::string> missing;
  for (const std::string& column : columns()) {
    auto text = cells(column);
    if (!text && (column == "window_tokens" || column == "prefix_tokens")) text = "0";  // none, as their help says
    if (!text) missing.push_back(column);
    header += ',' + column;
    row += ',' + text.value_or("");
  }
  if (!missing.empty()) return failure(fmt::format("{} needs {}", form_->kind(), fmt::join(missing, ", ")));
  std::vector<RowProblem> problems;
  const auto table = parse_measurement_table("command line", header + '\n' + row + '\n', problems);
  if (!table) return failure(table.error());
  const auto reader = RowReader::make(*form_, *table, chips_);
  if (!reader) return failure(reader.error());
  const auto shape = reader->read(0);
  if (!shape) return failure(shape.error());
  OperatorAnswer result;
  result.prediction.basis = Basis::fitted;
  for (const std::string& family : shape->families) {
    const Served served = predictor_.serve(*form_, family, *shape->chip);
    const Prediction part = predict(*form_, family, *shape->chip, shape->shape, served, benchmark_hot);
    form_->time_us(shape->shape, family, *shape->chip, served.constants, benchmark_hot, &result.terms);
    result.prediction.us += part.us;
    result.prediction.low_us += part.low_us;
    result.prediction.high_us += part.high_us;
    result.prediction.basis = std::max(result.prediction.basis, part.basis);
    result.roofline_us += form_->roofline_us(shape->shape, family, *shape->chip);
    result.entries.push_back(served.entry.empty() ? "constants of the form" : "calibration/" + served.entry);
  }
  const auto largest =
      std::max_element(result.terms.begin(), result.terms.end(), [](auto& a, auto& b) { return a.us < b.us; });
  result.limit = largest == result.terms.end() ? "?" : std::string(largest->name);
  return result;
}

Result<OperatorAnswer> OperatorDesk::closed_only(const ChipFacts& chip, const KernelCost& cost,
                                                 const CellLookup& cells) const {
  const auto dtype = cells("dtype");
  const OperandFormats formats = operand_formats(dtype.value_or("bf16")).value_or(OperandFormats{});
  const Chip& compiled = *chips_.chip(chip);
  const auto math = math_precision(formats.weights, formats.activations);
  OperatorAnswer result;
  const ErrorBand band = unknown_band();
  result.roofline_us = roofline_us(compiled, cost, math.value_or(MathPrecision::bf16));
  result.prediction.us = cost.time.si() / kMicrosecond;
  const std::size_t region = ErrorBand::region_of(result.roofline_us, result.prediction.us);
  // Where the datasheet's figures are the chip's own, nothing goes below them.
  result.prediction.low_us = std::max(band.low[region] * result.prediction.us, result.roofline_us);
  result.prediction.high_us = band.high[region] * result.prediction.us;
  result.prediction.basis = chips_.is_assumed(chip) ? Basis::assumed : Basis::datasheet;
  result.limit = enum_name(cost.limit);
  result.entries.push_back("chip/" + chip.id);
  result.entries.push_back("family/" + compiled.family_id());
  return result;
}

Result<OperatorAnswer> OperatorDesk::answer(const std::string& chip, const CellLookup& cells,
                                            bool benchmark_hot) const {
  const ChipFacts* facts = chips_.find(chip);
  if (facts == nullptr) return failure(fmt::format("there is no chip '{}'{}", chip, chips_.hint(chip)));
  const Chip* compiled = chips_.chip(*facts);
  Result<KernelCost> simulated = failure("simulations have no such operator");
  if (closed_ != nullptr) {
    simulated = compiled != nullptr ? closed_->price(*compiled, cells)
                                    : failure(fmt::format("family of {} cannot be read", facts->id));
  }
  const bool has_form = is_calibrated_for(*facts, cells("dtype"));
  if (!has_form && !simulated) return failure(fmt::format("{}: {}", facts->id, simulated.error()));
  auto result = has_form ? calibrated(chip, cells, benchmark_hot) : closed_only(*facts, *simulated, cells);
  if (!result) return result;
  result->provenance = chips_.provenance(*facts, closed_ != nullptr && closed_->kind == "allreduce");
  if (simulated) {
    result->simulated = *simulated;
    result->energy =
        simulated->dynamic_energy + compiled->static_power() * Seconds(result->prediction.us * kMicrosecond);
  } else {
    result->no_simulation = simulated.error();
  }
  return result;
}

}  // namespace orrery
