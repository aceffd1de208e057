#include "orrery/calibration/calibrate.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/unit.h"
#include "orrery/calibration/evaluate.h"
#include "orrery/operators/predictor.h"

namespace orrery {
namespace {

constexpr MatrixClass kPriorClasses[] = {MatrixClass::async, MatrixClass::sync};

/// Four digits: more than a fit can tell apart.
double rounded(double value) { return *parse_number(fmt::format("{:.4g}", value)); }

ErrorSummary errors_of_priors(const FamilyFit& fit, const std::vector<std::string>& chips) {
  std::vector<double> errors;
  for (const ChipFit& chip : fit.chips) {
    if (std::find(chips.begin(), chips.end(), chip.group->chip->id) == chips.end() || !chip.has_peers) continue;
    const auto more = log_errors(*fit.form, fit.family, *chip.group->chip, chip.group->points, chip.left_out.constants);
    errors.insert(errors.end(), more.begin(), more.end());
  }
  return summarise(std::move(errors));
}

void set_errors(FamilyCalibration& family, const ErrorSummary& errors) {
  if (errors.points == 0) return;
  family.median_error = rounded(errors.median);
  family.mean_error = rounded(errors.mean);
}

Reference<ChipKind> reference_to(const std::string& id) {
  Reference<ChipKind> reference;
  reference.id = id;
  return reference;
}

}  // namespace

CalibrationRecord& CalibrationBuilder::record(const std::string& id, const std::string& name) {
  const auto found =
      std::find_if(records_.begin(), records_.end(), [&](const auto& one) { return one.header.id == id; });
  if (found != records_.end()) return *found;
  CalibrationRecord& added = records_.emplace_back();
  added.header.id = id;
  added.header.kind = CalibrationKind::kName;
  added.header.name = name;
  added.header.status = Status::fitted;
  added.header.source.emplace().id = "data";
  Named<SourceRecord> source;
  source.name = "data";
  source.value = {origin_.data, origin_.publisher, origin_.date_of_data, std::nullopt, std::nullopt};
  added.header.sources.push_back(std::move(source));
  added.date = origin_.date;
  return added;
}

void CalibrationBuilder::add_family(CalibrationRecord& record, const FamilyFit& fit, FamilyCalibration family,
                                    const Constants& constants, const ErrorBand& band) {
  const auto specs = fit.form->constants(fit.family);
  if (record.operators.empty() || record.operators.back().name != fit.form->kind()) {
    auto& added = record.operators.emplace_back();
    added.name = fit.form->kind();
  }
  OperatorCalibration& of_operator = record.operators.back().value;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    Named<Sourced<double>> constant;
    constant.name = specs[i].name;
    constant.value.value = rounded(constants[i]);
    family.constants.push_back(std::move(constant));
    const bool known = std::any_of(of_operator.units.begin(), of_operator.units.end(),
                                   [&](const auto& unit) { return unit.name == specs[i].name; });
    if (known) continue;
    auto& unit = of_operator.units.emplace_back();
    unit.name = specs[i].name;
    unit.value = specs[i].unit;
  }
  for (std::size_t region = 0; region < ErrorBand::kRegions; ++region) {
    family.band_low.push_back(rounded(band.low[region]));
    family.band_high.push_back(rounded(band.high[region]));
  }
  auto& added = of_operator.families.emplace_back();
  added.name = fit.family;
  added.value = std::move(family);
}

void CalibrationBuilder::add_priors(const PointSet& set, const FamilyFit& fit, const ClassPriors& priors,
                                    const ErrorBand& band, const ChipFit* without) {
  if (priors.chips().empty()) return;  // nothing that the form itself does not say
  const std::string left_out = without == nullptr ? "" : without->group->chip->id;
  for (const MatrixClass matrix_class : kPriorClasses) {
    CalibrationRecord& entry =
        record(prior_id(matrix_class, left_out),
               left_out.empty() ? fmt::format("Prior of class {}", enum_name(matrix_class))
                                : fmt::format("Prior of class {} without {}", enum_name(matrix_class), left_out));
    entry.matrix_class = matrix_class;
    if (!left_out.empty()) entry.without = reference_to(left_out);
    FamilyCalibration family;
    family.data = set.file;
    for (const std::string& id : priors.chips()) family.chips.push_back(reference_to(id));
    std::vector<std::string> software;
    for (const ChipFit& chip : fit.chips) {
      if (&chip == without) continue;
      family.points += static_cast<std::int64_t>(chip.group->points.size());
      if (std::find(software.begin(), software.end(), chip.group->software) == software.end()) {
        software.push_back(chip.group->software);
      }
    }
    family.software = fmt::format("{}", fmt::join(software, ", "));
    if (without == nullptr) set_errors(family, errors_of_priors(fit, priors.chips()));
    add_family(entry, fit, std::move(family), priors.of(matrix_class), band);
  }
}

void CalibrationBuilder::add(const PointSet& set, const FamilyFit& fit) {
  for (const ChipFit& chip : fit.chips) {
    const std::string& id = chip.group->chip->id;
    CalibrationRecord& entry = record(id, fmt::format("Operators on {}", id));
    entry.chip = reference_to(id);
    FamilyCalibration family;
    family.data = set.file;
    family.software = chip.group->software;
    family.chips.push_back(reference_to(id));
    family.points = std::count_if(chip.group->points.begin(), chip.group->points.end(),
                                  [](const MeasuredPoint& point) { return !point.unseen; });
    set_errors(family, accuracy_of(fit, chip).own_unseen.all);
    add_family(entry, fit, std::move(family), chip.own.constants, chip.own.band);
    add_priors(set, fit, chip.left_out_priors, chip.left_out.band, &chip);
  }
  add_priors(set, fit, fit.priors, fit.prior_band, nullptr);
}

std::vector<CalibrationRecord> CalibrationBuilder::take() {
  const auto is_of_chip = [](const CalibrationRecord& record) { return record.chip.has_value(); };
  if (std::count_if(records_.begin(), records_.end(), is_of_chip) < 2) {
    std::erase_if(records_, [&](const CalibrationRecord& record) { return !is_of_chip(record); });
  }
  std::sort(records_.begin(), records_.end(), [](const auto& a, const auto& b) { return a.header.id < b.header.id; });
  return std::move(records_);
}

}  // namespace orrery
