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

/// Every slot that an arrival can wait for, with every number of losses: `take(probability, is_first, packet)`, where
/// the packet is the latest that still takes the slot. A whole period later, so that no time is negative.
template <class Carry, class Take>
void walk(const SlotCalendar& calendar, RadioTicks stack, const Retransmissions& errors, const Carry& carry,
          const Take& take) {
  const RadioTicks slot = calendar.timing().pattern.slot();
  const RadioTicks later = calendar.period() * (stack / calendar.period() + 1);
  for (int failures = 0; failures <= errors.most; ++failures) {
    const double probability = errors.probability(failures);
    if (probability <= 0) continue;
    for (std::int64_t first = 0; first < calendar.period_slots(); ++first) {
      take(probability, first == 0, carry(first * slot - stack + later, failures));
    }
  }
}

template <class Carry>
DelayDistribution delays_of(const SlotCalendar& calendar, RadioTicks stack, const Retransmissions& errors,
                            const Carry& carry) {
  const auto slot = static_cast<double>(calendar.timing().pattern.slot());
  std::vector<DelayDistribution::Stretch> stretches;
  RadioTicks done_before = -1;
  walk(calendar, stack, errors, carry, [&](double probability, bool is_first, const PacketTimes& packet) {
    const auto delay = static_cast<double>(packet.total());
    if (!is_first && packet.done == done_before) {  // waits for the same slot as the arrivals of the slot before
      stretches.back().low = delay;
      stretches.back().width += slot;
      stretches.back().weight += probability;
    } else {
      stretches.push_back({probability, delay, slot});
    }
    done_before = packet.done;
  });
  return DelayDistribution(std::move(stretches));
}

template <class Carry>
MeanParts parts_of(const SlotCalendar& calendar, RadioTicks stack, const Retransmissions& errors, const Carry& carry) {
  const double each = 1 / static_cast<double>(calendar.period_slots());
  const auto half_slot = static_cast<double>(calendar.timing().pattern.slot()) / 2;  // earlier arrivals wait longer
  MeanParts mean;
  walk(calendar, stack, errors, carry, [&](double probability, bool /*is_first*/, const PacketTimes& packet) {
    const auto add = [&](double& part, RadioTicks from, RadioTicks to) {
      part += probability * each * static_cast<double>(to - from);
    };
    add(mean.sender, packet.arrived, packet.processed);
    add(mean.request, packet.processed, packet.requested);
    add(mean.report, packet.requested, packet.reported);
    add(mean.data, packet.reported, packet.first_sent);
    add(mean.repeats, packet.first_sent, packet.last_sent);
    add(mean.receiver, packet.last_sent, packet.done);
  });
  (mean.request > 0 ? mean.request : mean.data) += half_slot;
  return mean;
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

MeanParts downlink_parts(const SlotCalendar& calendar, const Retransmissions& errors) {
  return parts_of(calendar, calendar.timing().gnb, errors,
                  [&](RadioTicks arrived, int failures) { return calendar.downlink(arrived, failures); });
}

MeanParts uplink_parts(const SlotCalendar& calendar, const Retransmissions& errors) {
  return parts_of(calendar, calendar.timing().ue, errors,
                  [&](RadioTicks arrived, int failures) { return calendar.uplink(arrived, failures); });
}

}  // namespace orrery
