#pragma once

#include <array>
#include <string>
#include <string_view>

#include "orrery/base/quantity.h"
#include "orrery/base/result.h"

namespace orrery {

/// Exponents of (second, byte, FLOP, joule, dollar, token, gram of CO2, ampere), for code that meets
/// quantities at run time: the reader, the writer, the schema.
using Dimension = std::array<int, 8>;

template <int... Exponents>
constexpr Dimension dimension_of(const Quantity<Exponents...>&) {
  return {Exponents...};
}

/// Reads "3.35 TB/s", "80 GiB", "$2.10/h", "12 ms" into SI.
/// Fails, with the reason and a hint in the text, on a bare number, an unknown or ambiguous unit
/// ("G"), another dimension than the expected one, or a number that is not finite.
struct UnitError {
  enum class Kind { not_a_number, missing_unit, unknown_unit, wrong_dimension };
  Kind kind;
  std::string message;
  std::string hint;
};
std::expected<double, UnitError> parse_quantity(std::string_view text, const Dimension& expected);

/// Prints an SI value with the unit that people use for that dimension and three to six
/// significant digits: 3.35e12 B/s is "3.35 TB/s". parse_quantity reads it back.
std::string format_quantity(double si, const Dimension& dimension, int digits = 6);

template <int... Exponents>
std::string to_text(Quantity<Exponents...> q, int digits = 6) {
  return format_quantity(q.si(), Dimension{Exponents...}, digits);
}

/// "TB/s" for bytes per second: shown in messages and in the reference as what is expected.
std::string example_unit(const Dimension& dimension);

/// Reads a whole decimal number, sign and exponent allowed ("1e3", "-2.5"); no hex, no octal.
/// Underscores are not accepted. Fails on anything else, on overflow and on nan or inf.
Result<double> parse_number(std::string_view text);
/// Reads a whole decimal integer; "010" is ten. Fails on fractions and on overflow.
Result<long long> parse_integer(std::string_view text);
/// The same from 0 to 2^64 - 1; a minus sign is refused.
Result<unsigned long long> parse_unsigned(std::string_view text);

}  // namespace orrery
