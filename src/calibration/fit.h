#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "orrery/calibration/points.h"

namespace orrery {

/// How a fit is done.
struct FitOptions {
  double lambda = 0.02;           ///< weight of mean |ln(constant / prior)| beside the mean error
  double hot_weight = 0.5;        ///< of points whose operands may have stayed in the cache; cold ones weigh 1
  std::size_t most_points = 800;  ///< of one chip: a sample, chosen by key, is as good and faster
  int most_calls = 1200;          ///< of the objective, in each of two rounds
};

/// What a joint fit knows of one chip.
struct FitChip {
  const ChipFacts* chip = nullptr;
  std::vector<MeasuredPoint> points;
};

/// Constants of one chip from its own points, drawn toward `prior`. Pre: points are not empty.
Constants fit_chip(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                   std::span<const MeasuredPoint> points, const Constants& prior, const FitOptions& options);

/// Constants for chips without measurements, fitted jointly over others, each chip with equal weight.
class ClassPriors {
 public:
  /// For chips of a class. Constants that are pooled by class come from the chips of that class, or from
  /// all chips where none of that class was measured.
  const Constants& of(MatrixClass matrix_class) const { return by_class_[static_cast<std::size_t>(matrix_class)]; }
  /// Ids of the chips that were fitted, sorted; empty: these are the specs' priors.
  const std::vector<std::string>& chips() const { return chips_; }

 private:
  friend ClassPriors fit_class_priors(const OperatorForm& form, std::string_view family, std::span<const FitChip> chips,
                                      const FitOptions& options);
  std::array<Constants, 3> by_class_;
  std::vector<std::string> chips_;
};
ClassPriors fit_class_priors(const OperatorForm& form, std::string_view family, std::span<const FitChip> chips,
                             const FitOptions& options);

/// ln(predicted / measured) of each point, in their order.
std::vector<double> log_errors(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                               std::span<const MeasuredPoint> points, const Constants& constants);

}  // namespace orrery
