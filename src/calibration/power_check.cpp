#include "orrery/calibration/power_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "orrery/base/unit.h"
#include "orrery/operators/forms/expert_load.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kActivationBytes = 2;      // bf16
constexpr double kLeastMicroseconds = 300;  // the meter smears shorter calls

/// Names of precisions in the data. Scaling every 128 elements apart costs energy outside the matrix units:
/// 0.305 pJ/FLOP at the power limit of B200, where the catalog assumes 0.21 for
/// fp8 with one scale a tensor.
struct PowerDtype {
  std::string_view name;
  double weight_bytes;
  double PowerFacts::* flop_J;
  double energy_factor;
};
constexpr PowerDtype kPowerDtypes[] = {
    {"bfloat16", 2, &PowerFacts::bf16_J_per_flop, 1},
    {"fp8", 1, &PowerFacts::fp8_J_per_flop, 1},
    {"fp8_block", 1, &PowerFacts::fp8_J_per_flop, 0.305 / 0.21},
    {"nvfp4", 0.5625, &PowerFacts::fp4_J_per_flop, 1},
};

/// Cells of one row by the names of columns.
class Row {
 public:
  Row(const MeasurementTable& table, std::size_t index) : table_(table), index_(index) {}

  std::string_view text(std::string_view column) const {
    const auto found = table_.find_column(column);
    return found ? table_.cell(index_, *found) : std::string_view();
  }
  /// nan, and so an error of the row, where there is no number.
  double number(std::string_view column) const { return parse_number(text(column)).value_or(kNone); }

 private:
  const MeasurementTable& table_;
  std::size_t index_;
};

OperatorWork gemm_work(const Row& row, const PowerDtype& dtype) {
  const double m = row.number("m");
  const double n = row.number("n");
  const double k = row.number("k");
  return {2 * m * n * k, dtype.weight_bytes * (m * k + n * k) + kActivationBytes * m * n};
}

OperatorWork context_work(const Row& row, const PowerDtype& dtype) {
  const double queries = row.number("tokens");
  const double window = row.number("window_tokens");
  const double outside = window > 0 ? std::max(0.0, queries - window) : 0;
  const double pairs = (queries * (queries + 1) - outside * (outside + 1)) / 2;
  const double row_elements = row.number("batch") * queries * row.number("head_dim");
  return {4 * row.number("batch") * row.number("q_heads") * row.number("head_dim") * pairs,
          row_elements * 2 * (row.number("q_heads") * kActivationBytes + row.number("kv_heads") * dtype.weight_bytes)};
}

OperatorWork generation_work(const Row& row, const PowerDtype& dtype) {
  const double window = row.number("window_tokens");
  const double visible = window > 0 ? std::min(window, row.number("tokens")) : row.number("tokens");
  const double elements = row.number("batch") * visible * row.number("head_dim");
  return {4 * elements * row.number("q_heads"), 2 * elements * row.number("kv_heads") * dtype.weight_bytes};
}

OperatorWork experts_work(const Row& row, const PowerDtype& dtype) {
  const auto exponent = moe_form().number_of("distribution", row.text("distribution"));
  const ExpertRouting routing{row.number("tokens"), row.number("topk"),       row.number("experts"),
                              row.number("moe_ep"), exponent.value_or(kNone), false};
  if (!(routing.tokens >= 1 && routing.per_token >= 1 && routing.experts >= routing.per_token && routing.ranks >= 1 &&
        routing.ranks <= routing.experts && std::isfinite(routing.exponent))) {
    return {kNone, kNone};
  }
  const ExpertLoad load(routing);
  constexpr double kProducts = 3;  // assumed gated: the table does not say
  const double weights = kProducts * row.number("hidden") * row.number("inter") / row.number("moe_tp");
  const double activations = 2 * load.copies() * row.number("hidden") * kActivationBytes;
  return {2 * weights * load.copies(), weights * load.active() * dtype.weight_bytes + activations};
}

struct PowerOperator {
  std::string_view name;
  OperatorWork (*work)(const Row& row, const PowerDtype& dtype);
};
constexpr PowerOperator kPowerOperators[] = {
    {"gemm", gemm_work},
    {"attention_context", context_work},
    {"attention_generation", generation_work},
    {"moe", experts_work},
};

template <class Table>
auto* find_named(const Table& table, std::string_view name) {
  const auto* found =
      std::find_if(std::begin(table), std::end(table), [&](const auto& row) { return row.name == name; });
  return found == std::end(table) ? nullptr : found;
}

