#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/base/result.h"

namespace orrery {

/// What is wrong with one row of a file, or with the file when the line is 0.
struct RowProblem {
  std::string file;
  int line = 0;
  std::string reason;
};
/// "file:line: reason"
std::string to_text(const RowProblem& problem);

/// A CSV file with named columns; every cell stays text, so that what we do not understand is carried
/// through unchanged. Copies share the text.
class MeasurementTable {
 public:
  const std::string& path() const { return path_; }
  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t row_count() const { return lines_.size(); }
  /// Line of the file, from 1.
  int line(std::size_t row) const { return lines_[row]; }
  /// Pre: row and column exist. Without the quotes that may stand around it.
  std::string_view cell(std::size_t row, std::size_t column) const;
  /// The row as it stands in the file; cells are added where it was too short and dropped where it was too long.
  std::string row_text(std::size_t row) const;
  std::optional<std::size_t> find_column(std::string_view name) const;
  /// Whether the row has as many cells as there are columns; its missing cells read as empty.
  bool is_whole(std::size_t row) const { return widths_[row] == columns_.size(); }

 private:
  friend Result<MeasurementTable> read_measurement_table(const std::string& path, std::vector<RowProblem>& problems);
  friend Result<MeasurementTable> parse_measurement_table(std::string path, std::string text,
                                                          std::vector<RowProblem>& problems);

  std::string path_;
  std::shared_ptr<const std::string> text_;
  std::vector<std::string> columns_;
  std::vector<std::string_view> cells_;  ///< rows x columns
  std::vector<std::size_t> widths_;
  std::vector<int> lines_;
};

/// Reads a .csv or .csv.gz with a header line. Rows with too few or too many cells are kept and reported.
/// Fails, with the reason, when the file cannot be read, is not gzip after all, has no header line, or
/// names a column twice.
Result<MeasurementTable> read_measurement_table(const std::string& path, std::vector<RowProblem>& problems);

/// The same of a text.
Result<MeasurementTable> parse_measurement_table(std::string path, std::string text, std::vector<RowProblem>& problems);

}  // namespace orrery
