#pragma once

namespace orrery {

// What the program's end says; `orrery --help` lists them.
inline constexpr int kAnswered = 0;
inline constexpr int kFailed = 1;        ///< file system, or a bug of ours
inline constexpr int kWrongUsage = 2;    ///< the command line
inline constexpr int kInvalidInput = 3;  ///< scenario, catalog or trace
inline constexpr int kAnsweredNo = 4;    ///< an SLO or a --require is missed
inline constexpr int kInterrupted = 130;

}  // namespace orrery
