#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "orrery/calibration/operator_answer.h"
#include "orrery/cli/command.h"
#include "orrery/cli/operator_data.h"
#include "orrery/scenario/read_predictor.h"

namespace orrery {
namespace {

constexpr std::string_view kAdded = "predicted_us,low_us,high_us,basis";

/// The name of a phase's own column: "predicted_dispatch_us".
std::string phase_column(std::string_view measured_column) { return fmt::format("predicted_{}", measured_column); }

/// Predicts rows of one table; looks the constants of a chip and family up once.
class RowPredictor {
 public:
  RowPredictor(const OperatorForm& form, const Predictor& predictor) : form_(form), predictor_(predictor) {}

  /// ",predicted_us,low_us,high_us,basis" and one more cell for each phase.
  std::string cells(const RowShape& row) {
    Prediction sum;
    sum.basis = Basis::fitted;
    std::string phases;
    for (const std::string& family : row.families) {
      const Prediction part = predict(form_, family, *row.chip, row.shape, served(family, *row.chip), true);
      sum.us += part.us;
      sum.low_us += part.low_us;
      sum.high_us += part.high_us;
      sum.basis = std::max(sum.basis, part.basis);  // as weak as the weakest
      if (row.families.size() > 1) phases += fmt::format(",{:.7g}", part.us);
    }
    return fmt::format(",{:.7g},{:.7g},{:.7g},{}{}", sum.us, sum.low_us, sum.high_us, enum_name(sum.basis), phases);
  }

 private:
  const Served& served(const std::string& family, const ChipFacts& chip) {
    const auto key = std::pair(family, &chip);
    const auto known = served_.find(key);
    if (known != served_.end()) return known->second;
    return served_.emplace(key, predictor_.serve(form_, family, chip)).first->second;
  }

  const OperatorForm& form_;
  const Predictor& predictor_;
  std::map<std::pair<std::string, const ChipFacts*>, Served> served_;
};

/// Predictions of chips that no form speaks of, by the closed forms of the simulations.
class ClosedRows {
 public:
  ClosedRows(const OperatorForm& form, const MeasurementTable& table, const ChipTable& chips,
             const Predictor& predictor)
      : table_(table),
        chips_(chips),
        desk_(&form, find_closed_form(form.kind()), chips, predictor),
        gpu_column_(table.find_column("gpu")) {}

  bool is_for(std::size_t row) const {
    if (!gpu_column_) return false;
    const ChipFacts* chip = chips_.find(table_.cell(row, *gpu_column_));
    return chip != nullptr && !desk_.is_calibrated_for(*chip, std::nullopt);
  }
  Result<std::string> cells(std::size_t row) const {
    const CellLookup lookup = [&](std::string_view column) -> std::optional<std::string> {
      const auto found = table_.find_column(column);
      if (!found) return std::nullopt;
      return std::string(table_.cell(row, *found));
    };
    const auto answer = desk_.answer(std::string(table_.cell(row, *gpu_column_)), lookup, true);
    if (!answer) return failure(answer.error());
    const Prediction& p = answer->prediction;
    return fmt::format(",{:.7g},{:.7g},{:.7g},{}", p.us, p.low_us, p.high_us, enum_name(p.basis));
  }

 private:
  const MeasurementTable& table_;
  const ChipTable& chips_;
  OperatorDesk desk_;
  std::optional<std::size_t> gpu_column_;
};

/// The table with its predictions as CSV; rows that cannot be predicted get empty cells.
std::string predicted_table(const OperatorForm& form, const MeasurementTable& table, const RowReader& reader,
                            const ChipTable& chips, const Predictor& predictor, std::vector<RowProblem>& problems,
                            std::size_t& predicted) {
  const auto measured = form.measured_columns();
  std::string text = fmt::format("{},{}", fmt::join(table.columns(), ","), kAdded);
  std::string nothing(4, ',');
  if (measured.size() > 1) {
    for (const std::string_view column : measured) text += fmt::format(",{}", phase_column(column));
    nothing.append(measured.size(), ',');
  }
  text += '\n';
  RowPredictor rows(form, predictor);
  const ClosedRows closed(form, table, chips, predictor);
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    text += table.row_text(row);
    Result<std::string> cells = failure("");
    if (table.is_whole(row) && closed.is_for(row)) {
      cells = closed.cells(row);
    } else if (const auto shape = reader.read(row)) {
      cells = rows.cells(*shape);
    } else {
      cells = failure(shape.error());
    }
    if (cells) ++predicted;
    if (!cells && table.is_whole(row)) problems.push_back({table.path(), table.line(row), cells.error()});
    text += cells.value_or(nothing);
    text += '\n';
  }
  return text;
}

}  // namespace

int command_predict(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const bool is_serving = *arguments.get("KIND") == "serving";
  const OperatorForm* form = is_serving ? nullptr : form_named(*arguments.get("KIND"), program);
  if (form == nullptr && !is_serving) return kWrongUsage;
  Diagnostics diagnostics;
  const ChipTable chips = ChipTable::read(*catalog, diagnostics);
  std::string without;
  if (const auto word = arguments.get("--exclude-gpu")) {
    const ChipFacts* chip = chips.find(*word);
    if (chip == nullptr) return program.refuse(fmt::format("there is no chip '{}'{}", *word, chips.hint(*word)));
    without = chip->id;
  }
  if (is_serving) return predict_serving(arguments, *catalog, chips, without, program);
  const Predictor predictor = read_predictor(*catalog, without, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);

  const std::string path = *arguments.get("IN");
  std::vector<RowProblem> problems;
  const auto table = read_measurement_table(path, problems);
  if (!table) return invalid(program, fmt::format("{}: {}", path, table.error()));
  const auto reader = RowReader::make(*form, *table, chips);
  if (!reader) return invalid(program, fmt::format("{}: {}", path, reader.error()));
  std::size_t predicted = 0;
  const std::string text = predicted_table(*form, *table, *reader, chips, predictor, problems, predicted);
  note_problems(problems, program);
  if (table->row_count() == 0) return invalid(program, fmt::format("{}: it has no rows", path));
  return write_predictions(text, predicted, table->row_count(), arguments, program);
}

}  // namespace orrery
