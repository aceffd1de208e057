#pragma once

#include <optional>

#include "orrery/scenario/results.h"
#include "orrery/scenario/system.h"

namespace orrery {

struct RunOptions {
  int threads = 1;
  bool step_by_step = false;  ///< every step by itself; the same result, slower
};

/// Simulates a system to the end, or until `control` stops it. Equal system, equal results, whatever
/// the threads. Nothing when a trace cannot be read or time would pass 105 days; every problem is
/// reported. `cpu_s` and `wall_s` are left to the caller.
std::optional<Results> run(const System& system, const RunOptions& options, RunControl& control,
                           Diagnostics& diagnostics);

}  // namespace orrery
