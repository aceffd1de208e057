#include <fmt/format.h>

#include <filesystem>

#include "orrery/base/nearest_name.h"
#include "orrery/calibration/evaluate.h"
#include "orrery/cli/command.h"
#include "orrery/cli/operator_data.h"
#include "orrery/report/accuracy_report.h"
#include "orrery/report/serving_report.h"

namespace orrery {

namespace {

constexpr std::string_view kSuites[] = {"operators", "serving"};

/// The serving suite of a folder, or nothing, said on stderr, when it has none.
std::optional<ServingAccuracy> judge_serving(const std::string& folder, const Catalog& catalog, const ChipTable& chips,
                                             std::vector<RowProblem>& problems, Diagnostics& diagnostics,
                                             const Program& program) {
  std::string path = folder + "/e2e.csv.gz";
  if (std::error_code error; !std::filesystem::exists(path, error)) path = folder + "/e2e.csv";
  const auto table = read_measurement_table(path, problems);
  if (!table) {
    program.note(fmt::format("error: {}: {}", path, table.error()));
    return std::nullopt;
  }
  auto accuracy = evaluate_serving(*table, catalog, chips, problems, diagnostics);
  if (!accuracy) {
    program.note(fmt::format("error: {}: {}", path, accuracy.error()));
    return std::nullopt;
  }
  return std::move(*accuracy);
}

int validate_serving(const Arguments& arguments, const Catalog& catalog, const ChipTable& chips,
                     const Program& program) {
  Diagnostics diagnostics;
  std::vector<RowProblem> problems;
  const auto accuracy = judge_serving(*arguments.get("FOLDER"), catalog, chips, problems, diagnostics, program);
  if (!accuracy) return kInvalidInput;
  if (diagnostics.has_errors()) return program.report(diagnostics, false);
  note_problems(problems, program);
  if (arguments.has("--json")) return program.print(serving_accuracy_json(*accuracy, problems));
  if (arguments.has("--markdown")) return program.print(serving_accuracy_markdown(*accuracy));
  return program.print(serving_accuracy_text(*accuracy, program.surroundings().style));
}

}  // namespace

int command_validate(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const auto forms = chosen_forms(arguments, program);
  if (!forms) return kWrongUsage;
  Diagnostics diagnostics;
  const ChipTable chips = ChipTable::read(*catalog, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);

  if (const auto suite = arguments.get("--suite"); suite && *suite != "operators") {
    if (*suite == "serving") return validate_serving(arguments, *catalog, chips, program);
    const std::vector<std::string> names(std::begin(kSuites), std::end(kSuites));
    return program.refuse(fmt::format("--suite: '{}' is not one of: {}", *suite, fmt::join(names, ", ")),
                          did_you_mean(*suite, names));
  }
  AccuracyReport report;
  const std::string folder = *arguments.get("FOLDER");
  for (const OperatorForm* form : *forms) {
    const std::size_t problems_before = report.problems.size();
    const auto set = read_points(*form, folder, chips, report.problems);
    if (!set) {
      program.note(fmt::format("error: {}", set.error()));
      if (arguments.has("--operator")) return kInvalidInput;
      continue;
    }
    report.operators.push_back(evaluate(*set, default_fit_options()));
    report.operators.back().unusable = report.problems.size() - problems_before;
  }
  if (!arguments.has("--operator")) {
    report.power = evaluate_power(folder, *catalog, chips, report.problems, diagnostics);
  }
  note_problems(report.problems, program);
  if (report.operators.empty()) return kInvalidInput;
  if (arguments.has("--json")) return program.print(accuracy_json(report));
  if (arguments.has("--markdown")) return program.print(accuracy_markdown(report));
  return program.print(accuracy_text(report, program.surroundings().style));
}

}  // namespace orrery
