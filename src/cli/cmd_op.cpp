#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/base/json_writer.h"
#include "orrery/base/unit.h"
#include "orrery/calibration/predictor.h"
#include "orrery/cli/command.h"
#include "orrery/cli/operator_data.h"

namespace orrery {
namespace {

using Cells = std::vector<std::pair<std::string, std::string>>;

/// One prediction with what explains it.
struct Answer {
  Prediction prediction;
  double roofline_us = 0;
  std::vector<TimeTerm> terms;
  std::vector<std::string> entries;  ///< of the catalog

  /// The largest term.
  std::string_view limit() const {
    const auto largest = std::max_element(terms.begin(), terms.end(), [](auto& a, auto& b) { return a.us < b.us; });
    return largest == terms.end() ? std::string_view("?") : largest->name;
  }
  double share_of_light() const { return roofline_us / prediction.us; }
};

/// The columns that a form needs, as the command line gave them; fails with those that are missing.
Result<Cells> given_cells(const OperatorForm& form, const Arguments& arguments, std::string_view swept) {
  Cells cells;
  std::vector<std::string> missing;
  for (const auto columns : {form.columns(), form.family_columns()}) {
    for (const std::string_view column : columns) {
      if (column == "phase" && form.measured_columns().size() > 1) continue;
      const auto known =
          std::any_of(cells.begin(), cells.end(), [&](const auto& cell) { return cell.first == column; });
      if (known) continue;
      const auto value = arguments.get(fmt::format("--{}", column));
      if (!value && column != swept) missing.push_back(fmt::format("--{}", column));
      cells.emplace_back(column, value.value_or(""));
    }
  }
  if (missing.empty()) return cells;
  return failure(fmt::format("{} needs {}", form.kind(), fmt::join(missing, ", ")));
}

Result<Answer> answer(const OperatorForm& form, const std::string& chip, const Cells& cells, const ChipTable& chips,
                      const Predictor& predictor, bool hot) {
  std::string header = "gpu";
  std::string row = chip;
  for (const auto& [column, value] : cells) {
    header += ',' + column;
    row += ',' + value;
  }
  std::vector<RowProblem> problems;
  const auto table = parse_measurement_table("command line", header + '\n' + row + '\n', problems);
  if (!table) return failure(table.error());
  const auto reader = RowReader::make(form, *table, chips);
  if (!reader) return failure(reader.error());
  const auto shape = reader->read(0);
  if (!shape) return failure(shape.error());
  Answer result;
  result.prediction.basis = Basis::fitted;
  for (const std::string& family : shape->families) {
    const Served served = predictor.serve(form, family, *shape->chip);
    const Prediction part = predict(form, family, *shape->chip, shape->shape, served, hot);
    form.time_us(shape->shape, family, *shape->chip, served.constants, hot, &result.terms);
    result.prediction.us += part.us;
    result.prediction.low_us += part.low_us;
    result.prediction.high_us += part.high_us;
    result.prediction.basis = std::max(result.prediction.basis, part.basis);
    result.roofline_us += form.roofline_us(shape->shape, family, *shape->chip);
    result.entries.push_back(served.entry.empty() ? "constants of the form" : "calibration/" + served.entry);
  }
  return result;
}

std::string text_of(const Answer& answer, const TextStyle& style) {
  const Prediction& p = answer.prediction;
  std::string text = fmt::format("{} us, 80 % between {:.4g} and {:.4g} us\n",
                                 colored(fmt::format("{:.4g}", p.us), TextColor::bold, style), p.low_us, p.high_us);
  TextTable table({"term", "us", "share of time"});
  for (const TimeTerm& term : answer.terms) {
    table.add({std::string(term.name), fmt::format("{:.4g}", term.us), fmt::format("{:.0f} %", 100 * term.us / p.us)});
  }
  text += table.render(style);
  text += fmt::format("limit: {}\nspeed of light: {:.4g} us by the datasheet, of which this is {:.0f} %\n",
                      answer.limit(), answer.roofline_us, 100 * answer.share_of_light());
  text += fmt::format("basis: {} ({})\n", enum_name(p.basis), fmt::join(answer.entries, ", "));
  return text;
}

void write_answer(JsonWriter& json, const Answer& answer) {
  json.field("predicted_us", answer.prediction.us);
  json.field("low_us", answer.prediction.low_us);
  json.field("high_us", answer.prediction.high_us);
  json.field("basis", enum_name(answer.prediction.basis));
  json.field("limit", answer.limit());
  json.field("roofline_us", answer.roofline_us);
  json.key("terms_us");
  json.begin_object();
  for (const TimeTerm& term : answer.terms) json.field(term.name, term.us);
  json.end_object();
}

struct Sweep {
  std::string column;
  unsigned long long low = 1;
  unsigned long long high = 1;
};

/// "m=1..8192"
Result<Sweep> parse_sweep(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::size_t dots = text.find("..");
  if (equals == std::string::npos || dots == std::string::npos || dots < equals) {
    return failure(fmt::format("--sweep: '{}' does not have the form COLUMN=LOW..HIGH", text));
  }
  const auto low = parse_unsigned(text.substr(equals + 1, dots - equals - 1));
  const auto high = parse_unsigned(text.substr(dots + 2));
  if (!low || !high || *low == 0 || *low > *high) {
    return failure(fmt::format("--sweep: '{}' is not a range of whole numbers from 1 up", text.substr(equals + 1)));
  }
  return Sweep{text.substr(0, equals), *low, *high};
}

/// A row for each power of two: the time, its limit, and the share of the speed of light as a bar.
int print_sweep(const OperatorForm& form, const std::string& chip, Cells cells, const Sweep& sweep,
                const ChipTable& chips, const Predictor& predictor, bool hot, bool json, const Program& program) {
  constexpr double kBarWidth = 40;
  const auto cell =
      std::find_if(cells.begin(), cells.end(), [&](const auto& one) { return one.first == sweep.column; });
  if (cell == cells.end()) return program.refuse(fmt::format("{} has no column '{}'", form.kind(), sweep.column));
  TextTable table({sweep.column, "us", "low", "high", "limit", "of light", "0 % to 100 % of the speed of light"}, 1);
  JsonWriter writer;
  writer.begin_array();
  for (unsigned long long value = sweep.low; value <= sweep.high; value *= 2) {
    cell->second = std::to_string(value);
    const auto one = answer(form, chip, cells, chips, predictor, hot);
    if (!one) return program.refuse(one.error());
    const double share = one->share_of_light();
    std::string bar(static_cast<std::size_t>(std::lround(kBarWidth * std::clamp(share, 0.0, 1.0))), '#');
    bar.resize(static_cast<std::size_t>(kBarWidth), '.');
    table.add({cell->second, fmt::format("{:.4g}", one->prediction.us), fmt::format("{:.4g}", one->prediction.low_us),
               fmt::format("{:.4g}", one->prediction.high_us), std::string(one->limit()),
               fmt::format("{:.0f} %", 100 * share), bar});
    writer.begin_object();
    writer.field(sweep.column, value);
    write_answer(writer, *one);
    writer.end_object();
    if (value > sweep.high / 2) break;
  }
  writer.end_array();
  return program.print(json ? writer.text() : table.render(program.surroundings().style));
}

}  // namespace

int command_op(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const OperatorForm* form = form_named(*arguments.get("KIND"), program);
  if (form == nullptr) return kWrongUsage;
  Diagnostics diagnostics;
  const ChipTable chips = ChipTable::read(*catalog, diagnostics);
  std::string without;
  for (const auto& name : {arguments.get("CHIP"), arguments.get("--exclude-gpu")}) {
    if (!name) continue;
    const ChipFacts* chip = chips.find(*name);
    if (chip == nullptr) return program.refuse(fmt::format("there is no chip '{}'{}", *name, chips.hint(*name)));
    without = chip->id;
  }
  if (!arguments.has("--exclude-gpu")) without.clear();
  const Predictor predictor = Predictor::read(*catalog, without, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);

  std::optional<Sweep> sweep;
  if (const auto text = arguments.get("--sweep")) {
    const auto parsed = parse_sweep(*text);
    if (!parsed) return program.refuse(parsed.error());
    sweep = *parsed;
  }
  const auto cells = given_cells(*form, arguments, sweep ? sweep->column : "");
  if (!cells) return program.refuse(cells.error());
  const std::string chip = *arguments.get("CHIP");
  const bool hot = arguments.has("--hot");
  const bool json = arguments.has("--json");
  if (sweep) return print_sweep(*form, chip, *cells, *sweep, chips, predictor, hot, json, program);
  const auto one = answer(*form, chip, *cells, chips, predictor, hot);
  if (!one) return program.refuse(one.error());
  if (!json) return program.print(text_of(*one, program.surroundings().style));
  JsonWriter writer;
  writer.begin_object();
  write_answer(writer, *one);
  writer.end_object();
  return program.print(writer.text());
}

}  // namespace orrery
