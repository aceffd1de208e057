#include <algorithm>
#include <cmath>

#include "orrery/chip/chip.h"

namespace orrery {
namespace {

constexpr double kActivationBytes = 2;  // bf16 between the products

/// Experts of this rank that any token visits.
double active_experts(const ExpertsShape& shape, double copies) {
  const double local = shape.count / shape.expert_parallel;
  if (shape.routing == Routing::balanced) return std::max(1.0, std::min(local, std::max(copies, 1.0)));
  return std::max(1.0, local * (1 - std::pow(1 - shape.per_token / shape.count, shape.tokens)));
}

}  // namespace

/// Products of the visited experts, padded to the kernel's row tile, against their weights and the token copies;
/// routing, permutation and reduction run over all tokens.
/// Source: closed form fitted to the AIConfigurator kernel tables in bf16. Other precisions keep its constants and
/// change the matrix rate and the bytes per weight.
/// Valid: 8 to 17 % mean error on Hopper and Blackwell, 22 to 31 % on Ada and Ampere; elsewhere 25 to 40 %.
KernelCost Chip::experts(const ExpertsShape& shape) const {
  const MathRate& math = rate(shape.weights, shape.activations);
  const ExpertsConstants& constants = family_.experts;
  const double copies = shape.tokens * shape.per_token / shape.expert_parallel;
  const double active = active_experts(shape, copies);
  const double tile = constants.row_tile.value;
  const double rows = active * std::ceil(std::max(copies / active, 1.0) / tile) * tile;
  const double weights = shape.gemms_per_expert * shape.hidden_size * shape.intermediate_size;
  const double copy_elements = 2 * shape.hidden_size + shape.gemms_per_expert * shape.intermediate_size;
  const Bytes streamed(weights * active * weight_bytes(shape.weights) + copies * copy_elements * kActivationBytes);
  const Bytes routed(shape.tokens * kActivationBytes * (2 + shape.per_token) * shape.hidden_size);

  const ProductTime product =
      product_time({rows / active, shape.intermediate_size, shape.hidden_size, shape.gemms_per_expert * active},
                   shape.weights, math, constants.peak_fraction.value);
  KernelCost work;
  work.flops = product.flops;
  work.memory_bytes = streamed + routed;
  Phases phases;
  phases.fixed = constants.fixed_time.value + active * constants.per_expert_time.value +
                 constants.routing_factor.value * routed / achieved(AccessKind::mixed);
  phases.compute = product.time;
  phases.waits_for_decoder = product.waits_for_decoder;
  phases.memory = streamed / achieved(AccessKind::weight_stream);
  phases.overlap_exponent = constants.overlap_exponent.value;
  return timed(phases, work, math);
}

}  // namespace orrery
