#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "orrery/memory/device.h"
#include "orrery/memory/dram_command.h"

namespace orrery {

/// Commands as bits.
using CommandSet = std::uint32_t;
template <class... Commands>
constexpr CommandSet command_set(Commands... commands) {
  return ((CommandSet{1} << static_cast<unsigned>(commands)) | ...);
}
constexpr bool holds(CommandSet set, DramCommand command) { return (set & command_set(command)) != 0; }

/// Where the earlier command was, seen from the later one.
enum class RuleScope : std::uint8_t {
  bank,
  slice,  ///< the bank of that number in any group of the rank
  group,
  rank,
  unit,
  other_rank,
};

/// At least `clocks` from the last tick of a command of `from` to the last tick of one of `to`.
struct TimingRule {
  std::string_view name;
  RuleScope scope = RuleScope::bank;
  CommandSet from = 0;
  CommandSet to = 0;
  std::int64_t clocks = 0;
};

/// What the checker knows of a standard on its own account. Source: sections 1 and 2 of the memory reference,
/// which quote JESD79-4 and -5, JESD235, JESD238, JESD270-4, JESD209-5 and -6, JESD250, JESD239.
struct CheckedStandard {
  std::int64_t burst_clocks = 0;
  std::int32_t ticks_per_clock = 1;
  bool is_stack = false;          ///< its ranks are stack ids: RRD, FAW, PPD and RREFD hold across them
  bool has_two_buses = false;     ///< row and column commands have a bus each
  bool has_bank_groups = true;    ///< without groups, the long timings are those of one bank
  bool activates_in_two = false;  ///< ACT, then ACT2
  CommandSet commands = 0;
  CommandSet rising = 0;  ///< may start on the rising edge of the clock only
  std::array<std::int32_t, kDramCommands> ticks{};
};

/// Nothing for a standard that the checker has no rules for.
std::optional<CheckedStandard> checked_standard(std::string_view name);

/// In clocks; nothing where the device has no such timing.
std::optional<std::int64_t> clocks_of(const DramDevice& device, std::string_view timing);

/// The distances that the standard asks for between two commands. Source: sections 3.10 and 4 of the memory
/// reference; what they leave open for same-bank refresh and self-refresh follows JESD79-5.
std::vector<TimingRule> timing_rules(const DramDevice& device, const CheckedStandard& standard);

}  // namespace orrery
