#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orrery/calibration/measurement_table.h"
#include "orrery/estimate/estimator.h"

namespace orrery {

/// One measured run, or one to predict.
struct DeploymentRow {
  Deployment deployment;
  std::optional<double> ttft_ms;
  std::optional<double> tpot_ms;
  bool scoreable = true;  ///< configuration complete, no sign of speculative decoding, no outlier
  std::uint64_t key = 0;  ///< hash of everything about the deployment but its load

  /// Fits see these, judgements are made on the others.
  bool is_for_fitting() const { return key % 2 == 0; }
};

/// Reads rows of a table with the columns of e2e.csv.
class DeploymentReader {
 public:
  /// Fails when a column that every row needs is missing. Pre: all outlive the reader.
  static Result<DeploymentReader> make(const MeasurementTable& table, const ChipTable& chips,
                                       const ServingEstimator& estimator);
  /// Fails, with the reason: unknown names, impossible counts, an unknown format, an incomplete layout.
  Result<DeploymentRow> read(std::size_t row) const;
  /// The text of a cell; empty where the column is missing.
  std::string_view cell(std::size_t row, std::string_view column) const;

 private:
  DeploymentReader(const MeasurementTable& table, const ChipTable& chips, const ServingEstimator& estimator)
      : table_(table), chips_(chips), estimator_(estimator) {}

  const MeasurementTable& table_;
  const ChipTable& chips_;
  const ServingEstimator& estimator_;
};

}  // namespace orrery
