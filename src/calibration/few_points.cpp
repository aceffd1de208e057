#include "orrery/calibration/few_points.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace orrery {
namespace {

constexpr std::size_t kDesignCandidates = 400;
constexpr double kDesignStep = 1.05;
constexpr double kDesignRidge =
    0.1;  // information that the prior is worth, in points that depend on one constant alone

/// By how much ln(time) of a point moves with the logarithm of each constant.
std::vector<double> effects_of(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                               const MeasuredPoint& point, Constants constants) {
  std::vector<double> effects;
  for (double& constant : constants) {
    const double before = constant;
    constant = before * kDesignStep;
    const double up = form.time_us(point.shape, family, chip, constants, true);
    constant = before / kDesignStep;
    const double down = form.time_us(point.shape, family, chip, constants, true);
    constant = before;
    effects.push_back(std::log(up / down) / (2 * std::log(kDesignStep)));
  }
  return effects;
}

/// What points tell of the constants together: the inverse of ridge + sum of effects x effects. The point of
/// the largest gain grows the determinant most.
/// Source: greedy D-optimal design, by the matrix determinant lemma.
class Design {
 public:
  explicit Design(std::size_t size) : inverse_(size, std::vector<double>(size, 0.0)) {
    for (std::size_t i = 0; i < size; ++i) inverse_[i][i] = 1 / kDesignRidge;
  }
  double gain(const std::vector<double>& effects) const {
    double sum = 0;
    for (std::size_t i = 0; i < effects.size(); ++i) sum += effects[i] * row(i, effects);
    return sum;
  }
  void add(const std::vector<double>& effects) {
    std::vector<double> product;
    for (std::size_t i = 0; i < effects.size(); ++i) product.push_back(row(i, effects));
    const double scale = 1 + gain(effects);
    for (std::size_t i = 0; i < product.size(); ++i) {
      for (std::size_t j = 0; j < product.size(); ++j) inverse_[i][j] -= product[i] * product[j] / scale;
    }
  }

 private:
  double row(std::size_t i, const std::vector<double>& effects) const {
    double sum = 0;
    for (std::size_t j = 0; j < effects.size(); ++j) sum += inverse_[i][j] * effects[j];
    return sum;
  }
  std::vector<std::vector<double>> inverse_;
};

/// One point of each slice of predicted times.
std::vector<MeasuredPoint> spread_points(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                                         std::span<const MeasuredPoint> points, const Constants& prior,
                                         std::size_t count) {
  std::vector<std::pair<double, const MeasuredPoint*>> by_time;
  for (const MeasuredPoint& point : points) {
    by_time.emplace_back(form.time_us(point.shape, family, chip, prior, true), &point);
  }
  std::sort(by_time.begin(), by_time.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->key < b.second->key;
  });
  std::vector<MeasuredPoint> chosen;
  for (std::size_t i = 0; i < count; ++i) {  // one of each slice of equally many points
    const auto begin = by_time.begin() + static_cast<std::ptrdiff_t>(i * by_time.size() / count);
    const auto end = by_time.begin() + static_cast<std::ptrdiff_t>((i + 1) * by_time.size() / count);
    const auto first =
        std::min_element(begin, end, [](const auto& a, const auto& b) { return a.second->key < b.second->key; });
    chosen.push_back(*first->second);
  }
  return chosen;
}

}  // namespace

std::vector<MeasuredPoint> without_points(std::span<const MeasuredPoint> points,
                                          std::span<const MeasuredPoint> left_out) {
  std::vector<MeasuredPoint> rest;
  for (const MeasuredPoint& point : points) {
    const bool out =
        std::any_of(left_out.begin(), left_out.end(), [&](const auto& one) { return one.key == point.key; });
    if (!out) rest.push_back(point);
  }
  return rest;
}

std::vector<MeasuredPoint> few_points_of(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                                         std::span<const MeasuredPoint> points, const Constants& prior,
                                         std::size_t count) {
  count = std::min(count, points.size());
  std::vector<MeasuredPoint> chosen = spread_points(form, family, chip, points, prior, count - count / 2);
  std::vector<MeasuredPoint> candidates = sample_points(without_points(points, chosen), kDesignCandidates);
  std::vector<std::vector<double>> effects;
  for (const MeasuredPoint& point : candidates) effects.push_back(effects_of(form, family, chip, point, prior));
  Design design(prior.size());
  for (const MeasuredPoint& point : chosen) design.add(effects_of(form, family, chip, point, prior));
  while (chosen.size() < count && !candidates.empty()) {
    std::size_t best = 0;
    double most = -1;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      const double gain = design.gain(effects[i]);
      if (gain <= most) continue;
      most = gain;
      best = i;
    }
    design.add(effects[best]);
    chosen.push_back(candidates[best]);
    candidates.erase(candidates.begin() + static_cast<std::ptrdiff_t>(best));
    effects.erase(effects.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return chosen;
}

}  // namespace orrery
