#include "orrery/calibration/measurement_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/file.h"
#include "orrery/base/gzip.h"

namespace orrery {
namespace {

constexpr std::size_t kMostTableBytes = std::size_t{2} << 30;

/// The next line of `rest` without its end.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Calls `take(cell)` for each cell of a line. Commas inside quotes do not separate.
template <class Take>
void split(std::string_view line, Take take) {
  std::size_t begin = 0;
  while (true) {
    std::size_t end = begin;
    if (begin < line.size() && line[begin] == '"') {
      ++end;
      while (end < line.size() && (line[end] != '"' || (end + 1 < line.size() && line[end + 1] == '"'))) {
        end += line[end] == '"' ? 2 : 1;
      }
    }
    end = line.find(',', std::min(end, line.size()));
    if (end == std::string_view::npos) {
      take(line.substr(begin));
      return;
    }
    take(line.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::string_view unquoted(std::string_view cell) {
  if (cell.size() < 2 || cell.front() != '"' || cell.back() != '"') return cell;
  return cell.substr(1, cell.size() - 2);
}

}  // namespace

std::string to_text(const RowProblem& problem) {
  return problem.line == 0 ? fmt::format("{}: {}", problem.file, problem.reason)
                           : fmt::format("{}:{}: {}", problem.file, problem.line, problem.reason);
}

std::string_view MeasurementTable::cell(std::size_t row, std::size_t column) const {
  return unquoted(cells_[row * columns_.size() + column]);
}

std::string MeasurementTable::row_text(std::size_t row) const {
  std::string text;
  for (std::size_t column = 0; column < columns_.size(); ++column) {
    if (column > 0) text += ',';
    text += cells_[row * columns_.size() + column];
  }
  return text;
}

std::optional<std::size_t> MeasurementTable::find_column(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

Result<MeasurementTable> parse_measurement_table(std::string path, std::string text,
                                                 std::vector<RowProblem>& problems) {
  MeasurementTable table;
  table.path_ = std::move(path);
  table.text_ = std::make_shared<const std::string>(std::move(text));
  std::string_view rest = *table.text_;
  if (rest.starts_with("\xef\xbb\xbf")) rest.remove_prefix(3);
  const std::string_view header = take_line(rest);
  if (header.empty()) return failure("it has no header line");
  split(header, [&](std::string_view cell) { table.columns_.emplace_back(unquoted(cell)); });
  for (auto column = table.columns_.begin(); column != table.columns_.end(); ++column) {
    if (std::find(table.columns_.begin(), column, *column) != column) {
      return failure(fmt::format("the column '{}' stands twice in its header", *column));
    }
  }
  table.cells_.reserve(static_cast<std::size_t>(std::count(rest.begin(), rest.end(), ',')) + 1);
  const std::size_t columns = table.columns_.size();
  for (int line = 2; !rest.empty(); ++line) {
    const std::string_view row = take_line(rest);
    if (row.empty()) continue;
    std::size_t width = 0;
    split(row, [&](std::string_view cell) {
      if (width++ < columns) table.cells_.push_back(cell);
    });
    if (width != columns) {
      table.cells_.resize(table.cells_.size() + (columns - std::min(width, columns)));
      problems.push_back({table.path_, line, fmt::format("{} cells where the header has {}", width, columns)});
    }
    table.widths_.push_back(width);
    table.lines_.push_back(line);
  }
  return table;
}

Result<MeasurementTable> read_measurement_table(const std::string& path, std::vector<RowProblem>& problems) {
  auto content = read_unpacked_file(path, kMostTableBytes);
  if (!content) return failure(content.error());
  return parse_measurement_table(path, std::move(*content), problems);
}

}  // namespace orrery
