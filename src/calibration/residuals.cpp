#include "orrery/calibration/residuals.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>
#include <utility>

namespace orrery {
namespace {

constexpr double kTail = 0.1;
constexpr std::size_t kFewest = 40;  // residuals that a region needs for a band of its own
constexpr double kNarrowest = 1.02;  // a repeated measurement moves by 2 % or more

/// The value that a share of the weight lies at or below. Sorts.
double weighted_quantile(std::vector<std::pair<double, double>>& values, double share) {
  std::sort(values.begin(), values.end());
  double total = 0;
  for (const auto& [value, weight] : values) total += weight;
  double sum = 0;
  for (const auto& [value, weight] : values) {
    sum += weight;
    if (sum >= share * total) return value;
  }
  return values.back().first;
}

std::pair<double, double> interval(std::span<const Residual> residuals, bool symmetric) {
  std::vector<std::pair<double, double>> values;
  for (const Residual& one : residuals) {
    values.emplace_back(symmetric ? std::abs(one.log_error) : -one.log_error, one.weight);
  }
  const double narrowest = std::log(kNarrowest);
  if (symmetric) {
    const double half = std::max(narrowest, weighted_quantile(values, 1 - 2 * kTail));
    return {std::exp(-half), std::exp(half)};
  }
  const double low = weighted_quantile(values, kTail);
  const double high = weighted_quantile(values, 1 - kTail);
  const double missing = std::max(0.0, narrowest - (high - low) / 2);
  return {std::exp(low - missing), std::exp(high + missing)};
}

}  // namespace

std::vector<Residual> residuals(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                                std::span<const MeasuredPoint> points, const Constants& constants) {
  const std::vector<double> errors = log_errors(form, family, chip, points, constants);
  std::vector<Residual> result;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double predicted = points[i].measured_us * std::exp(errors[i]);
    result.push_back({ErrorBand::region_of(form.roofline_us(points[i].shape, family, chip), predicted), errors[i],
                      1 / static_cast<double>(points.size())});
  }
  return result;
}

ErrorBand band_of(std::span<const Residual> all, bool symmetric) {
  const auto [low, high] = interval(all, symmetric);
  ErrorBand band;
  for (std::size_t region = 0; region < ErrorBand::kRegions; ++region) {
    std::vector<Residual> of_region;
    std::copy_if(all.begin(), all.end(), std::back_inserter(of_region),
                 [&](const Residual& one) { return one.region == region; });
    const bool own = of_region.size() >= kFewest;
    std::tie(band.low[region], band.high[region]) = own ? interval(of_region, symmetric) : std::pair(low, high);
  }
  return band;
}

double coverage(std::span<const Residual> residuals, const ErrorBand& band) {
  double inside = 0;
  double total = 0;
  for (const Residual& one : residuals) {
    const double measured_over_predicted = std::exp(-one.log_error);
    const bool in = measured_over_predicted >= band.low[one.region] && measured_over_predicted <= band.high[one.region];
    inside += in ? one.weight : 0;
    total += one.weight;
  }
  return total > 0 ? inside / total : 0;
}

}  // namespace orrery
