#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"
#include "orrery/calibration/operator_answer.h"
#include "orrery/cli/command.h"
#include "orrery/cli/operator_data.h"
#include "orrery/report/provenance_text.h"
#include "orrery/scenario/read_predictor.h"

namespace orrery {
namespace {

constexpr double kMicrosecond = 1e-6;

/// One chip to ask, with what was given for it.
struct Question {
  std::string chip;
  std::map<std::string, std::string, std::less<>> cells;

  CellLookup lookup() const {
    return [this](std::string_view column) -> std::optional<std::string> {
      const auto found = cells.find(column);
      if (found == cells.end()) return std::nullopt;
      return found->second;
    };
  }
  std::string dtype() const { return lookup()("dtype").value_or(""); }
};

/// "h100-sxm:fp8,mach1-mid:compressed": a question for each.
std::vector<Question> read_questions(const Arguments& arguments, const std::vector<std::string>& columns) {
  const std::string text = *arguments.get("CHIPS");
  std::vector<Question> questions;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    Question& question = questions.emplace_back();
    for (const std::string& column : columns) {
      if (const auto value = arguments.get("--" + column)) question.cells[column] = *value;
    }
    const std::size_t colon = part.find(':');
    question.chip = part.substr(0, colon);
    if (colon != std::string::npos) question.cells["dtype"] = part.substr(colon + 1);
    begin = end + 1;
  }
  return questions;
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

/// The columns that are still missing, as options; those of the first chip speak for all.
Result<void> check_given(const OperatorDesk& desk, std::string_view kind, const std::vector<Question>& questions,
                         std::string_view swept, const ClosedForm* closed, bool calibrated) {
  std::vector<std::string> missing;
  const auto check = [&](std::string_view column, const Question& question) {
    if (column == swept || question.cells.contains(column)) return;
    const std::string option = fmt::format("--{}", column);
    if (std::find(missing.begin(), missing.end(), option) == missing.end()) missing.push_back(option);
  };
  for (const Question& question : questions) {
    if (calibrated) {
      for (const std::string& column : desk.columns()) check(column, question);
    } else {
      for (const std::string_view column : closed->columns) check(column, question);
    }
  }
  std::erase_if(missing, [](const std::string& option) {
    return option == "--window_tokens" || option == "--prefix_tokens";  // absent: none
  });
  if (missing.empty()) return {};
  return failure(fmt::format("{} needs {}", kind, fmt::join(missing, ", ")));
}

/// Fails with the options that this operator would not read, and with one that a sweep would set.
Result<void> check_read(const OperatorDesk& desk, std::string_view kind, const Arguments& arguments,
                        const std::optional<Sweep>& sweep, const ClosedForm* closed) {
  constexpr std::string_view kForAll[] = {"--sweep", "--hot", "--exclude-gpu", "--json"};
  std::vector<std::string> read = desk.columns();
  if (closed != nullptr) read.insert(read.end(), closed->columns.begin(), closed->columns.end());
  // Columns of the data beside those that a form needs: queries and outputs are bf16 in all of it.
  if (kind.starts_with("attention_")) read.emplace_back("attn_dtype");
  if (kind.starts_with("mla_")) read.emplace_back("mla_dtype");
  const auto is_read = [&](std::string_view key) {
    if (std::find(std::begin(kForAll), std::end(kForAll), key) != std::end(kForAll)) return true;
    return std::any_of(read.begin(), read.end(), [&](const std::string& column) { return key == "--" + column; });
  };
  const auto rows = commands();
  const auto row = std::find_if(rows.begin(), rows.end(), [](const CommandRow& one) { return one.name == "op"; });
  for (const OptionRow& option : row->options) {
    const std::string_view key = option.key();
    if (!option.is_argument() && arguments.has(key) && !is_read(key)) {
      return failure(fmt::format("{} does not read {}", kind, key));
    }
  }
  if (sweep && arguments.has("--" + sweep->column)) {
    return failure(fmt::format("--{} is given twice: by itself and by --sweep", sweep->column));
  }
  return {};
}

std::string simulated_text(const OperatorAnswer& answer) {
  if (!answer.simulated) return fmt::format("in simulations: {}\n", answer.no_simulation);
  const KernelCost& cost = *answer.simulated;
  std::string text = fmt::format("work: {}, {}", to_text(cost.flops, 4), to_text(cost.memory_bytes, 4));
  if (cost.link_bytes > Bytes(0)) text += fmt::format(", {} sent", to_text(cost.link_bytes, 4));
  text += fmt::format("; {} at {}\n", to_text(answer.energy, 3), to_text(answer.power(), 3));
  if (!answer.terms.empty()) {
    text += fmt::format("in simulations: {:.4g} us by the closed form of the family, limited by {}\n",
                        cost.time.si() / kMicrosecond, enum_name(cost.limit));
  }
  return text;
}

std::string text_of(const OperatorAnswer& answer, const TextStyle& style) {
  const Prediction& p = answer.prediction;
  std::string text = fmt::format("{} us, 80 % between {:.4g} and {:.4g} us\n",
                                 colored(fmt::format("{:.4g}", p.us), TextColor::bold, style), p.low_us, p.high_us);
  if (!answer.terms.empty()) {
    TextTable table({"term", "us", "share of time"});
    for (const TimeTerm& term : answer.terms) {
      table.add(
          {std::string(term.name), fmt::format("{:.4g}", term.us), fmt::format("{:.0f} %", 100 * term.us / p.us)});
    }
    text += table.render(style);
  }
  text += fmt::format("limit: {}\nspeed of light: {:.4g} us by {}, of which this is {:.0f} %\n", answer.limit,
                      answer.roofline_us, p.basis == Basis::assumed ? "the assumed figures" : "the datasheet",
                      100 * answer.share_of_light());
  text += simulated_text(answer);
  const std::string_view basis =
      answer.terms.empty() ? "the closed form alone; no such kernel was measured" : enum_name(p.basis);
  text += fmt::format("basis: {} ({})\n", basis, fmt::join(answer.entries, ", "));
  return text + weak_numbers_text(answer.provenance, style);
}

void write_answer(JsonWriter& json, const OperatorAnswer& answer) {
  json.field("predicted_us", answer.prediction.us);
  json.field("low_us", answer.prediction.low_us);
  json.field("high_us", answer.prediction.high_us);
  json.field("basis", enum_name(answer.prediction.basis));
  json.field("limit", answer.limit);
  json.field("roofline_us", answer.roofline_us);
  json.key("terms_us");
  json.begin_object();
  for (const TimeTerm& term : answer.terms) json.field(term.name, term.us);
  json.end_object();
  write_weak_numbers(json, answer.provenance);
  if (!answer.simulated) return;
  json.field("simulated_us", answer.simulated->time.si() / kMicrosecond);
  json.field("flops", answer.simulated->flops.si());
  json.field("memory_bytes", answer.simulated->memory_bytes.si());
  json.field("link_bytes", answer.simulated->link_bytes.si());
  json.field("energy_J", answer.energy.si());
  json.field("power_W", answer.power().si());
}

/// A row for each power of two: the time, its limit, and the share of the speed of light as a bar.
int print_sweep(const OperatorDesk& desk, Question question, const Sweep& sweep, bool hot, bool json,
                const Program& program) {
  constexpr double kBarWidth = 40;
  TextTable table({sweep.column, "us", "low", "high", "limit", "of light", "0 % to 100 % of the speed of light"}, 1);
  JsonWriter writer;
  writer.begin_array();
  for (unsigned long long value = sweep.low; value <= sweep.high; value *= 2) {
    question.cells[sweep.column] = std::to_string(value);
    const auto one = desk.answer(question.chip, question.lookup(), hot);
    if (!one) return program.refuse(one.error());
    const double share = one->share_of_light();
    std::string bar(static_cast<std::size_t>(std::lround(kBarWidth * std::clamp(share, 0.0, 1.0))), '#');
    bar.resize(static_cast<std::size_t>(kBarWidth), '.');
    table.add({std::to_string(value), fmt::format("{:.4g}", one->prediction.us),
               fmt::format("{:.4g}", one->prediction.low_us), fmt::format("{:.4g}", one->prediction.high_us),
               one->limit, fmt::format("{:.0f} %", 100 * share), bar});
    writer.begin_object();
    writer.field(sweep.column, value);
    write_answer(writer, *one);
    writer.end_object();
    if (value > sweep.high / 2) break;
  }
  writer.end_array();
  return program.print(json ? writer.text() : table.render(program.surroundings().style));
}

/// A row for each chip, the first one the measure of the others; or, with a sweep, a column for each chip.
int print_side_by_side(const OperatorDesk& desk, std::vector<Question> questions, const std::optional<Sweep>& sweep,
                       bool hot, bool json, const Program& program) {
  JsonWriter writer;
  writer.begin_array();
  const auto name_of = [](const Question& question) {
    return question.dtype().empty() ? question.chip : fmt::format("{}:{}", question.chip, question.dtype());
  };
  std::vector<std::string> head{sweep ? sweep->column + ", us" : "chip"};
  if (sweep) {
    for (const Question& question : questions) head.push_back(name_of(question));
  } else {
    head.insert(head.end(), {"us", "low", "high", "speed", "limit", "bytes", "energy", "power", "basis"});
  }
  TextTable table(head);
  std::vector<ProvenanceItem> provenance;
  const unsigned long long high = sweep ? sweep->high : 1;
  for (unsigned long long value = sweep ? sweep->low : 1; value <= high; value *= 2) {
    std::vector<std::string> row{std::to_string(value)};
    double first_us = 0;
    for (Question& question : questions) {
      if (sweep) question.cells[sweep->column] = std::to_string(value);
      const auto one = desk.answer(question.chip, question.lookup(), hot);
      if (!one) return program.refuse(one.error());
      if (first_us == 0) first_us = one->prediction.us;
      provenance.insert(provenance.end(), one->provenance.begin(), one->provenance.end());
      const std::string speed = fmt::format("{:.2f}x", first_us / one->prediction.us);
      writer.begin_object();
      writer.field("chip", question.chip);
      if (!question.dtype().empty()) writer.field("dtype", question.dtype());
      if (sweep) writer.field(sweep->column, value);
      write_answer(writer, *one);
      writer.end_object();
      if (sweep) {
        row.push_back(fmt::format("{:.4g} {}", one->prediction.us, speed));
        continue;
      }
      const auto& cost = one->simulated;
      table.add({name_of(question), fmt::format("{:.4g}", one->prediction.us),
                 fmt::format("{:.4g}", one->prediction.low_us), fmt::format("{:.4g}", one->prediction.high_us), speed,
                 one->limit, cost ? to_text(cost->memory_bytes, 3) : "-", cost ? to_text(one->energy, 3) : "-",
                 cost ? to_text(one->power(), 3) : "-", std::string(enum_name(one->prediction.basis))});
    }
    if (sweep) table.add(row);
    if (value > high / 2) break;
  }
  writer.end_array();
  if (json) return program.print(writer.text());
  const auto before = [](const ProvenanceItem& a, const ProvenanceItem& b) { return a.path < b.path; };
  const auto same = [](const ProvenanceItem& a, const ProvenanceItem& b) { return a.path == b.path; };
  std::sort(provenance.begin(), provenance.end(), before);
  provenance.erase(std::unique(provenance.begin(), provenance.end(), same), provenance.end());
  const TextStyle& style = program.surroundings().style;
  return program.print(table.render(style) + weak_numbers_text(provenance, style));
}

int refuse_kind(const std::string& word, const Program& program) {
  std::vector<std::string> names;
  for (const OperatorForm* form : operator_forms()) names.emplace_back(form->kind());
  for (const ClosedForm& form : closed_forms()) {
    if (find_operator_form(form.kind) == nullptr) names.emplace_back(form.kind);
  }
  const std::string nearest = did_you_mean(word, names);
  return program.refuse(fmt::format("'{}' is not an operator", word),
                        nearest.empty() ? fmt::format("the operators are {}", fmt::join(names, ", ")) : nearest);
}

}  // namespace

int command_op(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const std::string kind = *arguments.get("KIND");
  const OperatorForm* form = find_operator_form(kind);
  const ClosedForm* closed = find_closed_form(kind);
  if (form == nullptr && closed == nullptr) return refuse_kind(kind, program);
  Diagnostics diagnostics;
  const ChipTable chips = ChipTable::read(*catalog, diagnostics);
  std::string without;
  if (const auto name = arguments.get("--exclude-gpu")) {
    const ChipFacts* chip = chips.find(*name);
    if (chip == nullptr) return program.refuse(fmt::format("there is no chip '{}'{}", *name, chips.hint(*name)));
    without = chip->id;
  }
  const Predictor predictor = read_predictor(*catalog, without, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);

  std::optional<Sweep> sweep;
  if (const auto text = arguments.get("--sweep")) {
    const auto parsed = parse_sweep(*text);
    if (!parsed) return program.refuse(parsed.error());
    sweep = *parsed;
  }
  const OperatorDesk desk(form, closed, chips, predictor);
  std::vector<std::string> columns = desk.columns();
  const std::vector<Question> questions = read_questions(arguments, columns);
  bool calibrated = false;
  for (const Question& question : questions) {
    const ChipFacts* chip = chips.find(question.chip);
    if (chip == nullptr) {
      return program.refuse(fmt::format("there is no chip '{}'{}", question.chip, chips.hint(question.chip)));
    }
    calibrated = calibrated || desk.is_calibrated_for(*chip, question.lookup()("dtype"));
  }
  if (sweep && std::find(columns.begin(), columns.end(), sweep->column) == columns.end()) {
    return program.refuse(fmt::format("{} has no column '{}'", kind, sweep->column));
  }
  if (!calibrated && closed == nullptr) {
    return program.refuse(
        fmt::format("{} is known of measured kinds of chips only, and {} is not one", kind, questions.front().chip));
  }
  if (const auto good = check_read(desk, kind, arguments, sweep, closed); !good) return program.refuse(good.error());
  const auto given = check_given(desk, kind, questions, sweep ? sweep->column : "", closed, calibrated);
  if (!given) return program.refuse(given.error());
  const bool hot = arguments.has("--hot");
  const bool json = arguments.has("--json");
  if (questions.size() > 1) return print_side_by_side(desk, questions, sweep, hot, json, program);
  if (sweep) return print_sweep(desk, questions.front(), *sweep, hot, json, program);
  const auto one = desk.answer(questions.front().chip, questions.front().lookup(), hot);
  if (!one) return program.refuse(one.error());
  if (!json) return program.print(text_of(*one, program.surroundings().style));
  JsonWriter writer;
  writer.begin_object();
  write_answer(writer, *one);
  writer.end_object();
  return program.print(writer.text());
}

}  // namespace orrery
