#pragma once

namespace orrery {

/// What the program's end says. docs/CLI.md and `orrery --help` list them.
enum ExitCode : int {
  kAnswered = 0,
  kFailed = 1,        ///< file system, or a bug of ours
  kWrongUsage = 2,    ///< the command line
  kInvalidInput = 3,  ///< scenario, catalog or trace
  kAnsweredNo = 4,    ///< an SLO or a --require is missed
  kInterrupted = 130,
};

}  // namespace orrery
