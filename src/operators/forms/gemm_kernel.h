#pragma once

#include <span>

#include "orrery/operators/operator_form.h"

namespace orrery::gemm {

/// C[m,n] = A[m,k] B[n,k], as one kernel sees it. C is written in 16 bits.
struct Problem {
  double m = 0;
  double n = 0;
  double k = 0;
  double activation_bytes = 2;     ///< of an element of A
  double weight_bytes = 2;         ///< of an element of B, scales included
  double iteration_elements = 64;  ///< elements of k in one iteration of the main loop: 128 bytes of A
  double peak_flops = 0;           ///< dense, per second, in the precision of the arithmetic
};

/// Which tiles a kernel library lets itself choose from.
enum class TileChoice {
  any,      ///< the one that ends first
  tall,     ///< the same, but of 64 rows or more: a warp group's worth
  by_rows,  ///< a table gives the least tile for the number of rows alone
};

/// What a kernel library can do.
struct Library {
  bool splits_k = true;  ///< several units may share the sum over k of one tile
  TileChoice tiles = TileChoice::any;
  bool plain_iterations = false;  ///< an iteration is the longer of matrix time and latency, and no more
};

/// Where each constant lies among those of a form.
namespace at {
/// Of the tile model.
enum Kernel {
  launch,
  matrix_fraction,
  flop_energy,
  controller_factor,
  iteration,
  fill,
  tile,
  split,
  overlap,
  rounding,
  cache_speed,
  kernel_count
};
/// Of the pass that quantises A before the kernel.
enum Quantization {
  quantization_launch = kernel_count,
  quantization_element,
  quantization_row,
  quantization_passes,
  single_row,
  quantized_count
};
/// Of kernels that expand narrow weights in their main loop.
enum Expansion { expansion = kernel_count, expanded_count };
}  // namespace at

/// Time of a kernel and what it is made of.
struct KernelTime {
  double us = 0;
  double tiles_us = 0;  ///< of the unit with most work, were operands at hand
  double memory_us = 0;
  double split_us = 0;
  double throttle_us = 0;  ///< what the power limit adds
  double tile_rows = 0;
  double tile_columns = 0;
  double split_ways = 1;
};

/// A library kernel: it takes the tile shape and the number of ways to split k that end first. A unit works off
/// its tiles one after another; each takes an iteration per 128 bytes of k, a few more to fill and drain the
/// pipeline, and a fixed time. An iteration lasts as long as the matrix units need, or the latency that a small
/// tile cannot hide. Memory time overlaps softly. When the mean power would exceed the limit, the clock gives way
/// with the cube root.
/// `cached`: the operands have stayed in the cache since the last call.
/// `weights_per_clock`: weights that one unit expands per clock beside the matrix work; infinity where none are.
/// Pre: m, n, k >= 1, constants positive. Source: LLMCompass (ISCA 2024) for tiles and waves; own fits for the rest.
/// Valid: m, n, k up to 65536, library kernels of the cuBLAS kind.
KernelTime kernel_time(const Problem& problem, const Library& library, const ChipFacts& chip,
                       std::span<const double> constants, bool cached, double weights_per_clock);

/// Microseconds of the pass that scales A, row by row, from 16 bits to fewer. The units are bound by instructions
/// while A is in the cache, which the kernel before left it in, and by memory when it is larger.
double quantization_us(const Problem& problem, const ChipFacts& chip, std::span<const double> constants);

/// The closed form with four constants, for m, n of at least some hundreds: launch + soft maximum of matrix and memory
/// time.
double closed_form_us(const Problem& problem, const ChipFacts& chip, double launch_us, double matrix_fraction,
                      double bandwidth_fraction, double overlap);

double operand_bytes(const Problem& problem);
double roofline_us(const Problem& problem, const ChipFacts& chip);

}  // namespace orrery::gemm
