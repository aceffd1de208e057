#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "orrery/scenario/trace_rows.h"

namespace orrery {
namespace {

constexpr std::size_t kColumns = 3;  // time, input, output

/// Takes the next field off a row, without its quotes and the blanks around it.
/// Doubled quotes inside stay doubled: no number and no name that we look for holds any.
struct FieldReader {
  std::string_view rest;
  bool at_end = false;
  bool bad_quote = false;

  std::string_view next() {
    std::size_t comma = 0;
    std::string_view field;
    const std::string_view ahead = trim_blanks(rest);
    if (ahead.starts_with('"')) {
      std::size_t close = 1;
      for (; close < ahead.size(); ++close) {
        if (ahead[close] != '"') continue;
        if (close + 1 == ahead.size() || ahead[close + 1] != '"') break;
        ++close;
      }
      bad_quote = close >= ahead.size();
      if (bad_quote) {
        at_end = true;
        return ahead;
      }
      field = ahead.substr(1, close - 1);
      const auto offset = static_cast<std::size_t>(ahead.data() - rest.data());
      const std::string_view behind = ahead.substr(close + 1);
      comma = behind.find(',');
      bad_quote = !trim_blanks(behind.substr(0, comma)).empty();
      if (comma != std::string_view::npos) comma += offset + close + 1;
    } else {
      comma = 0;
      while (comma < rest.size() && rest[comma] != ',') ++comma;
      field = trim_blanks(rest.substr(0, comma));
      if (comma == rest.size()) comma = std::string_view::npos;
    }
    at_end = comma == std::string_view::npos;
    if (!at_end) rest.remove_prefix(comma + 1);
    return field;
  }
};

/// Where the columns stand, counted from 0, and how many there are.
struct Layout {
  std::array<std::size_t, kColumns> position{};
  std::size_t count = 0;
};

std::optional<Layout> read_header(std::string_view line, const CsvFormat& format, TraceBuilder& builder) {
  const std::vector<std::string_view> names = csv_names(line);
  const std::array<std::string_view, kColumns> wanted = {format.time, format.input, format.output};
  Layout layout;
  layout.count = names.size();
  for (std::size_t i = 0; i < kColumns; ++i) {
    const auto found = std::find(names.begin(), names.end(), wanted[i]);
    if (found == names.end()) {
      builder.fail("unknown-trace-format", line,
                   fmt::format("the header has no column '{}', which {} needs", wanted[i], enum_name(format.format)),
                   fmt::format("the first line names the columns: {}, {}, {}", wanted[0], wanted[1], wanted[2]));
      return std::nullopt;
    }
    const auto again = std::find(found + 1, names.end(), wanted[i]);
    if (again != names.end()) {
      builder.fail("unknown-trace-format", *again, fmt::format("the header names '{}' twice", wanted[i]), {});
      return std::nullopt;
    }
    layout.position[i] = static_cast<std::size_t>(found - names.begin());
  }
  return layout;
}

/// Splits a row into the fields of the three columns; reports a row of another shape.
bool split_row(std::string_view line, const Layout& layout, std::array<std::string_view, kColumns>& fields,
               TraceBuilder& builder) {
  FieldReader reader{line};
  std::size_t column = 0;
  while (!reader.at_end) {
    const std::string_view field = reader.next();
    if (reader.bad_quote) {
      builder.reject(field, "the quotes of this field do not close at its end");
      return false;
    }
    for (std::size_t i = 0; i < kColumns; ++i) {
      if (column == layout.position[i]) fields[i] = field;
    }
    ++column;
  }
  if (column == layout.count) return true;
  builder.reject(line, fmt::format("the row has {} fields, the header {}", column, layout.count));
  return false;
}

}  // namespace

std::vector<std::string_view> csv_names(std::string_view line) {
  std::vector<std::string_view> names;
  FieldReader reader{line};
  while (!reader.at_end) names.push_back(reader.next());
  return names;
}

void read_csv_rows(TraceLines& lines, const CsvFormat& format, TraceBuilder& builder) {
  const auto layout = read_header(lines.line(), format, builder);
  if (!layout) return;
  if (format.from_first) builder.count_from_first();
  std::array<std::string_view, kColumns> fields;
  while (!builder.is_full() && lines.next()) {
    if (!split_row(lines.line(), *layout, fields, builder)) continue;
    TraceTime time;
    std::int32_t input = 0;
    std::int32_t output = 0;
    const auto good = [&](std::string_view field, std::string problem) {
      if (problem.empty()) return true;
      builder.reject(field, std::move(problem));
      return false;
    };
    if (good(fields[0], format.read_time(fields[0], time)) && good(fields[1], read_tokens(fields[1], input)) &&
        good(fields[2], read_tokens(fields[2], output))) {
      builder.add(time, fields[0], input, output);
    }
  }
}

const CsvFormat& plain_csv_format() {
  static constexpr CsvFormat kFormat = {TraceFormat::csv, "arrival_s",  "input_tokens",
                                        "output_tokens",  read_seconds, false};
  return kFormat;
}

}  // namespace orrery
