#pragma once

#include "orrery/base/quantity.h"
#include "orrery/network/transfer_cost.h"
#include "orrery/schema/enum_names.h"

namespace orrery {

/// What bounded a kernel.
enum class Limit { compute, memory, decoder, latency, link };
template <>
struct EnumNames<Limit> {
  static constexpr EnumRow<Limit> kRows[] = {
      {Limit::compute, "compute", "arithmetic, or the power that it may draw"},
      {Limit::memory, "memory", "bandwidth of the memory"},
      {Limit::decoder, "decoder", "expanding compressed weights"},
      {Limit::latency, "latency", "launch and other fixed costs"},
      {Limit::link, "link", "bandwidth between chips"},
  };
};

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

/// A transfer as a kernel of the chip that waits for it. A chip does no more than fixed work meanwhile.
inline KernelCost kernel_cost(const TransferCost& transfer) {
  KernelCost cost;
  cost.time = transfer.time;
  cost.link_bytes = transfer.sent();
  cost.dynamic_energy = transfer.energy;
  cost.limit = transfer.limit == TransferLimit::latency ? Limit::latency : Limit::link;
  return cost;
}

}  // namespace orrery
