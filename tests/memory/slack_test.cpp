#include <map>

#include "trials.h"

// A rule that is never at slack 0 has not been tried to its limit.
namespace orrery {
namespace {

class Slack : public testing::TestWithParam<std::string_view> {};
INSTANTIATE_TEST_SUITE_P(All, Slack, testing::ValuesIn(kCheckedStandards),
                         [](const auto& info) { return std::string(info.param); });

using SmallestSlack = std::map<std::string, std::int64_t>;

void note(const CommandChecker& checker, SmallestSlack& smallest) {
  for (const RuleReport& report : checker.reports()) {
    const auto [place, is_new] = smallest.try_emplace(report.rule, report.smallest_slack);
    place->second = std::min(place->second, report.smallest_slack);
  }
}

TEST_P(Slack, EveryRuleIsTriedToItsLimit) {
  SmallestSlack smallest;
  for (const DramDevice& device : checked_devices(GetParam())) {
    for (const Trial& trial : trials_of(device, 400)) {
      CheckingSink sink(device, checker_options(device, trial.settings));
      const UnitActivity activity = activity_of(trial, device, 1'000, &sink);
      sink.checker.finish(activity.end_tick);
      note(sink.checker, smallest);
      EXPECT_EQ(sink.checker.violations(), 0) << device.part << " " << device.ranks << "\n"
                                              << violations_of(sink.checker);
    }
  }
  std::string above_zero;
  for (const auto& [rule, slack] : smallest) {
    if (slack > 0) above_zero += fmt::format("{} {}, ", rule, slack > 1'000'000 ? -1 : slack);
  }
  EXPECT_EQ(above_zero, "");
}

}  // namespace
}  // namespace orrery
