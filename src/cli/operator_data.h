#pragma once

#include <optional>
#include <span>
#include <vector>

#include "orrery/calibration/points.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"

namespace orrery {

/// The form that a word names, or null with an error on stderr.
const OperatorForm* form_named(const std::string& word, const Program& program);
/// The forms that --operator names, else all; nothing, with an error on stderr, when there is none of that name.
std::optional<std::vector<const OperatorForm*>> chosen_forms(const Arguments& arguments, const Program& program);
/// `predict serving`: see cmd_predict_serving.cpp.
int predict_serving(const Arguments& arguments, const Catalog& catalog, const ChipTable& chips,
                    const std::string& without_chip, const Program& program);
/// FOLDER/e2e.csv.gz or e2e.csv; nothing when there is neither.
std::optional<std::string> deployment_runs_of(const std::string& folder);
/// Says on stderr what is wrong with the data; returns kInvalidInput.
int invalid(const Program& program, const std::string& message);
/// Writes a table of predictions to --output, or to stdout for "-". Returns the exit code: rows without a prediction
/// are counted on stderr, and none at all is invalid input.
int write_predictions(const std::string& text, std::size_t predicted, std::size_t rows, const Arguments& arguments,
                      const Program& program);
/// The first of the problems of each file on stderr, and how many there are.
void note_problems(std::span<const RowProblem> problems, const Program& program);

}  // namespace orrery
