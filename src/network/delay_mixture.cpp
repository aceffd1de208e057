#include "orrery/network/delay_mixture.h"

#include <cmath>

#include "orrery/base/result.h"

namespace orrery {

DelayMixture::DelayMixture(std::vector<Part> parts) : parts_(std::move(parts)) {
  double sum = 0;
  for (const Part& part : parts_) {
    ORRERY_CHECK(part.share >= 0 && part.sigma >= 0 && part.constant >= Seconds(0) && part.median >= Seconds(0));
    sum += part.share;
  }
  ORRERY_CHECK(sum > 0);
  for (Part& part : parts_) part.share /= sum;
}

Seconds DelayMixture::mean() const {
  Seconds sum;
  for (const Part& part : parts_) {
    sum += part.share * (part.constant + part.median * std::exp(part.sigma * part.sigma / 2));
  }
  return sum;
}

double DelayMixture::share_up_to(Seconds delay) const {
  double share = 0;
  for (const Part& part : parts_) {
    const Seconds above = delay - part.constant;
    if (part.sigma <= 0 || part.median <= Seconds(0)) {
      share += above >= part.median ? part.share : 0;
    } else if (above > Seconds(0)) {
      const double z = std::log(above / part.median) / part.sigma;
      share += part.share * 0.5 * std::erfc(-z / std::sqrt(2.0));
    }
  }
  return share;
}

Seconds DelayMixture::percentile(double fraction) const {
  ORRERY_CHECK(fraction > 0 && fraction < 1);
  Seconds low(0);
  Seconds high(1e-9);
  while (share_up_to(high) < fraction) high = 2 * high;
  constexpr int kHalvings = 60;
  for (int i = 0; i < kHalvings; ++i) {
    const Seconds middle = (low + high) / 2;
    (share_up_to(middle) < fraction ? low : high) = middle;
  }
  return high;
}

Seconds DelayMixture::draw(RandomStream& stream) const {
  double left = stream.uniform();
  const double z = stream.normal();
  const Part* chosen = &parts_.back();
  for (const Part& part : parts_) {
    if (left < part.share) {
      chosen = &part;
      break;
    }
    left -= part.share;
  }
  return chosen->constant + chosen->median * std::exp(chosen->sigma * z);
}

}  // namespace orrery
