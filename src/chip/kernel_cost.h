#pragma once

#include "orrery/base/quantity.h"

namespace orrery {

/// What bounded a kernel.
enum class Limit { compute, memory, latency, link };

/// One kernel on one chip.
struct KernelCost {
  Seconds time;
  Flops flops;            ///< executed, padding included
  Bytes memory_bytes;     ///< read and written
  Bytes link_bytes;       ///< sent to other chips
  Joules dynamic_energy;  ///< above static power
  Limit limit = Limit::latency;

  /// Keeps the limit of the longer of the two.
  KernelCost& operator+=(const KernelCost& b) {
    if (b.time > time) limit = b.limit;
    time += b.time;
    flops += b.flops;
    memory_bytes += b.memory_bytes;
    link_bytes += b.link_bytes;
    dynamic_energy += b.dynamic_energy;
    return *this;
  }
  friend KernelCost operator+(KernelCost a, const KernelCost& b) { return a += b; }
  friend KernelCost operator*(double k, const KernelCost& c) {
    return {k * c.time, k * c.flops, k * c.memory_bytes, k * c.link_bytes, k * c.dynamic_energy, c.limit};
  }
};

}  // namespace orrery
