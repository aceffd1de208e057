#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "orrery/memory/checker.h"
#include "orrery/memory/energy.h"
#include "orrery/memory/power_trace.h"
#include "orrery/memory/unit_engine.h"

namespace orrery {

/// The accesses of one unit.
using UnitSources = std::function<std::unique_ptr<AccessSource>(std::int64_t unit)>;
/// Told which unit's commands come next; the result is told of them. Null: of none.
using UnitSinks = std::function<CommandSink*(std::int64_t unit)>;

/// What to simulate: some units of a memory, each with its controller.
struct MemoryQuestion {
  const DramDevice& device;
  ControllerSettings settings;  ///< `turn` is set for each unit
  Injection injection;          ///< of each unit
  std::vector<std::int64_t> units;
  UnitSources sources;
  UnitSinks sinks;  ///< may be empty; then units run on `threads`, else one after the other
  int threads = 1;
  bool check = false;                   ///< by CommandChecker
  double toggle = kRandomData;          ///< of the data, for energy
  std::int64_t power_window_ticks = 0;  ///< 0: no power trace
};

/// All units together.
struct MemoryAnswer {
  std::int64_t units = 0;
  std::int64_t end_tick = 0;  ///< of the unit that took longest
  std::int64_t reads = 0;
  std::int64_t writes = 0;
  std::int64_t forwarded = 0;
  std::int64_t merged = 0;
  std::int64_t row_hits = 0;
  std::int64_t columns = 0;              ///< column commands
  std::int64_t most_refreshes_owed = 0;  ///< by a rank of any unit
  std::int64_t overhead = 0;             ///< of the bursts, those without payload
  std::array<std::int64_t, kDramCommands> commands{};
  LatencyCounts latency;  ///< ticks
  std::optional<EnergyBreakdown> energy;
  std::vector<PowerWindow> power;
  std::vector<RuleReport> rules;  ///< of the checker, summed over units; empty where nothing was checked

  std::int64_t bursts() const { return reads + writes; }
  /// On the bus; what was answered or merged in the queue, or waits there still, moved no data.
  std::int64_t payload_bursts() const { return std::max<std::int64_t>(0, columns - overhead); }
  std::int64_t answered_in_queue() const { return forwarded + merged; }
  std::int64_t waiting_writes() const { return bursts() - answered_in_queue() - columns; }  ///< at the end
  std::int64_t violations() const;
};

/// What the checker asks of a controller with those settings: the debt that the standard allows, or that of a
/// controller that postpones more, where one refresh of each rank may be in hand.
CheckerOptions checker_options(const DramDevice& device, const ControllerSettings& settings);

/// Simulates every unit; units that are asked for exactly the same, burst by burst, in the same turn are simulated
/// once, as an interleave makes of a stream. The answer does not depend on `threads`. Pre: check_settings(device,
/// settings); the device is one that the checker knows where `check` is set.
MemoryAnswer answer(const MemoryQuestion& question);

}  // namespace orrery
