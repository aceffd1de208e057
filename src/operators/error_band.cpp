#include "orrery/operators/error_band.h"

#include <cmath>

namespace orrery {
namespace {

constexpr double kUnknown = 2;        // assumed: a datasheet alone is right within a factor of two
constexpr double kOtherKernel = 1.5;  // assumed; on the shipped data it brings such bands near to 80 %

}  // namespace

std::size_t ErrorBand::region_of(double roofline_us, double predicted_us) {
  const double share = roofline_us / predicted_us;
  return share < 1.0 / 3 ? 0 : share < 2.0 / 3 ? 1 : 2;
}

ErrorBand unknown_band() {
  ErrorBand band;
  band.low.fill(1 / kUnknown);
  band.high.fill(kUnknown);
  return band;
}

ErrorBand widened(const ErrorBand& band) {
  ErrorBand wide;
  for (std::size_t region = 0; region < ErrorBand::kRegions; ++region) {
    wide.low[region] = std::pow(band.low[region], kOtherKernel);
    wide.high[region] = std::pow(band.high[region], kOtherKernel);
  }
  return wide;
}

}  // namespace orrery
