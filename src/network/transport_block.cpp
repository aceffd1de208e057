#include "orrery/network/transport_block.h"

#include <algorithm>
#include <bit>

#include "orrery/base/result.h"

namespace orrery {
namespace {

// TS 38.214, table 5.1.3.2-1.
constexpr std::int64_t kSmallBlocks[] = {
    24,   32,   40,   48,   56,   64,   72,   80,   88,   96,   104,  112,  120,  128,  136,  144,  152,  160,  168,
    176,  184,  192,  208,  224,  240,  256,  272,  288,  304,  320,  336,  352,  368,  384,  408,  432,  456,  480,
    504,  528,  552,  576,  608,  640,  672,  704,  736,  768,  808,  848,  888,  928,  984,  1032, 1064, 1128, 1160,
    1192, 1224, 1256, 1288, 1320, 1352, 1416, 1480, 1544, 1608, 1672, 1736, 1800, 1864, 1928, 2024, 2088, 2152, 2216,
    2280, 2408, 2472, 2536, 2600, 2664, 2728, 2792, 2856, 2976, 3104, 3240, 3368, 3496, 3624, 3752, 3824};
constexpr std::int64_t kLargestSmallBlock = 3824;
constexpr int kMostElements = 156;  // of one resource block
constexpr int kRateBits = 11;       // a code rate is a multiple of 1/2048
constexpr std::int64_t kChecksum = 24;

constexpr int floor_log2(std::int64_t value) { return std::bit_width(static_cast<std::uint64_t>(value)) - 1; }
constexpr std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// `scaled` is the number of information bits x 2048.
std::int64_t small_block(std::int64_t scaled) {
  const std::int64_t whole = scaled >> kRateBits;
  const int n = whole < 1 ? 3 : std::max(3, floor_log2(whole) - 6);
  const std::int64_t quantised = std::max<std::int64_t>(24, whole >> n << n);
  return *std::lower_bound(std::begin(kSmallBlocks), std::end(kSmallBlocks), quantised);
}

std::int64_t large_block(std::int64_t scaled, bool low_rate) {
  const std::int64_t rest = scaled - (kChecksum << kRateBits);
  const int n = floor_log2(rest >> kRateBits) - 5;
  const int shift = n + kRateBits;
  const std::int64_t rounded = (rest + (std::int64_t{1} << (shift - 1))) >> shift << n;  // half goes up
  const std::int64_t bits = std::max<std::int64_t>(3840, rounded) + kChecksum;
  std::int64_t code_blocks = 1;
  if (low_rate) {
    code_blocks = ceil_divide(bits, 3816);
  } else if (bits - kChecksum > 8424) {
    code_blocks = ceil_divide(bits, 8424);
  }
  return 8 * code_blocks * ceil_divide(bits, 8 * code_blocks) - kChecksum;
}

}  // namespace

std::int64_t transport_block_bits(const BlockShape& shape) {
  ORRERY_CHECK(shape.elements >= 0 && shape.resource_blocks >= 0 && shape.layers >= 1 && shape.layers <= 4);
  const std::int64_t elements = std::int64_t{std::min(kMostElements, shape.elements)} * shape.resource_blocks;
  if (elements == 0) return 0;
  const std::int64_t scaled = elements * shape.coding.rate_2048 * shape.coding.symbol_bits * shape.layers;
  if (scaled <= kLargestSmallBlock << kRateBits) return small_block(scaled);
  return large_block(scaled, 4 * shape.coding.rate_2048 <= 1 << kRateBits);
}

}  // namespace orrery
