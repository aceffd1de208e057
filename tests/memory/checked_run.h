#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "catalog_devices.h"
#include "orrery/memory/checker.h"

// Runs of the engine whose commands go through the checker.
namespace orrery {

/// The parts that stand for a standard, with the ranks or stack ids that they are tried with.
struct CheckedPart {
  std::string_view standard;
  std::string_view part;
  std::int64_t ranks;
};
inline constexpr CheckedPart kCheckedParts[] = {
    {"ddr4", "ddr4-3200", 1},      {"ddr4", "ddr4-2400", 2},      {"ddr4", "ddr4-3200", 4},
    {"ddr5", "ddr5-4800", 1},      {"ddr5", "ddr5-5600", 2},      {"hbm2", "hbm2-2000", 1},
    {"hbm2", "hbm2e-3200", 2},     {"hbm3", "hbm3-5200", 2},      {"hbm3", "hbm3e-9600", 3},
    {"hbm4", "hbm4-8000", 1},      {"hbm4", "hbm4-8000", 4},      {"lpddr5", "lpddr5-6400", 1},
    {"lpddr5", "lpddr5x-8533", 2}, {"lpddr6", "lpddr6-10667", 1}, {"lpddr6", "lpddr6-10667", 2},
    {"gddr6", "gddr6-14000", 1},   {"gddr7", "gddr7-28000", 1},
};
inline constexpr std::string_view kCheckedStandards[] = {"ddr4",   "ddr5",   "hbm2",  "hbm3", "hbm4",
                                                         "lpddr5", "lpddr6", "gddr6", "gddr7"};
inline constexpr std::string_view kCheckedPatterns[] = {"stream",    "random",          "mixed",      "turnaround",
                                                        "ping_pong", "ping_pong_write", "idle_bursts"};
inline constexpr PagePolicy kPagePolicies[] = {PagePolicy::open, PagePolicy::closed, PagePolicy::adaptive};

/// Whether `standards`, names with blanks between them, has this one.
inline bool is_among(std::string_view standard, std::string_view standards) {
  return (" " + std::string(standards) + " ").find(" " + std::string(standard) + " ") != std::string::npos;
}

inline std::vector<DramDevice> checked_devices(std::string_view standard) {
  std::vector<DramDevice> devices;
  for (const CheckedPart& row : kCheckedParts) {
    if (row.standard != standard) continue;
    DeviceOptions options;
    options.ranks = row.ranks;
    devices.push_back(catalog_device(row.part, options));
  }
  return devices;
}

inline std::vector<RefreshMode> refresh_modes(const DramDevice& device) {
  std::vector<RefreshMode> modes{RefreshMode::none};
  for (const auto& row : EnumNames<RefreshMode>::kRows) {
    if (device.refresh[static_cast<std::size_t>(row.value)]) modes.push_back(row.value);
  }
  return modes;
}

/// What the checker asks of a controller with those settings: the debt that the standard allows, or that of a
/// controller that postpones more, where one refresh of each rank may be in hand.
inline CheckerOptions checker_options(const DramDevice& device, const ControllerSettings& settings) {
  CheckerOptions options;
  options.rising_edge = 1;
  options.refresh.mode = settings.refresh;
  options.refresh.postponed = settings.postponed + 1;
  if (const auto& refresh = device.refresh[static_cast<std::size_t>(settings.refresh)]) {
    options.refresh.interval =
        static_cast<std::int64_t>(std::floor(refresh->interval * settings.refresh_interval_factor));
    options.refresh.postponed = std::max(options.refresh.postponed, refresh->postponed);
  }
  return options;
}

/// Passes commands on to a checker, and counts them.
class CheckingSink : public CommandSink {
 public:
  CheckingSink(const DramDevice& device, const CheckerOptions& options) : checker(device, options) {}
  void issued(const IssuedCommand& command) override {
    ++commands;
    checker.issued(command);
  }
  CommandChecker checker;
  std::int64_t commands = 0;
};

inline std::string violations_of(const CommandChecker& checker) {
  std::string text;
  for (const RuleReport& report : checker.reports()) {
    if (report.violations > 0) text += fmt::format("{} x {}: {}\n", report.violations, report.rule, report.first);
  }
  return text;
}

}  // namespace orrery
