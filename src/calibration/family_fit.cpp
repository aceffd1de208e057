#include "orrery/calibration/family_fit.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <utility>

#include "orrery/calibration/few_points.h"

namespace orrery {
namespace {

using Groups = std::span<const PointGroup* const>;
using Wanted = std::function<bool(const ChipFacts&)>;

/// Fits priors over the groups whose chips are wanted.
ClassPriors priors_of(const OperatorForm& form, Groups groups, const FitOptions& options, const Wanted& wanted) {
  std::vector<FitChip> chips;
  for (const PointGroup* group : groups) {
    if (wanted(*group->chip)) chips.push_back({group->chip, group->points});
  }
  return fit_class_priors(form, groups.front()->family, chips, options);
}

void append_residuals(std::vector<Residual>& all, const OperatorForm& form, const PointGroup& group,
                      std::span<const MeasuredPoint> points, const Constants& constants) {
  const auto more = residuals(form, group.family, *group.chip, points, constants);
  all.insert(all.end(), more.begin(), more.end());
}

ErrorBand band_or_unknown(std::span<const Residual> residuals, bool symmetric) {
  return residuals.empty() ? unknown_band() : band_of(residuals, symmetric);
}

/// Priors of the others, and what each of the others tells of their error: it is left out beside `chip`.
/// So neither priors nor bands have seen `chip`.
class LeftOut {
 public:
  LeftOut(const OperatorForm& form, Groups groups, const FamilyFit* fallback, const FamilyFitOptions& options)
      : form_(form), groups_(groups), fallback_(fallback), options_(options), pairs_(groups.size() * groups.size()) {}

  void fit(std::size_t index, ChipFit& fit) {
    const PointGroup& group = *groups_[index];
    fit.left_out_priors =
        priors_of(form_, groups_, options_.joint, [&](const ChipFacts& chip) { return &chip != group.chip; });
    fit.has_peers = !fit.left_out_priors.chips().empty();
    fit.left_out.constants = fit.left_out_priors.of(group.chip->matrix_class);
    if (!fit.has_peers) fit.left_out = known_of(group);
    fit.sample = few_points_of(form_, group.family, *group.chip, group.points, fit.left_out.constants, few_of(group));
    fit.few.constants = fit_chip(form_, group.family, *group.chip, fit.sample, fit.left_out.constants, options_.few);
    if (options_.with_bands) fit_bands(index, fit);
  }

 private:
  void fit_bands(std::size_t index, ChipFit& fit) {
    std::vector<Residual> of_priors;
    std::vector<Residual> of_few;
    for (std::size_t other = 0; other < groups_.size(); ++other) {
      if (other == index) continue;
      const PointGroup& group = *groups_[other];
      const Constants& prior = pair(index, other).of(group.chip->matrix_class);
      append_residuals(of_priors, form_, group, group.points, prior);
      const auto sample = few_points_of(form_, group.family, *group.chip, group.points, prior, few_of(group));
      const Constants few = fit_chip(form_, group.family, *group.chip, sample, prior, options_.few);
      append_residuals(of_few, form_, group, without_points(group.points, sample), few);
    }
    if (fit.has_peers) fit.left_out.band = band_or_unknown(of_priors, true);
    fit.few.band = of_few.empty() ? fit.left_out.band : band_of(of_few, true);
  }

  /// What other families, or other data, say of a chip without having seen it.
  Calibrated known_of(const PointGroup& group) const {
    const ChipFacts& chip = *group.chip;
    if (fallback_ != nullptr) {
      for (const ChipFit& fit : fallback_->chips) {
        if (fit.group->chip == &chip) return {fit.left_out.constants, widened(fit.left_out.band)};
      }
      return {fallback_->priors.of(chip.matrix_class), widened(fallback_->prior_band)};
    }
    if (options_.known) {
      if (const auto known = options_.known(form_, group.family, chip)) return *known;
    }
    return {specified_priors(form_, group.family), unknown_band()};
  }

  /// Half of a small group is left to judge by.
  std::size_t few_of(const PointGroup& group) const { return std::min(options_.few_points, group.points.size() / 2); }

  const ClassPriors& pair(std::size_t a, std::size_t b) {
    auto& cached = pairs_[std::min(a, b) * groups_.size() + std::max(a, b)];
    if (!cached) {
      cached = priors_of(form_, groups_, options_.joint,
                         [&](const ChipFacts& chip) { return &chip != groups_[a]->chip && &chip != groups_[b]->chip; });
    }
    return *cached;
  }

