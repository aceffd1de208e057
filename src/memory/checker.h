#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "orrery/memory/checker_refresh.h"
#include "orrery/memory/checker_rules.h"
#include "orrery/memory/checker_tally.h"
#include "orrery/memory/device.h"
#include "orrery/memory/dram_command.h"

namespace orrery {

struct CheckerOptions {
  RefreshDuty refresh;
  std::int32_t rising_edge = 0;  ///< the rising edge of the clock, as tick modulo ticks per clock
};

/// Checks the commands of one unit against rules of its own: it knows the standards by itself and takes only the
/// organisation and the timings from the device, neither the constraints of the catalog nor DramDevice::distance.
///
/// Besides the timings by name it reports the state rules: address, command-set, tick-order, command-bus, clock-edge,
/// data-bus, row-open, row-closed, ACT2 deadline, WCK sync, power-state, refresh-late, refresh-count.
class CommandChecker final : public CommandSink {
 public:
  /// Pre: checked_standard() knows the device's standard; the device has CL and CWL.
  CommandChecker(const DramDevice& device, const CheckerOptions& options);

  void issued(const IssuedCommand& command) override;
  /// Reports what should have come before the end and did not. Once, after the last command.
  void finish(std::int64_t end_tick);

  const std::vector<RuleReport>& reports() const { return tally_.reports(); }
  std::int64_t violations() const { return tally_.violations(); }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min() / 4;

  /// Which of the five kinds of last ticks a command looks at: indices of rows of last_.
  struct Place {
    std::array<std::size_t, 5> row{};  ///< by RuleScope, up to unit
    std::size_t bank = 0;              ///< in the unit
  };
  struct Check {
    std::int32_t distance = 0;  ///< first tick to first tick
    std::int16_t rule = 0;
    DramCommand from = DramCommand::ACT;
    RuleScope scope = RuleScope::bank;
  };
  struct Bank {
    std::int32_t open_row = -1;
    bool closed_by_itself = false;
  };
  enum class Power { up, down, refreshing_itself };
  struct Rank {
    Power power = Power::up;
    std::int32_t open_banks = 0;
    std::int64_t owes_second = -1;      ///< bank whose ACT waits for its ACT2
    std::int64_t data_end = kNever;     ///< last tick of data, and one
    std::int64_t clock_end = kNever;    ///< the same of the data clock
    std::int64_t clock_start = kNever;  ///< tick at which the command after a CAS starts
  };
  struct Bus {
    std::int64_t free_at = kNever;
    IssuedCommand last;
  };
  struct Burst {
    std::int64_t begin = kNever;
    std::int64_t end = kNever;
  };

  void add_checks(const DramDevice& device);
  void add_rules();
  Place place_of(const IssuedCommand& command) const;
  std::int32_t ticks_of(DramCommand command) const { return standard_.ticks[static_cast<std::size_t>(command)]; }
  bool is_known(const IssuedCommand& command);

  void check_bus(const IssuedCommand& command);
  void check_edge(const IssuedCommand& command, const Place& place);
  void check_distances(const IssuedCommand& command, const Place& place);
  void check_window(const IssuedCommand& command);
  void check_power(const IssuedCommand& command);
  void record(const IssuedCommand& command, const Place& place);

  void apply(const IssuedCommand& command, const Place& place);
  void activate(const IssuedCommand& command, const Place& place);
  void activate_second(const IssuedCommand& command, const Place& place);
  void check_owed_second(const IssuedCommand& command, const Place& place);
  void column(const IssuedCommand& command, const Place& place);
  void check_data_clock(const IssuedCommand& command, Rank& rank);
  void check_data_bus(const IssuedCommand& command, Rank& rank);
  void refresh(const IssuedCommand& command, const Place& place);
  void close(std::size_t bank, std::size_t rank, bool by_itself);
  void close_slice(const IssuedCommand& command);
  /// The bank of a slice that lies in this group.
  std::size_t slice_bank(const IssuedCommand& command, std::int32_t group) const {
    return static_cast<std::size_t>((std::int64_t{command.rank} * groups_ + group) * banks_per_group_ + command.bank);
  }

  void distance_broken(const Check& check, const IssuedCommand& command, std::int64_t previous);
  void state(int rule, bool holds, const IssuedCommand& command, const char* what);
  void state_broken(int rule, const IssuedCommand& command, const char* what);
  std::string words(const IssuedCommand& command) const;

  CheckedStandard standard_;
  RuleTally tally_;
  std::int32_t ranks_ = 1;
  std::int32_t groups_ = 1;
  std::int32_t banks_per_group_ = 1;
  std::int64_t rows_ = 1;
  std::int32_t columns_ = 1;
  std::int32_t rising_edge_ = 0;
  std::int64_t burst_ticks_ = 0;
  std::int64_t read_latency_ = 0;
  std::int64_t write_latency_ = 0;
  std::int64_t data_clock_after_ = 0;    ///< ticks that the data clock runs after a burst
  std::int64_t second_within_ = 0;       ///< ticks from ACT to ACT2 at most
  std::int64_t window_ = 0;              ///< ticks of four activations; 0: no rule
  std::int64_t closing_activation_ = 0;  ///< ticks from ACT to ACT of a bank that closed by itself
  double nanoseconds_per_tick_ = 0;
  bool has_data_clock_ = false;

  std::array<std::vector<Check>, kDramCommands> checks_;  ///< by the later command
  std::array<std::vector<Check>, kDramCommands> other_rank_checks_;
  std::array<std::size_t, 5> first_row_{};                     ///< of last_, by RuleScope
  std::vector<std::array<std::int64_t, kDramCommands>> last_;  ///< last tick by command
  std::vector<Bank> banks_;
  std::vector<Rank> rank_states_;
  std::vector<std::array<std::int64_t, 4>> activations_;  ///< ring, per rank or of all stack ids
  std::vector<std::size_t> oldest_activation_;
  std::array<Bus, 2> buses_;
  std::array<Burst, 64> bursts_{};  ///< ring of the last ones
  std::size_t next_burst_ = 0;
  std::int64_t data_bus_end_ = kNever;
  std::int64_t pairing_edge_ = kNever;  ///< falling edge that belongs to the row command before it
  std::int64_t pairing_bank_ = -1;      ///< bank of that command; -1: all
  std::int64_t last_tick_ = kNever;
  RefreshLedger ledger_;

  struct Rules {
    int address, command_set, tick_order, bus, edge, data_bus, row_open, row_closed, second, second_within, data_clock;
    int power, window, closing_activation;
  } rule_{};
};

/// Checks the command buses that the units of a channel share, such as the two pseudo channels of HBM: one command per
/// bus at a time. Reports "shared-command-bus".
class SharedBusChecker {
 public:
  /// Pre: checked_standard() knows the device's standard.
  explicit SharedBusChecker(const DramDevice& device);

  /// Of all units of the channel, in the order of their ticks.
  void issued(int unit, const IssuedCommand& command);

  const std::vector<RuleReport>& reports() const { return tally_.reports(); }
  std::int64_t violations() const { return tally_.violations(); }

 private:
  struct Bus {
    std::int64_t free_at = std::numeric_limits<std::int64_t>::min() / 4;
    int unit = 0;
    IssuedCommand last;
  };
  CheckedStandard standard_;
  RuleTally tally_;
  int rule_ = 0;
  std::array<Bus, 2> buses_;
};

}  // namespace orrery
