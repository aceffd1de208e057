#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "orrery/operators/operator_form.h"

namespace orrery::attention {

/// Keys of one tile of scores, and the cached tokens that one step of a decode kernel covers.
inline constexpr double kTile = 128;
/// Queries, outputs and new keys and values are bf16 in all kernels seen.
inline constexpr double kActivationBytes = 2;
inline constexpr double kMicrosecond = 1e-6;

/// Bytes of a cached element; nothing where the family is unknown. Families are names of the cache's type.
inline double cache_element_bytes(std::string_view family) { return family == "fp8" ? 1 : 2; }

/// Fails unless `family` is a cache type that was seen: "bfloat16" or "fp8".
Result<void> accepts_family(std::string_view family);

/// Fails unless each of `names` is a whole number of at least `least`. Both in the order of the shape.
Result<void> accepts_counts(const Shape& shape, std::span<const std::string_view> names, std::span<const double> least);

/// (a^p + b^p)^(1/p): the sum at p = 1, the larger one as p grows.
inline double soft_maximum(double a, double b, double p) {
  const double larger = std::max(a, b);
  if (larger <= 0) return 0;
  return larger * std::pow(1 + std::pow(std::min(a, b) / larger, p), 1 / p);
}

/// Share of `bytes` that repeated calls find in the last-level cache: all while three quarters of it suffice,
/// falling to none when it is full, as replacement is not perfect. Source: assumed; the steps in measured decode
/// attention lie between 0.67 and 1.3 times the cache on A100, H100, L40S and B200.
inline double cache_hits(double bytes, const ChipFacts& chip) {
  return std::clamp(4 * (1 - bytes / chip.l2_bytes), 0.0, 1.0);
}

/// Time to move `bytes`, of which `hits` come from the cache, in us, at `efficiency` of what the memory gives to such
/// traffic. `cache_bytes_per_clock` is per unit.
inline double memory_us(double bytes, double hits, const ChipFacts& chip, AccessKind kind, double efficiency,
                        double cache_bytes_per_clock) {
  const double memory_rate = chip.achieved_Bps(kind, efficiency);
  const double cache_rate = std::max(memory_rate, cache_bytes_per_clock * chip.units * chip.clock_Hz);
  return ((1 - hits) * bytes / memory_rate + hits * bytes / cache_rate) / kMicrosecond;
}

/// Time of one unit for matrix products of `flops`, in us, at `fraction` of the pace of matrix units and shared memory,
/// but never above the dense peak for the `useful_flops` among them. `warps` warps each read the second operand (keys
/// or values), `operand_bytes` long, from shared memory. On sync chips a warp loads what its matrix instruction takes
/// before it, and both add up; asynchronous matrix units read shared memory themselves and hide it.
/// Source: 128 bytes per clock and unit since Volta is assumed, not checked against a document. Fitted steps of
/// FlashAttention-2 decode, 4190 clocks on A100 and 5980 on L40S, agree with it: 4096 and 6144 by this sum.
inline double products_us(double flops, double useful_flops, double operand_bytes, double warps, double fraction,
                          const ChipFacts& chip) {
  constexpr double kSharedMemoryBytesPerClock = 128;
  const double seconds_per_flop = chip.units / chip.bf16_flops;
  const double loads =
      chip.matrix_class == MatrixClass::sync ? warps * operand_bytes / (kSharedMemoryBytesPerClock * chip.clock_Hz) : 0;
  return std::max(useful_flops * seconds_per_flop, (flops * seconds_per_flop + loads) / fraction) / kMicrosecond;
}

/// Warps that share a tile in the kernels seen.
inline constexpr double kWarps = 4;

/// Tokens that a query sees of `tokens`: all, or the last `window` of them. A window of 0 means none.
inline double visible_tokens(double tokens, double window) { return window > 0 ? std::min(tokens, window) : tokens; }

}  // namespace orrery::attention