  const OperatorForm& form_;
  Groups groups_;
  const FamilyFit* fallback_;
  const FamilyFitOptions& options_;
  std::vector<std::optional<ClassPriors>> pairs_;
};

/// Points that a fit went through say little of the others, the less the fewer they are: the band is no narrower than
/// the prior's, drawn in on the scale of logarithms by 1 / sqrt(1 + points / 4), so that 24 points leave 38 % of it.
ErrorBand with_prior(ErrorBand own, const ErrorBand& prior, std::size_t points) {
  const double weight = 1 / std::sqrt(1 + static_cast<double>(points) / 4);
  for (std::size_t region = 0; region < ErrorBand::kRegions; ++region) {
    own.low[region] = std::min(own.low[region], std::pow(prior.low[region], weight));
    own.high[region] = std::max(own.high[region], std::pow(prior.high[region], weight));
  }
  return own;
}

void fit_own(const OperatorForm& form, const FamilyFitOptions& options, ChipFit& fit) {
  const PointGroup& group = *fit.group;
  std::vector<MeasuredPoint> seen;
  std::copy_if(group.points.begin(), group.points.end(), std::back_inserter(seen),
               [](const MeasuredPoint& point) { return !point.unseen; });
  if (seen.empty()) {
    fit.own = fit.left_out;
    return;
  }
  fit.own.constants = fit_chip(form, group.family, *group.chip, seen, fit.left_out.constants, options.own);
  fit.own.band = band_of(residuals(form, group.family, *group.chip, seen, fit.own.constants), false);
  if (seen.size() == group.points.size()) fit.own.band = with_prior(fit.own.band, fit.left_out.band, seen.size());
}

void fit_generation_out(const OperatorForm& form, Groups groups, const FamilyFitOptions& options, ChipFit& fit) {
  const std::string& generation = fit.group->chip->generation;
  const auto same = std::count_if(groups.begin(), groups.end(),
                                  [&](const PointGroup* group) { return group->chip->generation == generation; });
  fit.generation_out = fit.left_out;
  fit.has_other_generations = static_cast<std::size_t>(same) < groups.size();
  if (same == 1) return;
  fit.generation_out.constants = priors_of(form, groups, options.joint, [&](const ChipFacts& chip) {
                                   return chip.generation != generation;
                                 }).of(fit.group->chip->matrix_class);
}

}  // namespace

FamilyFitOptions default_fit_options() {
  FamilyFitOptions options;
  options.joint.most_points = 300;
  options.joint.most_calls = 500;
  options.own.most_calls = 800;
  options.few.lambda = 0.02;
  options.few.hot_weight = 1;  // too few to lose any
  options.few.most_calls = 800;
  return options;
}

FamilyFit fit_family(const OperatorForm& form, Groups groups, const FamilyFit* fallback,
                     const FamilyFitOptions& options) {
  FamilyFit result;
  result.form = &form;
  result.family = groups.front()->family;
  result.priors = priors_of(form, groups, options.joint, [](const ChipFacts&) { return true; });
  LeftOut left_out(form, groups, fallback, options);
  std::vector<Residual> unseen_chips;
  for (std::size_t index = 0; index < groups.size(); ++index) {
    ChipFit fit;
    fit.group = groups[index];
    left_out.fit(index, fit);
    fit_own(form, options, fit);
    fit_generation_out(form, groups, options, fit);
    append_residuals(unseen_chips, form, *fit.group, fit.group->points, fit.left_out.constants);
    result.chips.push_back(std::move(fit));
  }
  result.prior_band = band_or_unknown(unseen_chips, true);
  return result;
}

std::vector<FamilyFit> fit_families(const PointSet& set, const FamilyFitOptions& options) {
  auto waiting = groups_by_family(set);
  std::vector<FamilyFit> fits;
  fits.reserve(waiting.size());
  const auto find = [&](std::string_view family) {
    const auto found = std::find_if(fits.begin(), fits.end(), [&](const auto& fit) { return fit.family == family; });
    return found == fits.end() ? nullptr : &*found;
  };
  const auto waits = [&](std::string_view family) {
    return std::any_of(waiting.begin(), waiting.end(),
                       [&](const auto& groups) { return groups.front()->family == family; });
  };
  while (!waiting.empty()) {  // families that others fall back to come first
    auto next = std::find_if(waiting.begin(), waiting.end(), [&](const auto& groups) {
      return !waits(set.form->fallback_family(groups.front()->family));
    });
    ORRERY_CHECK(next != waiting.end());  // else fallbacks run in a circle
    const std::string_view fallback = set.form->fallback_family(next->front()->family);
    fits.push_back(fit_family(*set.form, *next, find(fallback), options));
    waiting.erase(next);
  }
  std::sort(fits.begin(), fits.end(), [](const auto& a, const auto& b) { return a.family < b.family; });
  return fits;
}

std::vector<std::vector<const PointGroup*>> groups_by_family(const PointSet& set) {
  std::vector<std::vector<const PointGroup*>> families;
  for (const PointGroup& group : set.groups) {
    if (families.empty() || families.back().front()->family != group.family) families.emplace_back();
    families.back().push_back(&group);
  }
  return families;
}

}  // namespace orrery
