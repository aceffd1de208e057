#include "orrery/chip/chip.h"

namespace orrery {

/// Source: fits to Vidur's kernel profiles; one prior for all such kernels of a family.
KernelCost Chip::elementwise(Bytes bytes) const {
  KernelCost work;
  work.memory_bytes = bytes;
  Phases phases;
  phases.fixed = family_.elementwise.fixed_time.value;
  phases.memory = bytes / (family_.elementwise.pass_efficiency.value * achieved(AccessKind::mixed));
  return timed(phases, work, rate(MathPrecision::bf16));
}

KernelCost Chip::elementwise_stream(Bytes bytes) const {
  return stream(bytes, family_.elementwise.pass_efficiency.value * achieved(AccessKind::mixed));
}

}  // namespace orrery
