#include <algorithm>
#include <cmath>

#include "orrery/chip/chip.h"

namespace orrery {
namespace {

/// Operations of a lookup product over those of a dense one: `planes` reads and adds for each table of activations,
/// and the adds that fill a table, shared by all n outputs.
/// Source: LUT-GEMM (arXiv 2206.09557), section 3; one table read and add counts as one multiply-add.
double lookup_share(double planes, double activations_per_table, double n) {
  return planes / activations_per_table + std::exp2(activations_per_table) / (activations_per_table * n);
}

}  // namespace

/// Matrix units at `peak_fraction` of their peak; arrays by their folds, unless their vector units are faster, which
/// they are for few rows; a decoder that is slower than both sets the pace.
Chip::ProductTime Chip::product_time(const Products& products, Precision weights, const MathRate& math,
                                     double peak_fraction) const {
  const bool is_compressed = weights == Precision::compressed;
  const bool by_lookup = is_compressed && chip_.compression->lookup.has_value();
  ProductTime result;
  result.flops = Flops(2 * products.count * products.m * products.n * products.k);
  if (by_lookup) {
    const auto per_table = static_cast<double>(chip_.compression->lookup->activations_per_table.value);
    result.flops = lookup_share(chip_.compression->weights.code_bits.value, per_table, products.n) * result.flops;
  }
  result.time = result.flops / (peak_fraction * math.peak);
  if (chip_.array && !by_lookup) {
    const double clocks =
        systolic_clocks(*chip_.array, units(), products.m, products.n, products.k, products.count) / peak_fraction;
    const double speed = math.peak / rate(MathPrecision::bf16).peak;  // narrow operands go through in fewer clocks
    result.time = std::min(clocks / (speed * chip_.matrix_clock.value), result.flops / chip_.array->vector_peak.value);
  }
  if (!is_compressed) return result;
  const Bytes compressed(products.count * products.n * products.k * weight_bytes(weights));
  const Seconds decoding = compressed / chip_.compression->decoder_rate.value;
  result.waits_for_decoder = decoding > result.time;
  result.time = std::max(result.time, decoding);
  return result;
}

}  // namespace orrery
