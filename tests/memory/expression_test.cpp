#include "orrery/memory/expression.h"

#include <gmock/gmock.h>

#include <vector>

namespace orrery {
namespace {

const std::vector<std::pair<std::string, std::int64_t>> kNames = {{"nBL", 4},  {"CCD_S", 6},    {"CL", 16},
                                                                  {"CWL", 12}, {"REFI", 9'375}, {"zero", 0}};

std::int64_t value(const std::string& expression) {
  const auto result = evaluate(expression, kNames);
  EXPECT_TRUE(result) << expression << ": " << (result ? "" : result.error());
  return result.value_or(-1);
}
std::string problem(const std::string& expression) {
  const auto result = evaluate(expression, kNames);
  EXPECT_FALSE(result) << expression;
  return result ? "" : result.error();
}

TEST(Expression, KnowsTheFourOperationsAndParentheses) {
  EXPECT_EQ(value("CL"), 16);
  EXPECT_EQ(value("CL + nBL * 2 - CWL"), 12);
  EXPECT_EQ(value("(CL + nBL) * 2"), 40);
  EXPECT_EQ(value("-CL + 20"), 4);
}

TEST(Expression, KnowsTheSmallestAndTheLargest) {
  EXPECT_EQ(value("max(nBL, CCD_S)"), 6);
  EXPECT_EQ(value("min(nBL, CCD_S, 2)"), 2);
  EXPECT_EQ(value("max(1, CWL + nBL - CL)"), 1);
}

TEST(Expression, RoundsAQuotientUp) {
  EXPECT_EQ(value("REFI / 2"), 4'688);
  EXPECT_EQ(value("REFI / 2 / 4"), 1'172);
  EXPECT_EQ(value("REFI / 5"), 1'875);
  EXPECT_EQ(value("-3 / 2"), -1);
}

TEST(Expression, RoundsOnceAtTheEnd) { EXPECT_EQ(value("nBL / 8 + nBL / 8"), 1); }

TEST(Expression, NamesWhatItDoesNotKnowAndTheNearestName) {
  EXPECT_EQ(problem("CCDS + 1"), "'CCDS' is not a timing of the standard; did you mean 'CCD_S'?");
  EXPECT_THAT(problem("wholly_else"), testing::StartsWith("'wholly_else' is not a timing of the standard"));
}

TEST(Expression, RefusesWhatIsNoExpression) {
  for (const char* text : {"", "CL +", "(CL", "CL)", "CL CWL", "max(", "max()", "* 3", "CL = 5", "\"CL\""}) {
    EXPECT_NE(problem(text), "") << text;
  }
}

TEST(Expression, RefusesWhatIsNoNumberOfClocks) {
  EXPECT_EQ(problem("CL / zero"), "its value is not a number of clocks");
  EXPECT_EQ(problem("zero / zero"), "its value is not a number of clocks");
  EXPECT_EQ(problem("REFI * REFI * REFI"), "its value is not a number of clocks");
}

}  // namespace
}  // namespace orrery
