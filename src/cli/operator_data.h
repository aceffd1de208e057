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
/// The first of the problems of each file on stderr, and how many there are.
void note_problems(std::span<const RowProblem> problems, const Program& program);

}  // namespace orrery
