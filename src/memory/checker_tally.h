#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orrery {

/// What became of one rule over a run. A rule that was never at slack 0 has not been tried to its limit.
struct RuleReport {
  std::string rule;                 ///< the timing, as in tRCDrd, or what is asked, as in row-open
  std::int64_t evaluated = 0;       ///< times that it applied
  std::int64_t violations = 0;      ///< of those
  std::int64_t smallest_slack = 0;  ///< ticks to spare, negative where violated; pre: evaluated > 0
  std::int64_t first_tick = 0;      ///< of the first violation, as all that follows
  std::int64_t first_previous_tick = 0;
  std::int64_t first_required = 0;  ///< least distance in ticks
  std::string first;                ///< in a sentence; empty where there is none
};

/// Counts per rule; a rule is known by the index that add() gave it.
class RuleTally {
 public:
  /// The index of a rule, which is new or has this name already.
  int add(std::string_view name) {
    for (std::size_t i = 0; i < reports_.size(); ++i) {
      if (reports_[i].rule == name) return static_cast<int>(i);
    }
    RuleReport report;
    report.rule = name;
    report.smallest_slack = std::numeric_limits<std::int64_t>::max();
    reports_.push_back(std::move(report));
    return static_cast<int>(reports_.size()) - 1;
  }

  /// True when this is the first violation of the rule: then explain() is due.
  bool evaluate(int rule, std::int64_t slack) {
    RuleReport& report = reports_[static_cast<std::size_t>(rule)];
    ++report.evaluated;
    report.smallest_slack = std::min(report.smallest_slack, slack);
    return slack < 0 && ++report.violations == 1;
  }

  void explain(int rule, std::int64_t tick, std::int64_t previous_tick, std::int64_t required, std::string sentence) {
    RuleReport& report = reports_[static_cast<std::size_t>(rule)];
    report.first_tick = tick;
    report.first_previous_tick = previous_tick;
    report.first_required = required;
    report.first = std::move(sentence);
  }

  /// In the order of add().
  const std::vector<RuleReport>& reports() const { return reports_; }

  std::int64_t violations() const {
    std::int64_t sum = 0;
    for (const RuleReport& report : reports_) sum += report.violations;
    return sum;
  }

 private:
  std::vector<RuleReport> reports_;
};

}  // namespace orrery
