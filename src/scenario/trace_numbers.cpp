#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "orrery/scenario/trace_rows.h"

namespace orrery {
namespace {

constexpr int kPicosecondDigits = 12;
constexpr std::int64_t kPicoseconds = 1'000'000'000'000;  // of one second
constexpr std::size_t kMostDigits = 18;                   // whole numbers of so many digits fit in 64 bits

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads the digits at the front; -1 where there are none or too many.
std::int64_t take_digits(std::string_view& text) {
  std::size_t count = 0;
  std::int64_t value = 0;
  while (count < text.size() && is_digit(text[count])) {
    if (count == kMostDigits) return -1;
    value = value * 10 + (text[count++] - '0');
  }
  text.remove_prefix(count);
  return count == 0 ? -1 : value;
}

/// Reads the digits behind a decimal point as a multiple of 10^-digits, rounded to the nearest;
/// -1 where there are none.
std::int64_t take_fraction(std::string_view& text, int digits) {
  std::int64_t value = 0;
  std::size_t count = 0;
  for (; count < text.size() && is_digit(text[count]); ++count) {
    const int digit = text[count] - '0';
    if (static_cast<int>(count) < digits) {
      value = value * 10 + digit;
    } else if (static_cast<int>(count) == digits && digit >= 5) {
      ++value;
    }
  }
  for (std::size_t i = count; static_cast<int>(i) < digits; ++i) value *= 10;
  text.remove_prefix(count);
  return count == 0 ? -1 : value;
}

struct Decimal {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;  // in units of 10^-digits, up to and with 10^digits
};

/// A number that is not negative, exact unless it has an exponent.
std::string read_decimal(std::string_view text, int digits, Decimal& value) {
  const std::string_view all = text;
  value.whole = take_digits(text);
  if (value.whole >= 0 && text.empty()) return {};
  if (value.whole >= 0 && text.front() == '.') {
    text.remove_prefix(1);
    value.fraction = take_fraction(text, digits);
    if (value.fraction >= 0 && text.empty()) return {};
  }
  double number = 0;
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), number);
  if (all.empty()) return "a number is missing";
  if ((error != std::errc{} && error != std::errc::result_out_of_range) || end != all.data() + all.size() ||
      std::isnan(number)) {
    return fmt::format("{} is not a number", quoted_text(all));
  }
  if (std::signbit(number)) return fmt::format("{} is negative", quoted_text(all));
  if (error != std::errc{} || !(number < 1e18)) return fmt::format("{} is out of range", quoted_text(all));
  value.whole = static_cast<std::int64_t>(number);
  value.fraction = std::llround((number - std::floor(number)) * std::pow(10.0, digits));
  return {};
}

/// Moves a fraction that was rounded up to a whole second over.
void carry(TraceTime& time) {
  time.seconds += time.picoseconds / kPicoseconds;
  time.picoseconds %= kPicoseconds;
}

}  // namespace

std::string read_tokens(std::string_view text, std::int32_t& value) {
  std::string_view rest = text;
  while (rest.size() > 1 && rest.front() == '0') rest.remove_prefix(1);
  const std::int64_t count = take_digits(rest);
  if (rest.empty() && count >= 1 && count <= kMostTraceTokens) {
    value = static_cast<std::int32_t>(count);
    return {};
  }
  if (text.empty()) return "a token count is missing";
  const auto all_digits = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_digit);
  };
  if (count == 0 && rest.empty()) return fmt::format("{} is below one token", quoted_text(text));
  if (all_digits(text)) return fmt::format("{} is more than {} tokens", quoted_text(text), kMostTraceTokens);
  if (text.front() == '-' && all_digits(text.substr(1))) return fmt::format("{} is below one token", quoted_text(text));
  return fmt::format("{} is not a whole number", quoted_text(text));
}

std::string read_seconds(std::string_view text, TraceTime& value) {
  Decimal decimal;
  std::string problem = read_decimal(text, kPicosecondDigits, decimal);
  value = {decimal.whole, decimal.fraction};
  carry(value);
  return problem;
}

std::string read_milliseconds(std::string_view text, TraceTime& value) {
  Decimal decimal;
  std::string problem = read_decimal(text, kPicosecondDigits - 3, decimal);
  value = {decimal.whole / 1000, decimal.whole % 1000 * (kPicoseconds / 1000) + decimal.fraction};
  carry(value);
  return problem;
}

std::string read_nanoseconds(std::string_view text, TraceTime& value) {
  constexpr std::int64_t kNanoseconds = 1'000'000'000;  // of one second
  Decimal decimal;
  std::string problem = read_decimal(text, kPicosecondDigits - 9, decimal);
  value = {decimal.whole / kNanoseconds,
           decimal.whole % kNanoseconds * (kPicoseconds / kNanoseconds) + decimal.fraction};
  carry(value);
  return problem;
}

}  // namespace orrery
