#include "orrery/base/trace_problems.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace orrery {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> report(const TraceProblems& problems) {
  Diagnostics diagnostics;
  problems.report(std::make_shared<SourceText>("trace", "a row"),
                  {.many_rows = "leave them out", .backwards = "sort them"}, diagnostics);
  std::vector<std::string> lines;
  for (const Diagnostic& d : diagnostics.sorted()) {
    lines.push_back(std::to_string(d.place.line) + ":" + std::to_string(d.place.column) + "+" +
                    std::to_string(d.place.length) + " " + d.code + ": " + d.message +
                    (d.hint.empty() ? "" : " (" + d.hint + ")"));
  }
  return lines;
}

TEST(TraceProblems, AreNoneUntilOneIsFound) {
  TraceProblems problems;
  EXPECT_FALSE(problems.any());
  EXPECT_THAT(report(problems), IsEmpty());
  problems.reject({1, 1, 1}, "bad");
  EXPECT_TRUE(problems.any());
}

TEST(TraceProblems, TheFirstTwentyBadRowsAreShownAndTheOthersCountedFromTheirFirst) {
  TraceProblems problems;
  for (int row = 1; row <= 21; ++row) problems.reject({row, 3, 2}, "bad");
  auto lines = report(problems);
  ASSERT_EQ(lines.size(), 21U);
  EXPECT_EQ(lines[19], "20:3+2 invalid-trace-row: bad");
  EXPECT_EQ(lines[20], "21:3+2 invalid-trace-row: 1 more row cannot be read (leave them out)");
  for (int row = 22; row <= 40; ++row) problems.reject({row, 3, 2}, "bad");
  lines = report(problems);
  ASSERT_EQ(lines.size(), 21U);
  EXPECT_EQ(lines[20], "21:3+2 invalid-trace-row: 20 more rows cannot be read, from here on (leave them out)");
}

TEST(TraceProblems, TheFirstRowThatGoesBackwardsStandsForAll) {
  TraceProblems problems;
  problems.reject_order({4, 1, 5}, "4 lies before 9");
  EXPECT_THAT(report(problems), ElementsAre("4:1+5 unsorted-trace: 4 lies before 9 (sort them)"));
  problems.reject_order({5, 1, 5}, "5 lies before 9");
  EXPECT_THAT(report(problems),
              ElementsAre("4:1+5 unsorted-trace: 4 lies before 9; 1 more row goes backwards (sort them)"));
  problems.reject_order({6, 1, 5}, "6 lies before 9");
  EXPECT_THAT(report(problems),
              ElementsAre("4:1+5 unsorted-trace: 4 lies before 9; 2 more rows go backwards (sort them)"));
}

TEST(TraceProblems, WhatIsWrongWithTheWholeIsAllThatIsSaid) {
  TraceProblems problems;
  problems.reject({1, 1, 1}, "bad");
  problems.fail("unknown-trace-format", {2, 1, 3}, "no format", "name it");
  EXPECT_THAT(report(problems), ElementsAre("2:1+3 unknown-trace-format: no format (name it)"));
}

TEST(TraceProblems, AnEmptyPartIsShownAsOneColumnAndPlacesBeyondAnIntAreTheLast) {
  TraceProblems problems;
  problems.reject({std::int64_t{1} << 40, std::int64_t{1} << 41, 0}, "bad");
  EXPECT_THAT(report(problems), ElementsAre("2147483647:2147483647+1 invalid-trace-row: bad"));
}

TEST(QuotedText, CutsLongTextsAfterAWholeCharacter) {
  const std::string longest(40, 'a');
  EXPECT_EQ(quoted_text(longest), "'" + longest + "'");
  EXPECT_EQ(quoted_text(longest + "a"), "'" + longest + "...'");
  EXPECT_EQ(quoted_text(std::string(39, 'a') + "\xc3\xa9" + "b"), "'" + std::string(39, 'a') + "...'");
}

}  // namespace
}  // namespace orrery
