#include "orrery/operators/forms/expert_load.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

constexpr double kLargestShare = 0.8;  // of the tokens: the largest popularity that is sampled
constexpr double kFewLow = 0.01;       // and the range when experts outnumber copies
constexpr double kFewHigh = 2;
constexpr double kMostSteps = 6;    // above so many tokens rounding does not change the moments
constexpr double kNearPole = 1e-3;  // moments of x^-a have removable poles at a = 1, 2 and 3: step aside

/// x^-a on [low, high], with the powers that its moments need.
struct PowerLaw {
  double power;  // 1 - a
  double low;
  double high;
  double low_power;
  double high_power;

  static PowerLaw on(double power, double low, double high) {
    return {power, low, high, std::pow(low, power), std::pow(high, power)};
  }
  double share_above(double x) const {
    if (x <= low) return 1;
    if (x >= high) return 0;
    return (high_power - std::pow(x, power)) / (high_power - low_power);
  }
  double mean() const { return (high * high_power - low * low_power) / (power + 1) * power / (high_power - low_power); }
  double mean_square() const {
    return (high * high * high_power - low * low * low_power) / (power + 2) * power / (high_power - low_power);
  }
};

/// Quantile of the largest of `count` standard normal variates.
/// Source: Blom's plotting position; Abramowitz and Stegun 26.2.23, absolute error below 5e-4.
double expected_largest_normal(double count) {
  const double tail = 0.625 / (count + 0.25);
  const double t = std::sqrt(-2 * std::log(tail));
  return t - (2.30753 + 0.27061 * t) / (1 + 0.99229 * t + 0.04481 * t * t);
}

/// Expected largest of `ranks` sums of `terms` variates, over the mean of such a sum.
double busiest_over_mean(double terms, double ranks, double mean, double variance, double largest) {
  if (ranks <= 1 || mean <= 0) return 1;
  const double shape = terms * mean * mean / std::max(variance, 1e-12);
  const double root = 1 - 1 / (9 * shape) + expected_largest_normal(ranks) / (3 * std::sqrt(shape));
  const double limit = largest / mean * ranks / (ranks + 1);
  return std::max(1.0, std::min(limit, std::pow(std::max(root, 0.0), 3)));
}

}  // namespace

ExpertLoad::ExpertLoad(const ExpertRouting& routing) : local_experts_(routing.experts / routing.ranks) {
  if (routing.exponent > 0) {
    route_by_popularity(routing);
  } else {
    route_evenly(routing);
  }
}

void ExpertLoad::route_evenly(const ExpertRouting& routing) {
  copies_ = routing.tokens * routing.per_token / routing.ranks;
  if (routing.exponent == ExpertRouting::kBalanced) {
    active_ = std::max(1.0, std::min(local_experts_, copies_));
    return;
  }
  const double idle = std::pow(1 - routing.per_token / routing.experts, routing.tokens);
  active_ = std::max(1.0, local_experts_ * (1 - idle));
  drawn_ = active_;
}

void ExpertLoad::route_by_popularity(const ExpertRouting& routing) {
  const double all_copies = routing.tokens * routing.per_token;
  const double mean_load = all_copies / routing.experts;
  power_ = 1 - routing.exponent;
  if (const double pole = std::round(power_); pole <= 0 && std::abs(power_ - pole) < kNearPole)
    power_ = pole - kNearPole;
  const bool few = all_copies <= routing.experts;
  const PowerLaw popularity =
      PowerLaw::on(power_, few ? kFewLow : 1, few ? kFewHigh : std::max(kLargestShare * routing.tokens, 1 + kNearPole));
  const double scale = mean_load / popularity.mean();  // load of an expert = scale x popularity
  const double chosen = popularity.share_above(0.5 / scale);

  // Moments of the loads, rounded to whole tokens.
  double mean = mean_load;
  double square = scale * scale * popularity.mean_square();
  if (scale * popularity.high < kMostSteps) {
    mean = 0;
    square = 0;
    for (double step = 0; scale * popularity.high > step + 0.5; ++step) {
      const double share = step == 0 ? chosen : popularity.share_above((step + 0.5) / scale);
      mean += share;
      square += (2 * step + 1) * share;
    }
    if (mean > mean_load) {
      square *= mean_load / mean * mean_load / mean;
      mean = mean_load;
    }
  }
  const double skew =
      busiest_over_mean(local_experts_, routing.ranks, mean, square - mean * mean, scale * popularity.high);

  copies_ = local_experts_ * mean * skew;
  active_ = std::min({local_experts_, local_experts_ * chosen * skew, copies_});
  drawn_ = active_;
  const double leftovers = (mean_load - mean) * routing.experts;
  if (routing.leftovers_to_first) {
    // First one more for each expert that has any, largest first; then the idle ones in their order.
    const double busy = routing.experts * chosen;
    copies_ += std::min(leftovers, busy) / routing.ranks * skew;
    const double woken = std::min(local_experts_ - active_, std::max(0.0, leftovers - busy));
    copies_ += woken;
    active_ += woken;
  } else if (leftovers > 0) {
    const double more = mean > 0 ? leftovers / routing.ranks : std::max(1.0, leftovers / routing.ranks);
    copies_ += more;
    active_ = std::min(local_experts_, active_ + more);
  }
  // A token chooses an expert once.
  copies_ = std::max(1.0, std::min({copies_, all_copies, local_experts_ * routing.tokens}));
  active_ = std::max(1.0, std::min(active_, copies_));
  drawn_ = std::min(drawn_, active_);

  // The active experts' loads keep the popularity's law, scaled to their mean.
  same_loads_ = local_experts_ < 1.5 || chosen <= 0;
  if (same_loads_) return;
  const double lowest = std::max(popularity.low, 0.5 / scale);
  const PowerLaw active = lowest == popularity.low ? popularity : PowerLaw::on(power_, lowest, popularity.high);
  const double to_load = copies_ / active_ / active.mean();
  const double factor = std::pow(to_load, power_);
  low_ = to_load * active.low;
  high_ = to_load * active.high;
  low_power_ = factor * active.low_power;
  high_power_ = factor * active.high_power;
}

double ExpertLoad::touched(double draws) const {
  return active_ - drawn_ + local_experts_ * (1 - std::pow(1 - std::min(1.0, drawn_ / local_experts_), draws));
}

double ExpertLoad::padded_rows(double tile) const {
  if (same_loads_) return active_ * std::ceil(std::max(copies_ / active_, 1.0) / tile) * tile;
  // Half a tile of padding on average where an expert has more than half a tile, else all of one tile.
  const double bound = tile / 2;
  if (bound <= low_) return copies_ + active_ * bound;
  if (bound >= high_) return active_ * tile;
  const double bound_power = std::pow(bound, power_);
  const double small = (bound_power - low_power_) / (high_power_ - low_power_);
  const double small_copies =
      (bound * bound_power - low_ * low_power_) / (power_ + 1) * power_ / (high_power_ - low_power_);
  return active_ * (small * tile + (1 - small) * bound - small_copies) + copies_;
}

}  // namespace orrery
