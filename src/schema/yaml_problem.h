#pragma once

#include <memory>
#include <string_view>

#include "orrery/base/diagnostic.h"

namespace orrery {

/// Reports what the YAML parser stopped at, as invalid-yaml, in words about the text rather than about the
/// parser's grammar. Where a colon lacks the space behind it, a note says so: the parser itself
/// may only find out one line later.
void report_yaml_problem(std::string_view parser_message, const Place& place, Diagnostics& diagnostics);

}  // namespace orrery
