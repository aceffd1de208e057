#include <fmt/format.h>

#include <chrono>

#include "orrery/scenario/trace_rows.h"

namespace orrery {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads a whole number of exactly `width` digits and the character behind it.
bool take_part(std::string_view& text, std::size_t width, char separator, int& value) {
  if (text.size() <= width || text[width] != separator) return false;
  value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (!is_digit(text[i])) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width + 1);
  return true;
}

/// Reads nothing, "Z", "+HH:MM" or "-HH:MM" into seconds.
bool read_offset(std::string_view text, int& offset) {
  offset = 0;
  if (text.empty() || text == "Z") return true;
  const bool east = text.front() == '+';
  if (!east && text.front() != '-') return false;
  text.remove_prefix(1);
  int hours = 0;
  if (text.size() != 5 || !take_part(text, 2, ':', hours) || !is_digit(text[0]) || !is_digit(text[1])) return false;
  const int minutes = (text[0] - '0') * 10 + (text[1] - '0');
  offset = (hours * 60 + minutes) * (east ? 60 : -60);
  return minutes < 60;
}

/// "2023-11-16 18:15:46.6805900", with 'T', 'Z' or an offset such as +01:00 where it has them, or seconds.
std::string read_timestamp(std::string_view text, TraceTime& value) {
  int year = 0;
  if (text.size() < 5 || text[4] != '-') return read_seconds(text, value);
  const std::string_view all = text;
  int month = 0;
  int day = 0;
  int hours = 0;
  int minutes = 0;
  const bool begins = take_part(text, 4, '-', year) && take_part(text, 2, '-', month) &&
                      (take_part(text, 2, ' ', day) || take_part(text, 2, 'T', day)) &&
                      take_part(text, 2, ':', hours) && take_part(text, 2, ':', minutes);
  std::size_t length = 0;
  while (length < text.size() && (is_digit(text[length]) || text[length] == '.')) ++length;
  const std::string_view seconds = text.substr(0, length);
  int offset = 0;
  const bool two_digits = seconds.size() == 2 || (seconds.size() > 3 && seconds[2] == '.');
  if (!begins || !two_digits || !read_seconds(seconds, value).empty() || !read_offset(text.substr(length), offset)) {
    return fmt::format("{} is not a time such as 2023-11-16 18:15:46.6805900", quoted_text(all));
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hours > 23 || minutes > 59 || seconds[0] > '5') {
    return fmt::format("{} is not in the calendar", quoted_text(all));
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  value.seconds += ((days * 24 + hours) * 60 + minutes) * 60 - offset;
  return {};
}

}  // namespace

/// Source: github.com/Azure/AzurePublicDataset, AzureLLMInferenceDataset2023.md and its successors,
/// which add columns.
const CsvFormat& azure_csv_format() {
  static constexpr CsvFormat kFormat = {TraceFormat::azure_csv, "TIMESTAMP",    "ContextTokens",
                                        "GeneratedTokens",      read_timestamp, true};
  return kFormat;
}

}  // namespace orrery
