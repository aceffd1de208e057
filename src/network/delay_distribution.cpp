#include "orrery/network/delay_distribution.h"

#include <algorithm>

#include "orrery/base/result.h"

namespace orrery {

DelayDistribution::DelayDistribution(std::vector<Stretch> stretches) : stretches_(std::move(stretches)) {
  double sum = 0;
  for (const Stretch& stretch : stretches_) {
    ORRERY_CHECK(stretch.weight >= 0 && stretch.low >= 0 && stretch.width >= 0);
    sum += stretch.weight;
  }
  ORRERY_CHECK(sum > 0);
  for (Stretch& stretch : stretches_) stretch.weight /= sum;
  build_columns();
}

void DelayDistribution::build_columns() {
  const std::size_t count = stretches_.size();
  std::vector<double> left(count);  // of the weight, in columns
  std::vector<std::size_t> small;
  std::vector<std::size_t> large;
  for (std::size_t i = 0; i < count; ++i) {
    left[i] = stretches_[i].weight * static_cast<double>(count);
    (left[i] < 1 ? small : large).push_back(i);
  }
  const auto add = [&](std::size_t own, std::size_t other, double split) {
    const Stretch& a = stretches_[own];
    const Stretch& b = stretches_[other];
    columns_.push_back({split, a.low, split > 0 ? a.width / split : 0, b.low, split < 1 ? b.width / (1 - split) : 0});
  };
  while (!small.empty() && !large.empty()) {
    const std::size_t low = small.back();
    const std::size_t high = large.back();
    small.pop_back();
    add(low, high, left[low]);
    left[high] -= 1 - left[low];
    if (left[high] < 1) {
      large.pop_back();
      small.push_back(high);
    }
  }
  for (const std::size_t i : small) add(i, i, 1);  // what rounding left
  for (const std::size_t i : large) add(i, i, 1);
}

double DelayDistribution::mean() const {
  double sum = 0;
  for (const Stretch& stretch : stretches_) sum += stretch.weight * (stretch.low + stretch.width / 2);
  return sum;
}

double DelayDistribution::share_up_to(double ticks) const {
  double share = 0;
  for (const Stretch& stretch : stretches_) {
    if (ticks >= stretch.low + stretch.width) {
      share += stretch.weight;
    } else if (ticks > stretch.low) {
      share += stretch.weight * (ticks - stretch.low) / stretch.width;
    }
  }
  return share;
}

double DelayDistribution::percentile(double fraction) const {
  ORRERY_CHECK(fraction > 0 && fraction < 1);
  double low = 0;
  double high = 0;
  for (const Stretch& stretch : stretches_) high = std::max(high, stretch.low + stretch.width);
  constexpr double kPrecision = 1e-3;  // of a tick
  while (high - low > kPrecision) {
    const double middle = (low + high) / 2;
    (share_up_to(middle) < fraction ? low : high) = middle;
  }
  return (low + high) / 2;
}

namespace {

template <class Carry>
DelayDistribution delays_of(const SlotCalendar& calendar, RadioTicks stack, const Retransmissions& errors,
                            const Carry& carry) {
  const RadioTicks slot = calendar.timing().pattern.slot();
  std::vector<DelayDistribution::Stretch> stretches;
  for (int failures = 0; failures <= errors.most; ++failures) {
    const double probability = errors.probability(failures);
    if (probability <= 0) continue;
    RadioTicks done_before = -1;
    for (std::int64_t first = 0; first < calendar.period_slots(); ++first) {
      // the latest arrival that still takes this slot, a whole period later so that no time is negative
      const RadioTicks arrived = first * slot - stack + calendar.period() * (stack / calendar.period() + 1);
      const RadioTicks done = carry(arrived, failures).done;
      const auto delay = static_cast<double>(done - arrived);
      if (done == done_before) {  // waits for the same slot as the arrivals of the slot before
        stretches.back().low = delay;
        stretches.back().width += static_cast<double>(slot);
        stretches.back().weight += probability;
      } else {
        stretches.push_back({probability, delay, static_cast<double>(slot)});
      }
      done_before = done;
    }
  }
  return DelayDistribution(std::move(stretches));
}

}  // namespace

DelayDistribution downlink_delays(const SlotCalendar& calendar, const Retransmissions& errors) {
  return delays_of(calendar, calendar.timing().gnb, errors,
                   [&](RadioTicks arrived, int failures) { return calendar.downlink(arrived, failures); });
}

DelayDistribution uplink_delays(const SlotCalendar& calendar, const Retransmissions& errors) {
  return delays_of(calendar, calendar.timing().ue, errors,
                   [&](RadioTicks arrived, int failures) { return calendar.uplink(arrived, failures); });
}

}  // namespace orrery
