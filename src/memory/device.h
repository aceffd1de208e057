#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orrery/base/sim_time.h"
#include "orrery/memory/part_record.h"

namespace orrery {

/// A command of the device: its bus, its length there, and where it may start.
struct DeviceCommand {
  bool exists = false;
  CommandBus bus = CommandBus::shared;
  std::int32_t ticks = 1;
  ClockEdge edge = ClockEdge::any;
};

struct DeviceRefresh {
  DramCommand command = DramCommand::REFab;
  std::int32_t interval = 0;  ///< ticks between two commands of a rank
  std::int32_t postponed = 0;
};

/// At most `count` commands ACT in any `ticks`, from first tick to first tick.
struct ActivationWindow {
  TimingScope scope = TimingScope::rank;
  std::int32_t count = 0;
  std::int32_t ticks = 0;
};

/// One memory part, compiled: every distance in ticks. Immutable, shared by all runs.
///
/// A tick is the shortest time between two commands: a clock, or half a clock. Ticks are counted, and turned
/// into time by the exact clock: transfers_per_clock / data rate.
struct DramDevice {
  std::string part;
  std::string standard;
  std::string unit;
  std::int64_t channels = 1;
  std::int64_t units_per_channel = 1;
  std::int32_t ranks = 1;
  std::int32_t bank_groups = 1;
  std::int32_t banks_per_group = 1;
  std::int64_t rows = 1;
  std::int32_t columns = 1;  ///< bursts of a row
  std::int32_t access_bytes = 0;
  std::int32_t data_pins = 0;
  std::int64_t rate_kbit_per_s = 0;      ///< of one pin
  std::int32_t transfers_per_clock = 2;  ///< bits of one pin per clock
  std::int32_t ticks_per_clock = 1;
  std::int32_t units_sharing_commands = 1;
  bool data_clock = false;
  bool stacked = false;  ///< ranks are stack ids
  std::int32_t burst_ticks = 0;
  std::int32_t read_latency = 0;   ///< ticks from the first tick of RD to the first data
  std::int32_t write_latency = 0;  ///< the same of WR
  std::array<DeviceCommand, kDramCommands> commands;
  /// [scope][from][to]: least ticks from first tick to first tick; 0 where there is no rule.
  std::array<std::array<std::array<std::int32_t, kDramCommands>, kDramCommands>, kTimingScopes> distance{};
  ActivationWindow activation_window;
  std::array<std::optional<DeviceRefresh>, 4> refresh;  ///< by RefreshMode
  RefreshMode usual_refresh = RefreshMode::all_bank;
  std::vector<std::pair<double, double>> hot_refresh;  ///< above degrees Celsius, factor of the interval
  /// Every timing by name, in clocks.
  std::vector<std::pair<std::string, std::int64_t>> timings;
  std::optional<EnergyRecord> energy;

  std::int32_t banks_per_rank() const { return bank_groups * banks_per_group; }
  std::int32_t banks() const { return ranks * banks_per_rank(); }
  std::int64_t units() const { return channels * units_per_channel; }
  std::int64_t bursts_per_unit() const { return banks() * rows * columns; }
  std::int64_t bytes_per_unit() const { return bursts_per_unit() * access_bytes; }
  /// In clocks. Pre: the standard names it.
  std::int64_t timing(std::string_view name) const;
  /// Clocks per second x ticks.
  double tick_seconds() const {
    return static_cast<double>(transfers_per_clock) / (static_cast<double>(rate_kbit_per_s) * 1e3 * ticks_per_clock);
  }
  double nanoseconds(double ticks) const { return ticks * tick_seconds() * 1e9; }
  /// Exact to the picosecond, rounded to nearest, in 128-bit arithmetic.
  SimTime time_of(std::int64_t ticks) const;
  /// Of one unit, bytes per second: payload of a burst over its time on the bus.
  double peak_bytes_per_second() const { return access_bytes / (burst_ticks * tick_seconds()); }
};

/// What a question may change of a part.
struct DeviceOptions {
  std::optional<std::int64_t> height;  ///< dies of the stack
  std::optional<std::int64_t> ranks;
  /// Timings keep their time at another rate than the part's, rounded up to clocks again; those of the protocol keep
  /// their clocks. All clocks stay within 3 % of the part's rate, as datasheets round.
  std::optional<BytesPerSecond> pin_rate;
  /// Timings in place of the part's own, in clocks, by name: what-if studies and mutation tests.
  std::vector<std::pair<std::string, std::int64_t>> timings;
};

/// Binds a part to its standard. Reports missing and unknown timings, expressions that cannot be read, and
/// contradictions: tRC below tRAS + tRP - 1, tFAW below tRRD, RFCpb above RFCab, more than 64 banks, a pin rate
/// that is no whole number of kbit/s, a height that is not one of the part's.
std::optional<DramDevice> compile_device(const StandardRecord& standard, const MemoryPartRecord& part,
                                         const DeviceOptions& options, Diagnostics& diagnostics);

}  // namespace orrery
