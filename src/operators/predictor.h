#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "orrery/chip/calibration_record.h"
#include "orrery/operators/error_band.h"
#include "orrery/operators/operator_form.h"

namespace orrery {

/// What a prediction rests on, strongest first.
enum class Basis { fitted, class_prior, datasheet, assumed };
template <>
struct EnumNames<Basis> {
  static constexpr EnumRow<Basis> kRows[] = {
      {Basis::fitted, "fitted", "constants fitted to points of this chip"},
      {Basis::class_prior, "class-prior", "constants of other chips, mostly of its class"},
      {Basis::datasheet, "datasheet", "the form's own constants: no measurement of such kernels is known"},
      {Basis::assumed, "assumed", "a chip of which nothing was published: its numbers are our choice"},
  };
};

/// Constants that serve for one family on one chip.
struct Served {
  Constants constants;
  ErrorBand band;
  Basis basis = Basis::datasheet;
  std::string entry;  ///< of the catalog; empty for Basis::datasheet
};

/// Microseconds with the 80 % band.
struct Prediction {
  double us = 0;
  double low_us = 0;
  double high_us = 0;
  Basis basis = Basis::datasheet;
};

/// Predicts operators from calibrations.
class Predictor {
 public:
  using Entries = std::map<std::string, CalibrationRecord, std::less<>>;  ///< by id

  /// With `without_chip`, an id, as if that chip's measurements did not exist.
  explicit Predictor(Entries entries, std::string without_chip = "")
      : without_chip_(std::move(without_chip)), entries_(std::move(entries)) {}

  /// Looks constants up: the chip's own, then those of its class, each for the family and then for the one
  /// that the form names in its place, then the form's own.
  Served serve(const OperatorForm& form, std::string_view family, const ChipFacts& chip) const;

 private:
  bool find(const std::string& entry, const OperatorForm& form, std::string_view family, Served& served) const;

  std::string without_chip_;
  Entries entries_;
};

/// The entry of a class of chips: "prior-async", or "prior-async-without-h100-sxm".
std::string prior_id(MatrixClass matrix_class, std::string_view without_chip);

/// Pre: the form accepts the shape. `benchmark_hot`: see OperatorForm::time_us.
Prediction predict(const OperatorForm& form, std::string_view family, const ChipFacts& chip, const Shape& shape,
                   const Served& served, bool benchmark_hot);

}  // namespace orrery
