#include <fmt/format.h>

#include "orrery/calibration/evaluate.h"
#include "orrery/cli/command.h"
#include "orrery/cli/operator_data.h"
#include "orrery/report/accuracy_report.h"

namespace orrery {

int command_validate(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const auto forms = chosen_forms(arguments, program);
  if (!forms) return kWrongUsage;
  Diagnostics diagnostics;
  const ChipTable chips = ChipTable::read(*catalog, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);

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
