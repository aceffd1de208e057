#pragma once

#include "orrery/base/quantity.h"

namespace orrery {

/// (a^p + b^p)^(1/p): the sum for p = 1, towards the larger one for large p. Pre: a, b >= 0, p >= 1.
Seconds soft_maximum(Seconds a, Seconds b, double p);

/// A kernel's time and energy once its power is within a limit.
struct PowerLimited {
  Seconds time;
  Joules dynamic_energy;
  bool stretched = false;
};

/// Lowers the clock of the matrix phase until the mean dynamic power is `limit`. At a fraction r of full clock that
/// phase takes 1/r of `compute` and its FLOPs r^2 of their energy, so that power goes as r^3; the extra time adds to
/// `time`. Traffic that alone would pass the limit is slowed down as well.
/// Source: dynamic power ~ f V^2 with V ~ f.
/// Valid: near the usual clocks; measured on one B200, whose large products sit at the limit.
PowerLimited limited_by_power(Seconds time, Seconds compute, Joules compute_energy, Joules traffic_energy, Watts limit);

}  // namespace orrery
