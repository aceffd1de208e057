#include <fmt/format.h>

#include <filesystem>

#include "orrery/base/nearest_name.h"
#include "orrery/calibration/evaluate.h"
#include "orrery/cli/command.h"
#include "orrery/cli/operator_data.h"
#include "orrery/report/accuracy_report.h"
#include "orrery/report/replay_report.h"

namespace orrery {
namespace {

/// What to judge: both when nothing was asked for.
struct Suites {
  bool operators = true;
  bool serving = true;
};

Result<Suites> chosen_suites(const Arguments& arguments) {
  const std::vector<std::string> names = {"operators", "serving"};
  const auto suite = arguments.get("--suite");
  if (!suite) return Suites{true, !arguments.has("--operator")};
  if (*suite == names[0]) return Suites{true, false};
  if (*suite == names[1] && !arguments.has("--operator")) return Suites{false, true};
  if (*suite == names[1]) return failure("--operator goes with --suite operators");
  const std::string nearest = did_you_mean(*suite, names);
  return failure(fmt::format("--suite: '{}' is not one of: {}{}", *suite, fmt::join(names, ", "),
                             nearest.empty() ? "" : " (" + nearest + ")"));
}

/// False, with an error on stderr, when one that was asked for by name cannot be read.
bool judge_operators(const std::string& folder, const Arguments& arguments, const ChipTable& chips,
                     const std::vector<const OperatorForm*>& forms, AccuracyReport& report, const Program& program) {
  for (const OperatorForm* form : forms) {
    const std::size_t problems_before = report.problems.size();
    const auto set = read_points(*form, folder, chips, report.problems);
    if (!set) {
      program.note(fmt::format("error: {}", set.error()));
      if (arguments.has("--operator")) return false;
      continue;
    }
    report.operators.push_back(evaluate(*set, default_fit_options()));
    report.operators.back().unusable = report.problems.size() - problems_before;
  }
  return true;
}

/// Nothing where the folder has no runs. False, with an error on stderr, when they cannot be read.
bool judge_serving(const std::string& folder, const Catalog& catalog, const ChipTable& chips, AccuracyReport& report,
                   Diagnostics& diagnostics, const Program& program) {
  const auto path = deployment_runs_of(folder);
  if (!path) return true;
  const auto table = read_measurement_table(*path, report.problems);
  auto accuracy = table ? evaluate_serving(*table, catalog, chips, report.problems, diagnostics)
                        : Result<ServingAccuracy>(failure(table.error()));
  if (!accuracy) {
    program.note(fmt::format("error: {}: {}", *path, accuracy.error()));
    return false;
  }
  report.serving = std::move(*accuracy);
  return true;
}

/// A folder of runs of real engines, as data/serving.
bool holds_real_runs(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (std::filesystem::exists(entry.path() / "requests.jsonl.gz", error)) return true;
  }
  return std::filesystem::is_directory(folder + "/h100", error);
}

int validate_replays(const std::string& folder, const Arguments& arguments, const Catalog& catalog,
                     const Program& program) {
  Diagnostics diagnostics;
  const ReplaySuite suite = replay_real_runs(folder, catalog, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, arguments.has("--json"));
  if (arguments.has("--json")) return program.print(replay_json(suite));
  if (arguments.has("--markdown")) return program.print(replay_markdown(suite));
  return program.print(replay_text(suite, program.surroundings().style));
}

}  // namespace

int command_validate(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const auto forms = chosen_forms(arguments, program);
  if (!forms) return kWrongUsage;
  const auto suites = chosen_suites(arguments);
  if (!suites) return program.refuse(suites.error());
  Diagnostics diagnostics;
  const ChipTable chips = ChipTable::read(*catalog, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);

  const std::string folder = *arguments.get("FOLDER");
  if (std::error_code error; !std::filesystem::is_directory(folder, error)) {
    return invalid(program, fmt::format("there is no folder {}", folder));
  }
  if (holds_real_runs(folder)) {
    if (arguments.has("--suite") || arguments.has("--operator")) {
      return program.refuse("--suite and --operator are for operator tables; this folder holds runs of real engines");
    }
    return validate_replays(folder, arguments, *catalog, program);
  }
  AccuracyReport report;
  if (suites->operators && !judge_operators(folder, arguments, chips, *forms, report, program)) return kInvalidInput;
  if (suites->operators && !arguments.has("--operator")) {
    report.power = evaluate_power(folder, *catalog, chips, report.problems, diagnostics);
  }
  if (suites->serving && !judge_serving(folder, *catalog, chips, report, diagnostics, program)) return kInvalidInput;
  if (diagnostics.has_errors()) return program.report(diagnostics, false);
  note_problems(report.problems, program);
  if (report.operators.empty() && !report.serving) {
    if (!suites->operators) program.note(fmt::format("error: {} has no e2e.csv or e2e.csv.gz", folder));
    return kInvalidInput;
  }
  if (arguments.has("--json")) return program.print(accuracy_json(report));
  if (arguments.has("--markdown")) return program.print(accuracy_markdown(report));
  return program.print(accuracy_text(report, program.surroundings().style));
}

}  // namespace orrery
