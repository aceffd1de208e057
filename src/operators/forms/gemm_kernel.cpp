#include "orrery/operators/forms/gemm_kernel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace orrery::gemm {
namespace {

constexpr double kOutputBytes = 2;
constexpr double kUnquantizedBytes = 2;
constexpr double kReferenceMegahertz = 1830;  // H100's; splits and energy per FLOP are stated at it
constexpr double kDynamicShare = 0.8;         // of the power limit; the rest is static. Assumed
// Synchronous matrix instructions take operands from registers, which the same warps have to fill: a tile costs as
// if it were this much wider and taller. Chosen by cross-validation on A100 and L40S.
constexpr double kOperandEdge = 8;
constexpr double kPartialSumBytes = 8;    // a 4-byte partial sum is written and read
constexpr double kPartialSumSpeed = 2.5;  // over memory bandwidth: partial sums stay in the cache. Assumed

struct Tile {
  double rows;
  double columns;
};
constexpr Tile kTiles[] = {{16, 64},  {64, 16},   {16, 128},  {128, 16},  {32, 64},  {64, 32},
                           {32, 128}, {128, 32},  {64, 64},   {64, 128},  {128, 64}, {64, 256},
                           {256, 64}, {128, 128}, {128, 256}, {256, 128}, {256, 256}};
constexpr double kSplits[] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32};

/// Source: dispatch by m of vLLM's scaled_mm for sm89 (sync) and sm90 (async), simplified.
Tile least_tile(const Library& library, MatrixClass matrix_class, double rows) {
  if (library.tiles == TileChoice::any) return {0, 0};
  if (library.tiles == TileChoice::tall) return {64, 0};
  if (rows <= 16) return {16, 64};
  if (rows <= 32) return {32, 64};
  if (matrix_class == MatrixClass::async) {
    if (rows <= 64) return {64, 64};
    return rows <= 128 ? Tile{64, 128} : Tile{128, 128};
  }
  if (rows <= 128) return {64, 128};
  return rows <= 256 ? Tile{128, 64} : Tile{128, 128};
}

/// ceil() of a number from 0 to 2^62, without the library call.
double rounded_up(double x) {
  const auto whole = static_cast<double>(static_cast<std::int64_t>(x));
  return whole < x ? whole + 1 : whole;
}

double soft_maximum(double a, double b, double exponent) {
  const double longer = std::max(a, b);
  return longer * std::pow(1 + std::pow(std::min(a, b) / longer, exponent), 1 / exponent);
}

/// The soft maximum with exponent 4, without pow().
double blended(double a, double b) {
  const double a_squared = a * a;
  const double b_squared = b * b;
  return std::sqrt(std::sqrt(a_squared * a_squared + b_squared * b_squared));
}

/// A tile of this problem: what does not depend on how k is split.
struct Work {
  double tiles_per_unit;
  double iteration_us;
  double fixed_us;
  Tile tile;
};

/// Share of `bytes` that a cache no longer holds when they come around again. Caches are not strictly
/// least-recently-used: they fail over a range of sizes.
double missed_share(double bytes, double cache_bytes) {
  const double fits = cache_bytes / bytes;
  const double squared = fits * fits;
  const double fourth = squared * squared;
  return 1 / (1 + fourth * fourth);
}

/// What the power limit does to a kernel that would run for `unlimited_us` at full clock in a loop.
/// Energy per FLOP grows with the square of the voltage, and so of the clock; power with its cube.
double throttle(const Problem& p, const ChipFacts& chip, double flop_picojoules, double unlimited_us) {
  const double clock = chip.clock_Hz * 1e-6 / kReferenceMegahertz;
  const double picojoules = flop_picojoules * clock * clock * p.activation_bytes / 2;
  const double power_W = 2 * p.m * p.n * p.k * picojoules * 1e-6 / unlimited_us;
  const double excess = power_W / (kDynamicShare * chip.power_limit_W);
  return excess > 1 ? std::cbrt(excess) : 1;
}

}  // namespace

