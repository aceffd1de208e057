#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/memory/dram_command.h"
#include "orrery/schema/entry.h"

namespace orrery {

struct StandardKind {
  static constexpr std::string_view kName = "standard";
};

/// Where two commands must be for a constraint to hold between them.
enum class TimingScope { bank, group, rank, other_rank, unit };
constexpr int kTimingScopes = 5;
template <>
struct EnumNames<TimingScope> {
  static constexpr EnumRow<TimingScope> kRows[] = {
      {TimingScope::bank, "bank", "the same bank"},
      {TimingScope::group, "group", "the same bank group of the same rank"},
      {TimingScope::rank, "rank", "the same rank or stack id"},
      {TimingScope::other_rank, "other_rank", "different ranks or stack ids of the unit"},
      {TimingScope::unit, "unit", "anywhere in the unit"},
  };
};

enum class CommandBus { shared, row, column };
template <>
struct EnumNames<CommandBus> {
  static constexpr EnumRow<CommandBus> kRows[] = {
      {CommandBus::shared, "shared", "the only command bus"},
      {CommandBus::row, "row", "the bus of row commands"},
      {CommandBus::column, "column", "the bus of column commands"},
  };
};

/// The clock edge on which a command may start, where a tick is half a clock.
enum class ClockEdge { any, rising };
template <>
struct EnumNames<ClockEdge> {
  static constexpr EnumRow<ClockEdge> kRows[] = {
      {ClockEdge::any, "any", "every tick"},
      {ClockEdge::rising, "rising", "the rising edge of the clock"},
  };
};

/// What a command asks of its bank, or leaves behind.
enum class BankState { any, closed, open };
template <>
struct EnumNames<BankState> {
  static constexpr EnumRow<BankState> kRows[] = {
      {BankState::any, "any", "whatever it was"},
      {BankState::closed, "closed", "no open row"},
      {BankState::open, "open", "an open row"},
  };
};

/// How a command of the standard looks on its bus.
struct CommandForm {
  CommandBus bus = CommandBus::shared;
  std::int64_t ticks = 1;
  ClockEdge edge = ClockEdge::any;
  BankState needs = BankState::any;
  BankState leaves = BankState::any;
  Place place;
};
constexpr RecordName record_name(const CommandForm*) { return {"DramCommand", "How a command looks on its bus"}; }
template <class Visitor>
void visit(Visitor& v, CommandForm& r) {
  v.required("bus", r.bus, "The bus that carries it");
  v.required("ticks", r.ticks, "Ticks that it occupies the bus; constraints count from last tick to last tick",
             in_range(1, 8));
  v.required("edge", r.edge, "Clock edge on which it may start");
  v.required("needs", r.needs, "State of its banks before");
  v.required("leaves", r.leaves, "State of its banks after");
  v.place(r.place);
}

/// At least `minimum` clocks from the last tick of any command of `from` to the last tick of any of `to`.
struct TimingConstraint {
  TimingScope scope = TimingScope::bank;
  std::vector<DramCommand> from;
  std::vector<DramCommand> to;
  std::string minimum;
  std::optional<std::int64_t> window;
  Place place;
};
constexpr RecordName record_name(const TimingConstraint*) {
  return {"TimingConstraint", "The least distance between two commands"};
}
template <class Visitor>
void visit(Visitor& v, TimingConstraint& r) {
  v.required("scope", r.scope, "Where the two commands are");
  v.required("from", r.from, "Earlier commands");
  v.required("to", r.to, "Later commands");
  v.required("minimum", r.minimum, "Clocks, as an expression over the timings: max(nBL, CCD_S)");
  v.optional("window", r.window, "Counts from the command so many before, as in four activations per tFAW; 1 if absent",
             in_range(2, 16));
  v.place(r.place);
}

enum class RefreshMode { none, all_bank, per_bank, same_bank };
template <>
struct EnumNames<RefreshMode> {
  static constexpr EnumRow<RefreshMode> kRows[] = {
      {RefreshMode::none, "none", "no refresh, for comparison only"},
      {RefreshMode::all_bank, "all-bank", "all banks of a rank at once"},
      {RefreshMode::per_bank, "per-bank", "one bank at a time"},
      {RefreshMode::same_bank, "same-bank", "one bank of each group at a time"},
  };
};

/// One way to refresh: a command that must come once per interval.
struct RefreshForm {
  DramCommand command = DramCommand::REFab;
  std::string interval;
  std::int64_t postponed = 0;
  Place place;
};
constexpr RecordName record_name(const RefreshForm*) {
  return {"RefreshForm", "A refresh command that must come once per interval"};
}
template <class Visitor>
void visit(Visitor& v, RefreshForm& r) {
  v.required("command", r.command, "Refresh command");
  v.required("interval", r.interval, "Clocks between two of them per rank, as an expression over the timings");
  v.required("postponed", r.postponed, "Refreshes of a rank that may be owed, or be ahead, at a time", in_range(0, 64));
  v.place(r.place);
}
struct RefreshForms {
  Sourced<RefreshMode> usual;
  RefreshForm all_bank;
  std::optional<RefreshForm> per_bank;
  std::optional<RefreshForm> same_bank;
};
constexpr RecordName record_name(const RefreshForms*) { return {"RefreshForms", "The ways to refresh"}; }
template <class Visitor>
void visit(Visitor& v, RefreshForms& r) {
  v.required("usual", r.usual, "What controllers on sale do, as far as their bandwidth shows");
  v.required("all_bank", r.all_bank, "All banks of a rank at once");
  v.optional("per_bank", r.per_bank, "One bank at a time; left out where the standard has none");
  v.optional("same_bank", r.same_bank, "One bank of each group at a time; left out where the standard has none");
}

/// Above a temperature, refresh comes more often.
struct RefreshTemperature {
  Sourced<double> above_celsius;
  Sourced<double> interval_factor;
};
constexpr RecordName record_name(const RefreshTemperature*) {
  return {"RefreshTemperature", "Above a temperature, refresh comes more often"};
}
template <class Visitor>
void visit(Visitor& v, RefreshTemperature& r) {
  v.required("above_celsius", r.above_celsius, "Case temperature in degrees Celsius", in_range(-50, 200));
  v.required("interval_factor", r.interval_factor, "Of the refresh interval", in_range(0.01, 1));
}

/// A timing that the parts of a standard must give.
struct TimingName {
  std::string meaning;
};
constexpr RecordName record_name(const TimingName*) { return {"TimingName", "A timing that parts must give"}; }
template <class Visitor>
void visit(Visitor& v, TimingName& r) {
  v.required("meaning", r.meaning, "What it is");
}

/// A DRAM standard: the levels of its organisation, its commands and the rules between them. What a part adds is
/// organisation, pin rate and the values of the timings.
///
/// The simulated unit is one command bus with its data bus: a channel, a subchannel, a pseudo channel.
struct StandardRecord {
  EntryHeader header;
  std::string unit;
  std::vector<std::string> levels;
  Sourced<std::int64_t> data_pins;
  Sourced<Bytes> access;
  Sourced<std::int64_t> transfers_per_clock;
  Sourced<std::int64_t> burst_clocks;
  std::int64_t ticks_per_clock = 1;
  std::int64_t units_sharing_commands = 1;
  bool data_clock = false;
  std::vector<Named<TimingName>> timings;
  std::vector<Named<CommandForm>> commands;
  std::vector<TimingConstraint> constraints;
  RefreshForms refresh;
  std::vector<RefreshTemperature> refresh_temperatures;
};
constexpr RecordName record_name(const StandardRecord*) {
  return {"DramStandard", "A DRAM standard: organisation, commands and the rules between them"};
}
template <class Visitor>
void visit(Visitor& v, StandardRecord& r) {
  visit_header(v, r.header);
  v.required("unit", r.unit, "What has one command bus and one data bus: channel, subchannel, pseudo channel");
  v.required("levels", r.levels, "Of the organisation, outermost first");
  v.required("data_pins", r.data_pins, "Of one unit", in_range(1, 1024));
  v.required("access", r.access, "Payload of one burst of one unit", in_range(Bytes(1), Bytes(1024)));
  v.required("transfers_per_clock", r.transfers_per_clock, "Bits of one pin per command clock", in_range(1, 64));
  v.required("burst_clocks", r.burst_clocks, "Clocks that a burst occupies the data bus (nBL)", in_range(1, 64));
  v.required("ticks_per_clock", r.ticks_per_clock, "2 where commands start on both clock edges, else 1",
             in_range(1, 2));
  v.required("units_sharing_commands", r.units_sharing_commands,
             "Units, such as the two pseudo channels of a channel, that take turns on the same command buses",
             in_range(1, 2));
  v.required("data_clock", r.data_clock, "Whether a CAS must start the data clock before reads and writes");
  v.required("timings", r.timings, "Timings in clocks that parts must give, by name");
  v.required("commands", r.commands, "By mnemonic");
  v.required("constraints", r.constraints, "Least distances between commands");
  v.required("refresh", r.refresh, "The ways to refresh");
  v.optional_list("refresh_temperatures", r.refresh_temperatures, "Coolest first");
}

/// Reports names of commands that do not exist and refresh temperatures out of order.
void check_physics(const StandardRecord& standard, Diagnostics& diagnostics);

}  // namespace orrery
