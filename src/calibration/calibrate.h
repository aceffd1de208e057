#pragma once

#include <string>
#include <vector>

#include "orrery/calibration/family_fit.h"
#include "orrery/chip/calibration_record.h"

namespace orrery {

/// Where measurements come from and when they were fitted, for the entries that a fit writes.
struct CalibrationOrigin {
  std::string data;  ///< title of the data set
  std::string publisher;
  std::string date_of_data;
  std::string date;  ///< of the fit, YYYY-MM-DD
};

/// Builds the entries of a catalog from fits, operator by operator: one for each measured chip, one for each
/// class, and one for each class without each chip, so that a prediction can do as if it had not been measured.
class CalibrationBuilder {
 public:
  explicit CalibrationBuilder(CalibrationOrigin origin) : origin_(std::move(origin)) {}
  void add(const PointSet& set, const FamilyFit& fit);
  /// Sorted by id. Points of one chip alone make no priors: they would speak of that chip, and not of a class.
  std::vector<CalibrationRecord> take();

 private:
  CalibrationRecord& record(const std::string& id, const std::string& name);
  void add_family(CalibrationRecord& record, const FamilyFit& fit, FamilyCalibration family, const Constants& constants,
                  const ErrorBand& band);
  void add_priors(const PointSet& set, const FamilyFit& fit, const ClassPriors& priors, const ErrorBand& band,
                  const ChipFit* without);

  CalibrationOrigin origin_;
  std::vector<CalibrationRecord> records_;
};

}  // namespace orrery
