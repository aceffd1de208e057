#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "orrery/calibration/chip_table.h"
#include "orrery/calibration/measurement_table.h"
#include "orrery/operators/operator_form.h"

namespace orrery {

/// One row of a table as a form sees it. A row that holds several times has one part for each.
struct RowShape {
  const ChipFacts* chip = nullptr;
  Shape shape{};
  std::vector<std::string> families;  ///< one for each of the form's measured columns
};

/// Reads rows of a table for one form.
class RowReader {
 public:
  /// Fails when a column that the form needs is missing. Pre: all outlive the reader.
  static Result<RowReader> make(const OperatorForm& form, const MeasurementTable& table, const ChipTable& chips);
  /// Fails, with the reason, when the form cannot speak of the row.
  Result<RowShape> read(std::size_t row) const;

 private:
  RowReader(const OperatorForm& form, const MeasurementTable& table, const ChipTable& chips)
      : form_(form), table_(table), chips_(chips) {}

  const OperatorForm& form_;
  const MeasurementTable& table_;
  const ChipTable& chips_;
  std::size_t gpu_column_ = 0;
  std::vector<std::size_t> shape_columns_;
  std::vector<std::size_t> family_columns_;  ///< kPhase: the measured column itself
};

/// One measured time.
struct MeasuredPoint {
  Shape shape{};
  double measured_us = 0;
  bool cold = true;       ///< see OperatorForm::is_cold
  bool unseen = false;    ///< belongs to the fifth that own fits never see
  std::uint64_t key = 0;  ///< hash of everything that the row says but its times
};

/// The points of one chip and one family.
struct PointGroup {
  std::string family;
  const ChipFacts* chip = nullptr;
  std::string software;  ///< "vllm 0.24.0"
  std::vector<MeasuredPoint> points;
};

/// The points of one form.
struct PointSet {
  const OperatorForm* form = nullptr;
  std::string file;
  std::vector<PointGroup> groups;  ///< by family, then chip, in the order of the file
  std::size_t rows = 0;
  std::size_t suspect = 0;     ///< rows that the data itself calls suspect: left out
  std::size_t duplicates = 0;  ///< repeats of a row: merged into their median
};

/// Reads DATA_FOLDER/KIND.csv.gz or KIND.csv. Rows that cannot be used go to `problems`.
Result<PointSet> read_points(const OperatorForm& form, const std::string& folder, const ChipTable& chips,
                             std::vector<RowProblem>& problems);
Result<PointSet> points_of(const OperatorForm& form, const MeasurementTable& table, const ChipTable& chips,
                           std::vector<RowProblem>& problems);

/// At most `most` points, chosen by their key: the same ones each time.
std::vector<MeasuredPoint> sample_points(std::vector<MeasuredPoint> points, std::size_t most);

}  // namespace orrery
