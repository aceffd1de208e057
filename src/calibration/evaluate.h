#pragma once

#include <string>
#include <vector>

#include "orrery/calibration/family_fit.h"

namespace orrery {

/// Absolute errors |predicted / measured - 1| of some points.
struct ErrorSummary {
  std::size_t points = 0;
  double median = 0;
  double mean = 0;
  double p90 = 0;
};

/// The same of rows whose operands came from memory, and of all rows.
struct SplitErrors {
  ErrorSummary cold;
  ErrorSummary all;
};

/// How well one chip is predicted.
struct ChipAccuracy {
  std::string family;
  std::string chip;
  std::string software;
  SplitErrors roofline;
  SplitErrors own_seen;        ///< four fifths that the fit saw
  SplitErrors own_unseen;      ///< the fifth that it did not
  SplitErrors left_out;        ///< all points, by constants of the other chips
  SplitErrors generation_out;  ///< all points, by constants of other generations
  SplitErrors few;             ///< the points that were not among the few
  std::size_t few_points = 0;
  bool has_peers = false;  ///< without: left_out is the form's own prior
  bool has_other_generations = false;
  double own_coverage = 0;  ///< share of the unseen fifth inside the 80 % band
  double left_out_coverage = 0;
  double few_coverage = 0;
};

/// How well one operator is predicted.
struct OperatorAccuracy {
  std::string kind;
  std::string file;
  std::size_t rows = 0;
  std::size_t suspect = 0;
  std::size_t duplicates = 0;
  std::size_t unusable = 0;
  std::vector<ChipAccuracy> chips;
  double own_coverage = 0;  ///< over all points of the operator
  double left_out_coverage = 0;
  double few_coverage = 0;
};

ErrorSummary summarise(std::vector<double> log_errors);

ChipAccuracy accuracy_of(const FamilyFit& family, const ChipFit& chip);

/// Fits and judges every family of a set of points.
OperatorAccuracy evaluate(const PointSet& set, const FamilyFitOptions& options);

}  // namespace orrery
