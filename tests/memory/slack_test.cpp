#include <map>
#include <set>

#include "trials.h"

// A rule that is never at slack 0 has not been tried to its limit.
namespace orrery {
namespace {

class Slack : public testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(All, Slack, testing::ValuesIn(kCheckedStandards),
                         [](const auto& info) { return std::string(info.param); });

struct NeverTight {
  std::string_view standards;
  std::string_view rule;
  std::string_view why;
};
/// What no run brings to its limit. The list is exact: what joins it, and what leaves it, is noticed.
constexpr NeverTight kNeverTight[] = {
    {"hbm3 hbm4", "tRCDrd",
     "ACT of 3 ticks to a column command of 2 is an odd distance, and both start on rising edges"},
    {"hbm3 hbm4", "tRCDwr", "as tRCDrd"},
    {"gddr6", "tFAW", "29 clocks hold four times tRRD of 8 only with 3 to spare"},
    {"gddr6", "tRC", "one clock less than tRAS + tRP, by rounding"},
    {"hbm3 hbm4 lpddr5 lpddr6 gddr7", "tRFMab", "the engine manages one bank at a time where the device can"},
    {"lpddr6", "tRAS", "shorter than tRCDrd + tRTP, and than what a write takes"},
    {"lpddr5 lpddr6", "tWTR_S", "the data clock has stopped by then, and is started for a read that could issue"},
    {"lpddr6", "tWR", "the catalog counts the write as BL/n_max, the checker as its burst: always 6 clocks to spare"},
};
/// Not distances between commands: deadlines with a wide margin, and an order.
const std::set<std::string> kNoDistance = {"refresh-late", "refresh-count", "tick-order"};
std::set<std::string> never_tight(std::string_view standard) {
  std::set<std::string> rules;
  for (const NeverTight& row : kNeverTight) {
    if (is_among(standard, row.standards)) rules.emplace(row.rule);
  }
  return rules;
}

TEST_P(Slack, EveryRuleIsTriedToItsLimit) {
  std::map<std::string, std::int64_t> smallest;
  for (const DramDevice& device : checked_devices(GetParam())) {
    for (const Trial& trial : trials_of(device, 400)) {
      CheckingSink sink(device, checker_options(device, trial.settings));
      const UnitActivity activity = activity_of(trial, device, 1'000, &sink);
      sink.checker.finish(activity.end_tick);
      for (const RuleReport& report : sink.checker.reports()) {
        const auto [place, is_new] = smallest.try_emplace(report.rule, report.smallest_slack);
        place->second = std::min(place->second, report.smallest_slack);
      }
    }
  }
  std::set<std::string> above_zero;
  for (const auto& [rule, slack] : smallest) {
    if (slack > 0 && !kNoDistance.contains(rule)) above_zero.insert(rule);
  }
  EXPECT_EQ(above_zero, never_tight(GetParam()));
}

}  // namespace
}  // namespace orrery
