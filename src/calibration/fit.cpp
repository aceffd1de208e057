#include "orrery/calibration/fit.h"

#include <algorithm>
#include <cmath>

#include "orrery/calibration/minimiser.h"

namespace orrery {
namespace {

constexpr double kSmoothing = 0.01;   // below 1 % the loss is quadratic, so that the noise floor has no kink
constexpr double kOutside = 10;       // weight of the square of ln(how far outside the sane range)
constexpr double kFirstStep = 0.3;    // of ln(constant): 35 %
constexpr double kSecondStep = 0.08;  // of the second round, which starts where the first ended
constexpr double kTolerance = 1e-3;
constexpr double kImpossible = 20;  // error of a prediction that is not a positive number

double smoothed(double error) { return std::sqrt(error * error + kSmoothing * kSmoothing) - kSmoothing; }

std::vector<double> logarithms(const Constants& constants) {
  std::vector<double> logs;
  for (const double constant : constants) logs.push_back(std::log(constant));
  return logs;
}

double log_error(const OperatorForm& form, std::string_view family, const ChipFacts& chip, const MeasuredPoint& point,
                 std::span<const double> constants) {
  const double predicted = form.time_us(point.shape, family, chip, constants, true);
  const double error = std::log(predicted / point.measured_us);
  return std::isfinite(error) ? error : kImpossible;
}

double weighted_loss(const OperatorForm& form, std::string_view family, const FitChip& of,
                     std::span<const double> constants, double hot_weight) {
  double sum = 0;
  double weights = 0;
  for (const MeasuredPoint& point : of.points) {
    const double weight = point.cold ? 1 : hot_weight;
    sum += weight * smoothed(log_error(form, family, *of.chip, point, constants));
    weights += weight;
  }
  return weights > 0 ? sum / weights : 0;
}

double outside(double log_value, const ConstantSpec& spec) {
  const double below = spec.low > 0 ? std::max(0.0, std::log(spec.low) - log_value) : 0;
  const double above = spec.high > 0 ? std::max(0.0, log_value - std::log(spec.high)) : 0;
  return below * below + above * above;
}

/// Where each constant of each class lies among the free parameters of a joint fit.
struct Layout {
  std::vector<std::size_t> spec_of;                    ///< of each parameter
  std::array<std::vector<std::size_t>, 3> parameters;  ///< of each class that is present, one for each spec
};

Layout layout_of(std::span<const ConstantSpec> specs, std::span<const FitChip> chips) {
  std::array<bool, 3> present{};
  for (const FitChip& chip : chips) present[static_cast<std::size_t>(chip.chip->matrix_class)] = true;
  Layout layout;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool shared = specs[i].pooling == ConstantSpec::Pooling::all;
    bool first = true;
    for (std::size_t c = 0; c < present.size(); ++c) {
      if (!present[c]) continue;
      if (first || !shared) layout.spec_of.push_back(i);
      layout.parameters[c].push_back(layout.spec_of.size() - 1);
      first = false;
    }
  }
  return layout;
}

std::vector<double> minimised(const std::function<double(std::span<const double>)>& objective,
                              std::vector<double> start, int most_calls) {
  for (const double first : {kFirstStep, kSecondStep}) {
    const std::vector<double> steps(start.size(), first);
    start = minimise(objective, std::move(start), steps, most_calls, kTolerance).at;
  }
  return start;
}

void sample(FitChip& chip, std::size_t most) { chip.points = sample_points(std::move(chip.points), most); }

}  // namespace

Constants fit_chip(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                   std::span<const MeasuredPoint> points, const Constants& prior, const FitOptions& options) {
  const auto specs = form.constants(family);
  FitChip of{&chip, {points.begin(), points.end()}};
  sample(of, options.most_points);
  const std::vector<double> prior_logs = logarithms(prior);
  std::vector<double> constants(specs.size());
  const auto objective = [&](std::span<const double> logs) {
    double distance = 0;
    double penalty = 0;
    for (std::size_t i = 0; i < logs.size(); ++i) {
      constants[i] = std::exp(logs[i]);
      distance += smoothed(logs[i] - prior_logs[i]);
      penalty += outside(logs[i], specs[i]);
    }
    return weighted_loss(form, family, of, constants, options.hot_weight) + kOutside * penalty +
           options.lambda * distance / static_cast<double>(logs.size());
  };
  std::vector<double> best = minimised(objective, prior_logs, options.most_calls);
  for (double& value : best) value = std::exp(value);
  return best;
}

ClassPriors fit_class_priors(const OperatorForm& form, std::string_view family, std::span<const FitChip> chips,
                             const FitOptions& options) {
  const auto specs = form.constants(family);
  ClassPriors priors;
  priors.by_class_.fill(specified_priors(form, family));
  std::vector<FitChip> sampled(chips.begin(), chips.end());
  std::erase_if(sampled, [](const FitChip& chip) { return chip.points.empty(); });
  if (sampled.empty()) return priors;
  for (FitChip& chip : sampled) {
    sample(chip, options.most_points);
    priors.chips_.push_back(chip.chip->id);
  }
  std::sort(priors.chips_.begin(), priors.chips_.end());

  const Layout layout = layout_of(specs, sampled);
  std::vector<double> start;
  for (const std::size_t spec : layout.spec_of) start.push_back(std::log(specs[spec].prior));
  std::vector<double> constants(specs.size());
  const auto objective = [&](std::span<const double> logs) {
    double loss = 0;
    for (const FitChip& chip : sampled) {
      const auto& parameters = layout.parameters[static_cast<std::size_t>(chip.chip->matrix_class)];
      for (std::size_t i = 0; i < specs.size(); ++i) constants[i] = std::exp(logs[parameters[i]]);
      loss += weighted_loss(form, family, chip, constants, options.hot_weight) / static_cast<double>(sampled.size());
    }
    double distance = 0;
    double penalty = 0;
    for (std::size_t p = 0; p < logs.size(); ++p) {
      distance += smoothed(logs[p] - start[p]);
      penalty += outside(logs[p], specs[layout.spec_of[p]]);
    }
    return loss + kOutside * penalty + options.lambda * distance / static_cast<double>(logs.size());
  };
  const std::vector<double> best = minimised(objective, start, options.most_calls);
  std::vector<double> sums(specs.size(), 0.0);
  double present = 0;
  for (const auto& parameters : layout.parameters) {
    if (parameters.empty()) continue;
    for (std::size_t i = 0; i < specs.size(); ++i) sums[i] += best[parameters[i]];
    ++present;
  }
  for (std::size_t c = 0; c < priors.by_class_.size(); ++c) {
    const auto& parameters = layout.parameters[c];
    for (std::size_t i = 0; i < specs.size();
         ++i) {  // a class that nobody measured is taken for the mean of the others
      priors.by_class_[c][i] = std::exp(parameters.empty() ? sums[i] / present : best[parameters[i]]);
    }
  }
  return priors;
}

std::vector<double> log_errors(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                               std::span<const MeasuredPoint> points, const Constants& constants) {
  std::vector<double> errors;
  errors.reserve(points.size());
  for (const MeasuredPoint& point : points) errors.push_back(log_error(form, family, chip, point, constants));
  return errors;
}

}  // namespace orrery
