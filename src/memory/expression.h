#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "orrery/base/result.h"

namespace orrery {

/// Numbers by the names that an expression may use.
using ExpressionNames = std::span<const std::pair<std::string, std::int64_t>>;

/// The value of an expression over whole numbers, such as max(nBL, CCD_S) + 2: + - * / ( ) min max, rounded up
/// to a whole number where a quotient is not one.
/// Fails, with what is wrong and where in the text, on a name that is not given, on other syntax, and on a value
/// that is not finite or beyond 10^9.
Result<std::int64_t> evaluate(const std::string& expression, ExpressionNames names);

}  // namespace orrery
