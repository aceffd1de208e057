#pragma once

#include <string>
#include <vector>

#include "orrery/base/result.h"
#include "orrery/cli/command.h"

namespace orrery {

/// A command line, understood.
struct CommandLine {
  const CommandRow* command = nullptr;  ///< null: none was named
  Arguments arguments;                  ///< of the command, and the global options
};

/// Fails with what is wrong and what was probably meant; the caller ends with exit code 2.
Result<CommandLine> parse_command_line(const std::vector<std::string>& words);

}  // namespace orrery
