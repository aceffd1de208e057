#include "orrery/memory/expression.h"

#include <fmt/format.h>
#include <muParser.h>

#include <cmath>
#include <vector>

#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

constexpr double kLargest = 1e9;

std::string problem_text(const mu::ParserError& error, ExpressionNames names) {
  if (error.GetCode() != mu::ecUNASSIGNABLE_TOKEN) return error.GetMsg();
  std::vector<std::string> known;
  for (const auto& [name, value] : names) known.push_back(name);
  const std::string nearest = did_you_mean(error.GetToken(), known);
  return fmt::format("'{}' is not a timing of the standard{}", error.GetToken(),
                     nearest.empty() ? nearest : "; " + nearest);
}

}  // namespace

Result<std::int64_t> evaluate(const std::string& expression, ExpressionNames names) {
  double value = 0;
  try {
    mu::Parser parser;
    for (const auto& [name, number] : names) parser.DefineConst(name, static_cast<double>(number));
    parser.SetExpr(expression);
    value = parser.Eval();
  } catch (const mu::ParserError& error) {
    return failure(problem_text(error, names));
  }
  if (!std::isfinite(value) || std::abs(value) > kLargest) return failure("its value is not a number of clocks");
  return static_cast<std::int64_t>(std::ceil(value));
}

}  // namespace orrery
