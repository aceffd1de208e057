#include <cmath>

#include "orrery/chip/compression_record.h"

namespace orrery {
namespace {

constexpr double kScaleBits = 16;

double mask_bits(const CompressionScheme& scheme) {
  const double pruned = scheme.sparsity.value;
  switch (scheme.mask) {
    case PruningMask::none:
      return 0;
    case PruningMask::bitmap:
      return 1;
    case PruningMask::entropy:
      return pruned == 0 ? 0 : -pruned * std::log2(pruned) - (1 - pruned) * std::log2(1 - pruned);
  }
  return 0;
}

}  // namespace

double bits_per_element(const CompressionScheme& scheme) {
  const double scales = scheme.coding == Coding::uniform ? 2 * kScaleBits : kScaleBits * scheme.code_bits.value;
  return (1 - scheme.sparsity.value) * scheme.code_bits.value + mask_bits(scheme) +
         scales / static_cast<double>(scheme.group_size.value);
}

}  // namespace orrery
