#include "orrery/chip/kernel_time.h"

#include <algorithm>
#include <cmath>

namespace orrery {

Seconds soft_maximum(Seconds a, Seconds b, double p) {
  const Seconds high = std::max(a, b);
  const Seconds low = std::min(a, b);
  if (low == Seconds(0)) return high;
  return high * std::pow(1 + std::pow(low / high, p), 1 / p);
}

PowerLimited limited_by_power(Seconds time, Seconds compute, Joules compute_energy, Joules traffic_energy,
                              Watts limit) {
  if (compute_energy + traffic_energy <= limit * time) return {time, compute_energy + traffic_energy, false};
  if (compute == Seconds(0) || compute_energy == Joules(0)) {
    const Joules energy = compute_energy + traffic_energy;
    return {energy / limit, energy, true};
  }
  // Energy / time = limit, with r = clock / full clock:
  //   compute_energy r^3 + (traffic_energy - limit (time - compute)) r - limit compute = 0.
  // Convex for r > 0, negative at 0 and positive at 1: Newton's steps from 1 come down to the root.
  const double cubic = compute_energy.si();
  const double linear = (traffic_energy - limit * (time - compute)).si();
  const double constant = (limit * compute).si();
  double r = 1;
  for (int i = 0; i < 20; ++i) {
    const double step = ((cubic * r * r + linear) * r - constant) / (3 * cubic * r * r + linear);
    r -= step;
    if (std::abs(step) < 1e-9 * r) break;
  }
  const Joules energy = r * r * compute_energy + traffic_energy;
  return {std::max(energy / limit, time), energy, true};
}

}  // namespace orrery
