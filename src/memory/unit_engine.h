#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "orrery/memory/access_source.h"
#include "orrery/memory/controller_settings.h"
#include "orrery/memory/latency_counts.h"

namespace orrery {

/// How long the banks of one rank were in which state, in ticks.
struct RankActivity {
  std::array<std::int64_t, kDramCommands> commands{};
  std::int64_t open_bank_ticks = 0;      ///< sum over banks
  std::int64_t any_bank_open_ticks = 0;  ///< at least one bank open
  std::int64_t power_down_ticks = 0;     ///< with all banks closed
  std::int64_t active_power_down_ticks = 0;
  std::int64_t self_refresh_ticks = 0;
};

/// What happened in one unit.
struct UnitActivity {
  std::int64_t end_tick = 0;    ///< everything has entered and every read has returned
  std::int64_t reads = 0;       ///< bursts that entered, forwarded ones included
  std::int64_t writes = 0;      ///< merged ones included
  std::int64_t forwarded = 0;   ///< reads answered by a waiting write
  std::int64_t merged = 0;      ///< writes into a waiting write
  std::int64_t row_hits = 0;    ///< column commands that needed no activation of their own
  std::int64_t data_ticks = 0;  ///< of the data bus
  std::int64_t most_refreshes_owed =
      0;                  ///< by a rank at a time; more than the standard allows where banks are too busy
  LatencyCounts latency;  ///< of reads: from entry to the end of the data, ticks
  std::vector<RankActivity> ranks;

  std::int64_t commands(DramCommand command) const;
};

/// How requests come.
struct Injection {
  std::int64_t outstanding = 64;  ///< reads that may be under way at once; 0: no limit, the accesses' ticks decide
};

/// Serves every access of `source` on one unit under `settings`. Nothing steps through idle ticks: time jumps to the
/// next tick at which a command can issue, an access enters, or a refresh is due. `sink`, where given, is told of each
/// command. The result depends on the arguments alone.
/// Pre: check_settings(device, settings).
UnitActivity simulate_unit(const DramDevice& device, const ControllerSettings& settings, const Injection& injection,
                           AccessSource& source, CommandSink* sink = nullptr);

}  // namespace orrery
