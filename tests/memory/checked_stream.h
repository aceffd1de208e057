#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "example_devices.h"
#include "orrery/memory/checker.h"

namespace orrery {

using Stream = std::vector<IssuedCommand>;

inline CommandChecker checked(const DramDevice& device, const Stream& stream, const CheckerOptions& options = {}) {
  CommandChecker checker(device, options);
  for (const IssuedCommand& command : stream) checker.issued(command);
  return checker;
}

inline RuleReport report_of(const CommandChecker& checker, std::string_view rule) {
  for (const RuleReport& report : checker.reports()) {
    if (report.rule == rule) return report;
  }
  ADD_FAILURE() << "no rule " << rule;
  return {};
}

/// The rules that were broken, in one line.
inline std::string broken(const CommandChecker& checker) {
  std::string names;
  for (const RuleReport& report : checker.reports()) {
    if (report.violations == 0) continue;
    if (!names.empty()) names += ", ";
    names += report.rule;
  }
  return names;
}

/// Every first violation, a line each.
inline std::string sentences(const CommandChecker& checker) {
  std::string text;
  for (const RuleReport& report : checker.reports()) {
    if (report.violations > 0) text += report.rule + ": " + report.first + "\n";
  }
  return text;
}

}  // namespace orrery