KernelTime kernel_time(const Problem& p, const Library& library, const ChipFacts& chip,
                       std::span<const double> constants, bool cached, double weights_per_clock) {
  const double clock = chip.clock_Hz * 1e-6;  // per us
  const double unit_rate = p.peak_flops * 1e-6 / chip.units * constants[at::matrix_fraction];
  const double latency_us = constants[at::iteration] / clock;
  const double edge = chip.matrix_class == MatrixClass::sync && !library.plain_iterations ? kOperandEdge : 0;
  const Tile least = least_tile(library, chip.matrix_class, p.m);

  std::array<Work, std::size(kTiles)> works;
  std::size_t count = 0;
  for (const Tile& tile : kTiles) {
    if (tile.rows < least.rows || tile.columns < least.columns) continue;
    const double matrix_us = 2 * (tile.rows + edge) * (tile.columns + edge) * p.iteration_elements / unit_rate +
                             tile.columns * p.iteration_elements / (weights_per_clock * clock);
    const double iteration_us =
        library.plain_iterations ? std::max(matrix_us, latency_us) : blended(matrix_us, latency_us);
    const double tiles = rounded_up(p.m / tile.rows) * rounded_up(p.n / tile.columns);
    works[count++] = {tiles / chip.units, iteration_us, constants[at::tile] / clock + constants[at::fill] * matrix_us,
                      tile};
  }

  KernelTime best;
  best.memory_us = operand_bytes(p) /
                   (chip.achieved_Bps(AccessKind::weight_stream, constants[at::controller_factor]) * 1e-6) /
                   (cached ? constants[at::cache_speed] : 1);
  best.us = std::numeric_limits<double>::infinity();
  const double partial_us = kPartialSumBytes * p.m * p.n / (kPartialSumSpeed * chip.bandwidth_Bps * 1e-6);
  for (const double ways : kSplits) {
    if (ways > 1 && (!library.splits_k || p.k < ways * p.iteration_elements)) break;
    const double split_us = ways > 1 ? constants[at::split] * kReferenceMegahertz / clock + partial_us * ways : 0;
    if (split_us + best.memory_us >= best.us) break;
    const double iterations = rounded_up(p.k / (p.iteration_elements * ways));
    const Work* fastest = nullptr;
    double tiles_us = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < count; ++i) {
      const Work& work = works[i];
      const double per_unit = work.tiles_per_unit * ways;
      const double waves = per_unit <= 1 ? 1 : per_unit + constants[at::rounding] * (rounded_up(per_unit) - per_unit);
      const double us = waves * (iterations * work.iteration_us + work.fixed_us);
      if (us >= tiles_us) continue;
      tiles_us = us;
      fastest = &work;
    }
    if (split_us + tiles_us >= best.us) continue;
    const double us = split_us + soft_maximum(tiles_us, best.memory_us, constants[at::overlap]);
    if (us >= best.us) continue;
    best.us = us;
    best.tiles_us = tiles_us;
    best.split_us = split_us;
    best.split_ways = ways;
    best.tile_rows = fastest->tile.rows;
    best.tile_columns = fastest->tile.columns;
  }
  best.throttle_us = best.us * (throttle(p, chip, constants[at::flop_energy], best.us + constants[at::launch]) - 1);
  best.us += constants[at::launch] + best.throttle_us;
  return best;
}

double quantization_us(const Problem& p, const ChipFacts& chip, std::span<const double> constants) {
  const double rows = p.m / chip.units;
  const double cycles = rows * blended(constants[at::quantization_element] * p.k, constants[at::quantization_row]);
  const double source_bytes = kUnquantizedBytes * p.m * p.k;
  const double bytes = missed_share(source_bytes, chip.l2_bytes) * constants[at::quantization_passes] * source_bytes +
                       p.activation_bytes * p.m * p.k;
  const double memory_us = bytes / (chip.achieved_Bps(AccessKind::mixed, constants[at::controller_factor]) * 1e-6);
  const double single_us = p.m == 1 ? constants[at::single_row] : 0;
  return constants[at::quantization_launch] + single_us + std::max(cycles / (chip.clock_Hz * 1e-6), memory_us);
}

double closed_form_us(const Problem& p, const ChipFacts& chip, double launch_us, double matrix_fraction,
                      double bandwidth_fraction, double overlap) {
  const double matrix_us = 2 * p.m * p.n * p.k / (matrix_fraction * p.peak_flops * 1e-6);
  const double bytes_us = operand_bytes(p) / (bandwidth_fraction * chip.bandwidth_Bps * 1e-6);
  return launch_us + soft_maximum(matrix_us, bytes_us, overlap);
}

double operand_bytes(const Problem& p) {
  return p.weight_bytes * p.n * p.k + p.activation_bytes * p.m * p.k + kOutputBytes * p.m * p.n;
}

double roofline_us(const Problem& p, const ChipFacts& chip) {
  return std::max(2 * p.m * p.n * p.k / p.peak_flops, operand_bytes(p) / chip.bandwidth_Bps) * 1e6;
}

}  // namespace orrery::gemm
