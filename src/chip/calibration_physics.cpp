#include <fmt/format.h>

#include "orrery/chip/calibration_record.h"

namespace orrery {
namespace {

constexpr std::size_t kBandRegions = 3;

void contradiction(const Place& place, std::string message, Diagnostics& diagnostics) {
  diagnostics.error("impossible-physics", place, std::move(message));
}

void check_family(const std::string& kind, const Named<FamilyCalibration>& family, Diagnostics& diagnostics) {
  const FamilyCalibration& value = family.value;
  if (value.band_low.size() != kBandRegions || value.band_high.size() != kBandRegions) {
    contradiction(
        family.place,
        fmt::format("{} {}: a band has {} factors below and {} above", kind, family.name, kBandRegions, kBandRegions),
        diagnostics);
    return;
  }
  for (std::size_t region = 0; region < kBandRegions; ++region) {
    if (value.band_low[region] > 0 && value.band_low[region] <= value.band_high[region]) continue;
    contradiction(
        family.place,
        fmt::format("{} {}: a band from {} to {}", kind, family.name, value.band_low[region], value.band_high[region]),
        diagnostics);
  }
  for (const auto& constant : value.constants) {
    if (constant.value.value > 0) continue;
    contradiction(constant.place, fmt::format("{} {}: '{}' is not above 0", kind, family.name, constant.name),
                  diagnostics);
  }
}

}  // namespace

void check_physics(const CalibrationRecord& calibration, Diagnostics& diagnostics) {
  if (calibration.chip.has_value() == calibration.matrix_class.has_value()) {
    contradiction(calibration.header.place, "a calibration is of one chip, or of one matrix_class", diagnostics);
  }
  for (const auto& of_operator : calibration.operators) {
    for (const auto& family : of_operator.value.families) check_family(of_operator.name, family, diagnostics);
  }
}

}  // namespace orrery
