#include <algorithm>
#include <cmath>

#include "orrery/chip/chip.h"

namespace orrery {
namespace {

constexpr double kOutputBytes = 2;        // bf16
constexpr double kQuantizationBytes = 3;  // per element: read bf16, write 8 bits
constexpr double kRowsPerExpansion = 64;  // rows of A that share one expansion of a weight; assumed

}  // namespace

/// T = fixed + soft maximum of matrix and memory time. Narrow activations are quantised by a kernel of their own
/// before; narrow weights alone are expanded beside the matrix units, once per 64 rows; weights in the chip's own
/// compression pass its decoder (product_time).
/// Source: closed forms fitted to the AIConfigurator kernel tables.
/// Valid: 1 <= m, n, k <= 65536, n > 64; mean error on the data 4 to 13 %, largest for 64 < m <= 1024.
KernelCost Chip::gemm(const GemmShape& shape) const {
  const MathRate& math = rate(shape.weights, shape.activations);
  const GemmConstants& constants = family_.gemm;
  const double weight_size = weight_bytes(shape.weights);
  const double activation_bytes = bytes_per_element(shape.activations);

  KernelCost work;
  const ProductTime product = product_time({shape.m, shape.n, shape.k}, shape.weights, math, math.peak_fraction);
  work.flops = product.flops;
  work.memory_bytes =
      Bytes(weight_size * shape.n * shape.k + activation_bytes * shape.m * shape.k + kOutputBytes * shape.m * shape.n);
  Phases phases;
  phases.fixed = constants.fixed_time.value;
  phases.compute = product.time;
  phases.waits_for_decoder = product.waits_for_decoder;
  phases.memory = work.memory_bytes / achieved(AccessKind::weight_stream);
  phases.overlap_exponent = constants.overlap_exponent.value;
  if (weight_size < activation_bytes && shape.weights != Precision::compressed) {
    ORRERY_CHECK(family_.gemm_weight_only.has_value());
    const double per_clock = family_.gemm_weight_only->weights_per_clock_per_unit.value * units();
    const double expansions = std::ceil(shape.m / kRowsPerExpansion) * shape.n * shape.k;
    phases.compute += expansions / per_clock / chip_.matrix_clock.value;
  }
  KernelCost cost = timed(phases, work, math);
  if (math.quantization_bytes_per_element == 0) return cost;

  KernelCost quantization;
  quantization.memory_bytes = Bytes(kQuantizationBytes * shape.m * shape.k);
  Phases pass;
  pass.fixed = math.quantization_time;
  pass.memory = Bytes(math.quantization_bytes_per_element * shape.m * shape.k) / achieved(AccessKind::mixed);
  cost += timed(pass, quantization, rate(MathPrecision::bf16));
  return cost;
}

}  // namespace orrery
