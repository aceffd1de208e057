#include "orrery/calibration/evaluate.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

SplitErrors split_errors(std::span<const MeasuredPoint> points, const std::vector<double>& errors) {
  std::vector<double> cold;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i].cold) cold.push_back(errors[i]);
  }
  return {summarise(std::move(cold)), summarise(errors)};
}

std::vector<double> roofline_errors(const OperatorForm& form, const PointGroup& group) {
  std::vector<double> errors;
  for (const MeasuredPoint& point : group.points) {
    errors.push_back(std::log(form.roofline_us(point.shape, group.family, *group.chip) / point.measured_us));
  }
  return errors;
}

/// Mean over chips, by their numbers of points.
double overall(const std::vector<ChipAccuracy>& chips, double ChipAccuracy::* coverage,
               SplitErrors ChipAccuracy::* errors) {
  double inside = 0;
  double points = 0;
  for (const ChipAccuracy& chip : chips) {
    const auto count = static_cast<double>((chip.*errors).all.points);
    inside += chip.*coverage * count;
    points += count;
  }
  return points > 0 ? inside / points : 0;
}

}  // namespace

ErrorSummary summarise(std::vector<double> log_errors) {
  ErrorSummary summary;
  summary.points = log_errors.size();
  if (log_errors.empty()) return summary;
  for (double& error : log_errors) {
    error = std::abs(std::expm1(error));
    summary.mean += error / static_cast<double>(log_errors.size());
  }
  std::sort(log_errors.begin(), log_errors.end());
  const auto quantile = [&](double share) {
    return log_errors[static_cast<std::size_t>(std::lround(share * static_cast<double>(log_errors.size() - 1)))];
  };
  summary.median = quantile(0.5);
  summary.p90 = quantile(0.9);
  return summary;
}

ChipAccuracy accuracy_of(const FamilyFit& family, const ChipFit& fit) {
  const OperatorForm& form = *family.form;
  const PointGroup& group = *fit.group;
  std::vector<MeasuredPoint> seen;
  std::vector<MeasuredPoint> unseen;
  std::vector<MeasuredPoint> not_sampled;
  for (const MeasuredPoint& point : group.points) {
    (point.unseen ? unseen : seen).push_back(point);
    const bool sampled = std::any_of(fit.sample.begin(), fit.sample.end(),
                                     [&](const MeasuredPoint& one) { return one.key == point.key; });
    if (!sampled) not_sampled.push_back(point);
  }
  const auto errors = [&](std::span<const MeasuredPoint> points, const Constants& constants) {
    return split_errors(points, log_errors(form, group.family, *group.chip, points, constants));
  };
  const auto inside = [&](std::span<const MeasuredPoint> points, const Calibrated& calibrated) {
    return coverage(residuals(form, group.family, *group.chip, points, calibrated.constants), calibrated.band);
  };
  ChipAccuracy accuracy;
  accuracy.family = group.family;
  accuracy.chip = group.chip->id;
  accuracy.software = group.software;
  accuracy.roofline = split_errors(group.points, roofline_errors(form, group));
  accuracy.own_seen = errors(seen, fit.own.constants);
  accuracy.own_unseen = errors(unseen, fit.own.constants);
  accuracy.left_out = errors(group.points, fit.left_out.constants);
  accuracy.generation_out = errors(group.points, fit.generation_out.constants);
  accuracy.few = errors(not_sampled, fit.few.constants);
  accuracy.few_points = fit.sample.size();
  accuracy.has_peers = fit.has_peers;
  accuracy.has_other_generations = fit.has_other_generations;
  accuracy.own_coverage = inside(unseen, fit.own);
  accuracy.left_out_coverage = inside(group.points, fit.left_out);
  accuracy.few_coverage = inside(not_sampled, fit.few);
  return accuracy;
}

OperatorAccuracy evaluate(const PointSet& set, const FamilyFitOptions& options) {
  OperatorAccuracy accuracy;
  accuracy.kind = set.form->kind();
  accuracy.file = set.file;
  accuracy.rows = set.rows;
  accuracy.suspect = set.suspect;
  accuracy.duplicates = set.duplicates;
  for (const FamilyFit& family : fit_families(set, options)) {
    for (const ChipFit& chip : family.chips) accuracy.chips.push_back(accuracy_of(family, chip));
  }
  accuracy.own_coverage = overall(accuracy.chips, &ChipAccuracy::own_coverage, &ChipAccuracy::own_unseen);
  accuracy.left_out_coverage = overall(accuracy.chips, &ChipAccuracy::left_out_coverage, &ChipAccuracy::left_out);
  accuracy.few_coverage = overall(accuracy.chips, &ChipAccuracy::few_coverage, &ChipAccuracy::few);
  return accuracy;
}

}  // namespace orrery
