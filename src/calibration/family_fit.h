#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "orrery/calibration/fit.h"
#include "orrery/calibration/residuals.h"

namespace orrery {

/// Constants with their band.
struct Calibrated {
  Constants constants;
  ErrorBand band;
};

/// How a family is fitted and judged.
struct FamilyFitOptions {
  FitOptions own;    ///< of one chip from all its points
  FitOptions joint;  ///< of class priors
  FitOptions few;    ///< of one chip from few points
  std::size_t few_points = 24;
  bool with_bands = true;  ///< bands of priors cost most of the time: every pair of chips is left out
  /// What is known from elsewhere of a chip that has no peers in the data, without having seen it; may be empty.
  std::function<std::optional<Calibrated>(const OperatorForm&, std::string_view family, const ChipFacts&)> known;
};
FamilyFitOptions default_fit_options();

/// Everything that is fitted with regard to one measured chip.
struct ChipFit {
  const PointGroup* group = nullptr;
  Calibrated own;                     ///< from the four fifths of its points that a fit may see
  Calibrated left_out;                ///< from the other chips alone
  ClassPriors left_out_priors;        ///< the same for every class
  Calibrated generation_out;          ///< from the chips of other generations
  Calibrated few;                     ///< left_out, then refitted to few points
  std::vector<MeasuredPoint> sample;  ///< those few points
  bool has_peers = false;             ///< whether left_out rests on other chips with the same kernels
  bool has_other_generations = false;
};

/// All fits of one family of one form.
struct FamilyFit {
  const OperatorForm* form = nullptr;
  std::string family;
  ClassPriors priors;  ///< from all measured chips, for those that nobody has measured
  ErrorBand prior_band;
  std::vector<ChipFit> chips;
};

/// Pre: the groups are of one family, one for each chip, and outlive the result. `fallback` is the fit of the
/// form's fallback family, or null: a chip whose family nobody else measured takes its priors.
FamilyFit fit_family(const OperatorForm& form, std::span<const PointGroup* const> groups, const FamilyFit* fallback,
                     const FamilyFitOptions& options);

/// Fits all families of a set of points.
std::vector<FamilyFit> fit_families(const PointSet& set, const FamilyFitOptions& options);

/// The groups of each family, in their order.
std::vector<std::vector<const PointGroup*>> groups_by_family(const PointSet& set);

}  // namespace orrery
