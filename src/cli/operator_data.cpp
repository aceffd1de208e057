#include "orrery/cli/operator_data.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "orrery/base/file.h"
#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

constexpr std::size_t kShownProblems = 20;  // of one file

}  // namespace

const OperatorForm* form_named(const std::string& word, const Program& program) {
  if (const OperatorForm* form = find_operator_form(word)) return form;
  std::vector<std::string> names;
  for (const OperatorForm* form : operator_forms()) names.emplace_back(form->kind());
  names.emplace_back("serving");
  const std::string nearest = did_you_mean(word, names);
  program.refuse(fmt::format("'{}' is not an operator", word),
                 nearest.empty() ? fmt::format("the operators are {}", fmt::join(names, ", ")) : nearest);
  return nullptr;
}

std::optional<std::vector<const OperatorForm*>> chosen_forms(const Arguments& arguments, const Program& program) {
  const auto forms = operator_forms();
  if (!arguments.has("--operator")) return std::vector<const OperatorForm*>(forms.begin(), forms.end());
  std::vector<const OperatorForm*> chosen;
  for (const std::string& word : arguments.all("--operator")) {
    chosen.push_back(form_named(word, program));
    if (chosen.back() == nullptr) return std::nullopt;
  }
  return chosen;
}

std::optional<std::string> deployment_runs_of(const std::string& folder) {
  for (const std::string_view name : {"e2e.csv.gz", "e2e.csv"}) {
    std::string path = fmt::format("{}/{}", folder, name);
    if (std::error_code error; std::filesystem::exists(path, error)) return path;
  }
  return std::nullopt;
}

int invalid(const Program& program, const std::string& message) {
  program.note(fmt::format("error: {}", message));
  return kInvalidInput;
}

int write_predictions(const std::string& text, std::size_t predicted, std::size_t rows, const Arguments& arguments,
                      const Program& program) {
  const std::string output = *arguments.get("--output");
  if (output == "-") {
    if (const int printed = program.print(text); printed != kAnswered) return printed;
  } else if (const auto written = write_file_atomically(output, text); !written) {
    return program.fail(written.error());
  }
  if (predicted == rows) return kAnswered;
  program.note(fmt::format("{} of {} rows could not be predicted", rows - predicted, rows));
  return predicted == 0 ? kInvalidInput : kAnswered;
}

void note_problems(std::span<const RowProblem> problems, const Program& program) {
  std::map<std::string, std::size_t> shown;
  for (const RowProblem& problem : problems) {
    if (++shown[problem.file] <= kShownProblems) program.note(to_text(problem));
  }
  for (const auto& [file, count] : shown) {
    if (count > kShownProblems) program.note(fmt::format("{}: and {} more", file, count - kShownProblems));
  }
}

}  // namespace orrery
