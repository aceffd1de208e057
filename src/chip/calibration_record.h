#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/chip/chip_record.h"

namespace orrery {

struct CalibrationKind {
  static constexpr std::string_view kName = "calibration";
};

/// Fitted constants of one operator for one family of kernels.
struct FamilyCalibration {
  std::string data;
  std::string software;
  std::vector<Reference<ChipKind>> chips;
  std::int64_t points = 0;
  std::optional<double> median_error;
  std::optional<double> mean_error;
  std::vector<double> band_low;
  std::vector<double> band_high;
  std::vector<Named<Sourced<double>>> constants;
};
constexpr RecordName record_name(const FamilyCalibration*) {
  return {"FamilyCalibration", "Constants of one operator for one family of kernels: a dtype, or a dtype and a kernel"};
}
template <class Visitor>
void visit(Visitor& v, FamilyCalibration& r) {
  v.required("data", r.data, "File that the points came from");
  v.required("software", r.software, "What ran the kernels");
  v.required("chips", r.chips, "Chips whose points were fitted");
  v.required("points", r.points, "How many points the fit could see", in_range(0, 1e9));
  v.optional("median_error", r.median_error,
             "Of |predicted / measured - 1|, on points that the fit did not see; left out where there are none",
             in_range(0, 1e6));
  v.optional("mean_error", r.mean_error, "The same, in the mean", in_range(0, 1e6));
  v.required("band_low", r.band_low,
             "Factors on a prediction above which 90 % lie, where the roofline is less than a third, a third to two "
             "thirds, and more of the prediction");
  v.required("band_high", r.band_high, "The same, below which 90 % lie");
  v.required("constants", r.constants, "By name; their meaning is the form's, see `orrery op`");
}

/// Fitted constants of one operator.
struct OperatorCalibration {
  std::vector<Named<std::string>> units;
  std::vector<Named<FamilyCalibration>> families;
};
constexpr RecordName record_name(const OperatorCalibration*) {
  return {"OperatorCalibration", "Fitted constants of one operator"};
}
template <class Visitor>
void visit(Visitor& v, OperatorCalibration& r) {
  v.required("units", r.units, "Of the constants, by name");
  v.required("families", r.families, "By family of kernels");
}

/// Operator constants of one chip, or of a class for chips that nobody has measured. Written by `orrery fit`.
struct CalibrationRecord {
  EntryHeader header;
  std::optional<Reference<ChipKind>> chip;
  std::optional<MatrixClass> matrix_class;
  std::optional<Reference<ChipKind>> without;
  std::string date;
  std::vector<Named<OperatorCalibration>> operators;
};
constexpr RecordName record_name(const CalibrationRecord*) {
  return {"Calibration", "Operator constants of one chip, or of a class for chips that nobody has measured"};
}
template <class Visitor>
void visit(Visitor& v, CalibrationRecord& r) {
  visit_header(v, r.header);
  v.optional("chip", r.chip, "The chip that was measured; left out in the prior of a class");
  v.optional("matrix_class", r.matrix_class, "The class that it is the prior of; left out for a chip");
  v.optional("without", r.without, "A chip whose points the prior never saw, to show what is known without it");
  v.required("date", r.date, "Of the fit: YYYY-MM-DD");
  v.required("operators", r.operators, "By kind, as in `orrery predict KIND`");
}

/// Reports an entry that is neither of a chip nor of a class, and bands or constants that cannot be.
void check_physics(const CalibrationRecord& calibration, Diagnostics& diagnostics);

}  // namespace orrery
