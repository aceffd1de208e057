#include "orrery/operators/forms/attention_tiles.h"

namespace orrery::attention {

ScoreTile score_tile(const ChipFacts& chip) {
  const double flop_per_clock = chip.bf16_flops / (chip.units * chip.clock_Hz);
  const auto power_of_two = [](double x, double low, double high) {
    return std::exp2(std::round(std::log2(std::clamp(x, low, high))));
  };
  if (chip.matrix_class == MatrixClass::sync) return {power_of_two(flop_per_clock / 16, 64, 128), 64};
  return {power_of_two(flop_per_clock / 32, 128, 256), 128};
}

/// Row i reaches the diagonal: `cached` and i x queries keys, or what a window leaves of them.
TileWork count_tile_work(const ScoreTile& tile, double cached, double queries, double window) {
  const double rows = std::ceil(queries / tile.queries);
  const double before = std::ceil(cached / tile.keys);
  const double step = tile.queries / tile.keys;
  const double own = std::ceil(queries / tile.keys);
  if (window <= 0) {
    const double beyond = step * rows - own;  // tiles of the last row that lie past the last key
    return {rows, before * rows + step * rows * (rows + 1) / 2 - beyond, before + own};
  }
  const double widest = std::ceil(window / tile.keys) + step;
  const double uncut = std::clamp(std::floor((widest - before) / step), 0.0, rows);
  const double tiles = before * uncut + step * uncut * (uncut + 1) / 2 + (rows - uncut) * widest;
  const double most = rows * (before + own);
  return {rows, std::min(tiles, most), std::min(before + own, widest)};
}

/// Source: section 6.2 of the operator reference, with the start and end of each row added: short prompts and
/// windows are rows of one or two tiles, and cost far more than their tiles.
double tile_work_us(const TileWork& work, const ScoreTile& tile, double head_size, const TileRate& rate,
                    const ChipFacts& chip) {
  const double scores = tile.queries * tile.keys;
  const double operand_bytes = tile.keys * head_size * kActivationBytes;
  const double flops = 2 * scores * head_size;
  const double multiply_us = products_us(flops, flops, operand_bytes, kWarps, rate.matrix_fraction, chip);
  const double exponentials_us =
      rate.exponential_factor * scores / (chip.exponentials_per_clock * chip.clock_Hz) / kMicrosecond;
  const double busy_us = soft_maximum(multiply_us, exponentials_us, rate.tile_overlap);
  const double tile_us = std::max(busy_us, rate.latency_us);
  return soft_maximum((work.tiles * tile_us + work.rows * rate.item_us) / chip.units,
                      work.longest_row * tile_us + rate.item_us, rate.balance);
}

double causal_scores(double cached, double queries, double window) {
  if (window <= 0) return queries * cached + queries * (queries + 1) / 2;
  const double growing = std::clamp(window - cached, 0.0, queries);  // queries that see less than a window
  return growing * cached + growing * (growing + 1) / 2 + (queries - growing) * window;
}

}  // namespace orrery::attention
