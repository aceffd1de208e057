#include <fmt/format.h>

#include <ctime>
#include <filesystem>

#include "orrery/base/file.h"
#include "orrery/base/unit.h"
#include "orrery/calibration/calibrate.h"
#include "orrery/calibration/few_points.h"
#include "orrery/cli/command.h"
#include "orrery/cli/operator_data.h"
#include "orrery/estimate/fit_frameworks.h"
#include "orrery/operators/predictor.h"
#include "orrery/scenario/read_predictor.h"

namespace orrery {
namespace {

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

/// Keeps the groups of one chip to a sample, or all groups when no chip is named.
void keep_sample(PointSet& set, const ChipFacts* chip, std::size_t most) {
  for (PointGroup& group : set.groups) {
    if (chip != nullptr && group.chip != chip) continue;
    group.points = few_points_of(*set.form, group.family, *group.chip, group.points,
                                 specified_priors(*set.form, group.family), most);
    for (MeasuredPoint& point : group.points) point.unseen = false;  // too few to put some aside
  }
  std::erase_if(set.groups, [](const PointGroup& group) { return group.points.empty(); });
}

/// What the catalog knows of a chip without its own measurements.
std::optional<Calibrated> known_elsewhere(const Catalog& catalog, const OperatorForm& form, std::string_view family,
                                          const ChipFacts& chip) {
  Diagnostics ignored;  // `orrery check` reports what is wrong with an entry
  const Served served = read_predictor(catalog, chip.id, ignored).serve(form, family, chip);
  if (served.basis == Basis::datasheet) return std::nullopt;
  return Calibrated{served.constants, served.band};
}

template <class Record>
int write_entries(const std::vector<Record>& records, const std::string& folder, const Program& program) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return program.fail(fmt::format("cannot create {}: {}", folder, error.message()));
  for (const Record& record : records) {
    const std::string path = fmt::format("{}/{}.yaml", folder, record.header.id);
    if (const auto written = write_file_atomically(path, to_yaml(write_record(record))); !written) {
      return program.fail(written.error());
    }
  }
  return program.print(fmt::format("{} {} in {}\n", records.size(), records.size() == 1 ? "entry" : "entries", folder));
}

/// The constants of the serving frameworks, from measured runs of whole deployments.
int fit_serving(const Arguments& arguments, const Catalog& catalog, const ChipTable& chips, const Program& program) {
  const std::string folder = *arguments.get("FOLDER");
  const auto path = deployment_runs_of(folder);
  if (!path) return invalid(program, fmt::format("{} has no e2e.csv or e2e.csv.gz", folder));
  std::vector<RowProblem> problems;
  const auto table = read_measurement_table(*path, problems);
  if (!table) return invalid(program, fmt::format("{}: {}", *path, table.error()));
  Diagnostics diagnostics;
  const DeploymentSource source{arguments.get("--title").value_or(std::filesystem::path(folder).filename().string()),
                                arguments.get("--publisher").value_or("unknown"),
                                arguments.get("--date").value_or("unknown"),
                                arguments.get("--fit-date").value_or(today())};
  const std::vector<FrameworkRecord> records = fit_frameworks(*table, catalog, chips, source, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);
  if (records.empty()) return invalid(program, fmt::format("{}: no row can be fitted", *path));
  return write_entries(records, *arguments.get("--output"), program);
}

}  // namespace

int command_fit(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const auto forms = chosen_forms(arguments, program);
  if (!forms) return kWrongUsage;
  Diagnostics diagnostics;
  const ChipTable chips = ChipTable::read(*catalog, diagnostics);
  if (diagnostics.has_errors()) return program.report(diagnostics, false);
  if (const auto suite = arguments.get("--suite"); suite && *suite != "operators") {
    if (*suite == "serving") return fit_serving(arguments, *catalog, chips, program);
    return program.refuse(fmt::format("--suite: '{}' is not one of: operators, serving", *suite));
  }
  const ChipFacts* chip = nullptr;
  if (const auto word = arguments.get("--gpu")) {
    chip = chips.find(*word);
    if (chip == nullptr) return program.refuse(fmt::format("there is no chip '{}'{}", *word, chips.hint(*word)));
  }
  std::size_t most = 0;
  if (const auto word = arguments.get("--points")) {
    const auto number = parse_unsigned(*word);
    if (!number || *number == 0) return program.refuse(fmt::format("--points: '{}' is not a count of points", *word));
    most = *number;
  }

  const std::string folder = *arguments.get("FOLDER");
  CalibrationOrigin origin{arguments.get("--title").value_or(std::filesystem::path(folder).filename().string()),
                           arguments.get("--publisher").value_or("unknown"),
                           arguments.get("--date").value_or("unknown"), arguments.get("--fit-date").value_or(today())};
  CalibrationBuilder builder(std::move(origin));
  std::vector<RowProblem> problems;
  bool any = false;
  for (const OperatorForm* form : *forms) {
    auto set = read_points(*form, folder, chips, problems);
    if (!set) {
      program.note(fmt::format("error: {}", set.error()));
      if (arguments.has("--operator")) return kInvalidInput;
      continue;
    }
    FamilyFitOptions options = default_fit_options();
    options.known = [&](const OperatorForm& of, std::string_view family, const ChipFacts& on) {
      return known_elsewhere(*catalog, of, family, on);
    };
    if (most > 0) {
      keep_sample(*set, chip, most);
      options.own = options.few;
    }
    for (const FamilyFit& fit : fit_families(*set, options)) builder.add(*set, fit);
    any = any || !set->groups.empty();
  }
  note_problems(problems, program);
  if (!any) return kInvalidInput;
  std::vector<CalibrationRecord> records = builder.take();
  if (chip != nullptr) std::erase_if(records, [&](const auto& record) { return record.header.id != chip->id; });
  return write_entries(records, *arguments.get("--output"), program);
}

}  // namespace orrery
