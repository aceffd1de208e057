#pragma once

#include <array>
#include <span>
#include <vector>

#include "orrery/calibration/fit.h"

namespace orrery {

/// The 80 % band around a prediction: nine of ten measured times lie above `low` times the prediction, nine
/// of ten below `high` times. Apart by how much of the prediction the plain roofline explains, since launch
/// costs and heuristics err otherwise than bandwidth does.
struct ErrorBand {
  static constexpr std::size_t kRegions = 3;
  std::array<double, kRegions> low{};
  std::array<double, kRegions> high{};

  static std::size_t region_of(double roofline_us, double predicted_us);
};

/// Where nothing was measured at all: a factor of two.
ErrorBand unknown_band();

/// A band around the prediction of a kernel by the constants of another one: half as wide again, on the scale
/// of logarithms.
ErrorBand widened(const ErrorBand& band);

/// What one prediction missed by.
struct Residual {
  std::size_t region = 0;
  double log_error = 0;  ///< ln(predicted / measured)
  double weight = 1;
};

/// Residuals of the points, of total weight 1.
std::vector<Residual> residuals(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                                std::span<const MeasuredPoint> points, const Constants& constants);

/// The band that residuals fill. `symmetric` where the next chip may err to either side, whatever these did.
/// Regions with few residuals take the band of all. Pre: residuals are not empty.
ErrorBand band_of(std::span<const Residual> residuals, bool symmetric);

/// The share of the residuals inside the band.
double coverage(std::span<const Residual> residuals, const ErrorBand& band);

}  // namespace orrery