Result<PowerRow> evaluate_row(const Row& row, const PowerFacts& facts) {
  const PowerOperator* op = find_named(kPowerOperators, row.text("op"));
  if (op == nullptr) return failure(fmt::format("the operator '{}' has no power model", row.text("op")));
  const PowerDtype* dtype = find_named(kPowerDtypes, row.text("dtype"));
  if (dtype == nullptr) return failure(fmt::format("the dtype '{}' has no power model", row.text("dtype")));
  const double flop_J = facts.*(dtype->flop_J) * dtype->energy_factor;
  if (!(flop_J > 0)) return failure(fmt::format("the chip states no energy for {}", dtype->name));
  PowerRow result;
  result.op = op->name;
  result.dtype = dtype->name;
  result.latency_us = row.number("latency_us");
  result.measured_W = row.number("power_W");
  if (!(result.latency_us > 0)) return failure("latency_us is not above 0");
  if (!(result.measured_W > 0)) return failure("power_W is not above 0");
  const OperatorWork work = op->work(row, *dtype);
  if (!(work.flops > 0 && work.bytes > 0)) return failure(fmt::format("the columns of {} are not whole", op->name));
  result.predicted_W = predicted_power_W(facts, work, flop_J, result.latency_us * 1e-6);
  result.matrix_bound = work.flops * flop_J > work.bytes * facts.memory_J_per_byte;
  return result;
}

}  // namespace

PowerFacts power_facts(const ChipRecord& chip, const FamilyRecord& family) {
  const auto energy = [](const auto& of) { return of ? of->value.si() : kNone; };
  PowerFacts facts;
  facts.static_W = chip.static_power.value.si();
  facts.limit_W = chip.power_limit.value.si();
  facts.memory_J_per_byte = family.energy.memory.value.si();
  facts.bf16_J_per_flop = family.energy.bf16.value.si();
  facts.fp8_J_per_flop = energy(family.energy.fp8);
  facts.fp4_J_per_flop = energy(family.energy.fp4);
  return facts;
}

double predicted_power_W(const PowerFacts& facts, const OperatorWork& work, double flop_J, double seconds) {
  const double dynamic = (work.bytes * facts.memory_J_per_byte + work.flops * flop_J) / seconds;
  return std::min(facts.static_W + dynamic, facts.limit_W);
}

Result<std::vector<PowerRow>> evaluate_power(const MeasurementTable& table, std::string_view gpu,
                                             const PowerFacts& facts, std::vector<RowProblem>& problems) {
  for (const std::string_view column : {"gpu", "op", "dtype", "latency_us", "power_W"}) {
    if (!table.find_column(column)) return failure(fmt::format("it has no column {}", column));
  }
  std::vector<PowerRow> rows;
  for (std::size_t index = 0; index < table.row_count(); ++index) {
    const Row row(table, index);
    if (!table.is_whole(index) || row.text("gpu") != gpu) continue;
    auto evaluated = evaluate_row(row, facts);
    if (!evaluated) {
      problems.push_back({table.path(), table.line(index), evaluated.error()});
      continue;
    }
    evaluated->line = table.line(index);
    rows.push_back(*std::move(evaluated));
  }
  return rows;
}

std::vector<PowerSummary> summarise_power(const std::vector<PowerRow>& rows, double least_us) {
  std::map<std::tuple<std::string, std::string, bool>, std::vector<double>> errors;
  for (const PowerRow& row : rows) {
    if (row.latency_us < least_us) continue;
    errors[{row.op, row.dtype, row.matrix_bound}].push_back(std::log(row.predicted_W / row.measured_W));
  }
  std::vector<PowerSummary> summaries;
  for (auto& [key, of_key] : errors) {
    summaries.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), summarise(std::move(of_key))});
  }
  return summaries;
}

std::vector<PowerAccuracy> evaluate_power(const std::string& folder, const Catalog& catalog, const ChipTable& chips,
                                          std::vector<RowProblem>& problems, Diagnostics& diagnostics) {
  std::vector<PowerAccuracy> all;
  std::string path = folder + "/power.csv.gz";
  if (std::error_code error; !std::filesystem::exists(path, error)) path = folder + "/power.csv";
  if (std::error_code error; !std::filesystem::exists(path, error)) return all;
  const auto table = read_measurement_table(path, problems);
  const auto gpu_column = table ? table->find_column("gpu") : std::nullopt;
  if (!gpu_column) {
    problems.push_back({path, 0, table ? "it has no column gpu" : table.error()});
    return all;
  }
  std::set<std::string> names;
  for (std::size_t row = 0; row < table->row_count(); ++row) names.emplace(table->cell(row, *gpu_column));
  for (const std::string& name : names) {
    const ChipFacts* facts = chips.find(name);
    const auto chip = facts ? catalog.load<ChipRecord>(AnyReference{facts->id, {}}, diagnostics) : std::nullopt;
    const auto family = chip ? catalog.load<FamilyRecord>(chip->record.family, diagnostics) : std::nullopt;
    if (!family) {
      problems.push_back({path, 0, fmt::format("there is no chip '{}'{}", name, chips.hint(name))});
      continue;
    }
    const auto rows = evaluate_power(*table, name, power_facts(chip->record, family->record), problems);
    if (!rows) {
      problems.push_back({path, 0, rows.error()});
      break;
    }
    all.push_back({std::filesystem::path(path).filename().string(), facts->id, rows->size(), kLeastMicroseconds,
                   summarise_power(*rows, kLeastMicroseconds)});
  }
  return all;
}

}  // namespace orrery
