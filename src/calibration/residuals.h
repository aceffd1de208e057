#pragma once

#include <span>
#include <vector>

#include "orrery/calibration/fit.h"
#include "orrery/operators/error_band.h"

namespace orrery {

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
