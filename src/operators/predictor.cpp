#include "orrery/operators/predictor.h"

#include <fmt/format.h>

#include <algorithm>

namespace orrery {
namespace {

template <class T>
const T* find_named(const std::vector<Named<T>>& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.name == name; });
  return found == list.end() ? nullptr : &found->value;
}

}  // namespace

std::string prior_id(MatrixClass matrix_class, std::string_view without_chip) {
  const std::string id = fmt::format("prior-{}", enum_name(matrix_class));
  return without_chip.empty() ? id : fmt::format("{}-without-{}", id, without_chip);
}

bool Predictor::find(const std::string& entry, const OperatorForm& form, std::string_view family,
                     Served& served) const {
  const auto record = entries_.find(entry);
  if (record == entries_.end()) return false;
  const auto* of_operator = find_named(record->second.operators, form.kind());
  const auto* fitted = of_operator == nullptr ? nullptr : find_named(of_operator->families, family);
  if (fitted == nullptr) return false;
  for (const auto& chip : fitted->chips) {
    if (chip.id == without_chip_) return false;
  }
  Constants constants;
  for (const ConstantSpec& spec : form.constants(family)) {
    const auto* constant = find_named(fitted->constants, spec.name);
    if (constant == nullptr) return false;  // an entry of another form of the operator
    constants.push_back(constant->value);
  }
  served.constants = std::move(constants);
  std::copy_n(fitted->band_low.begin(), ErrorBand::kRegions, served.band.low.begin());
  std::copy_n(fitted->band_high.begin(), ErrorBand::kRegions, served.band.high.begin());
  served.entry = entry;
  return true;
}

Served Predictor::serve(const OperatorForm& form, std::string_view family, const ChipFacts& chip) const {
  Served served;
  for (const std::string_view known : {family, form.fallback_family(family)}) {
    if (known.empty()) continue;
    const bool exact = known == family;
    const bool own = find(chip.id, form, known, served);
    // A family that the missing chip had no part in has one prior only.
    if (!own && !find(prior_id(chip.matrix_class, without_chip_), form, known, served) &&
        !find(prior_id(chip.matrix_class, ""), form, known, served)) {
      continue;
    }
    served.basis = own && exact ? Basis::fitted : Basis::class_prior;
    if (!exact) served.band = widened(served.band);
    return served;
  }
  served.constants = specified_priors(form, family);
  served.band = unknown_band();
  served.basis = Basis::datasheet;
  return served;
}

Prediction predict(const OperatorForm& form, std::string_view family, const ChipFacts& chip, const Shape& shape,
                   const Served& served, bool benchmark_hot) {
  Prediction prediction;
  prediction.us = form.time_us(shape, family, chip, served.constants, benchmark_hot);
  const std::size_t region = ErrorBand::region_of(form.roofline_us(shape, family, chip), prediction.us);
  prediction.low_us = prediction.us * served.band.low[region];
  prediction.high_us = prediction.us * served.band.high[region];
  prediction.basis = served.basis;
  return prediction;
}

}  // namespace orrery
