#pragma once

#include <array>
#include <cstddef>

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

}  // namespace orrery
