#pragma once

#include "orrery/operators/forms/attention_terms.h"

namespace orrery::attention {

/// The tile of scores that a kernel computes at once.
struct ScoreTile {
  double queries = 128;
  double keys = 128;
};

/// Queries grow with the work that a unit does per clock, since shared memory gives its operands at the same pace in
/// every generation: 128 x 64 on Ampere, 64 x 64 on Ada, 128 x 128 on Hopper, 256 x 128 on Blackwell. Source: tile
/// sizes of FlashAttention-2, -3 and -4 for heads of 128; the rule for other chips is ours.
ScoreTile score_tile(const ChipFacts& chip);

/// What the units do in attention of a prompt: rows of tiles, each row a work item.
struct TileWork {
  double rows = 0;         ///< work items, of all heads of all sequences
  double tiles = 0;        ///< of all rows
  double longest_row = 0;  ///< tiles
};

/// Causal tiles of one head over `queries` new tokens after `cached` ones. A window of 0 means none.
TileWork count_tile_work(const ScoreTile& tile, double cached, double queries, double window);

/// How fast the units do it.
struct TileRate {
  double matrix_fraction = 0;     ///< of the pace of matrix units and shared memory
  double exponential_factor = 0;  ///< exponentials spent per score
  double tile_overlap = 1;        ///< of products and exponentials; 1: they add up
  double latency_us = 0;          ///< least time of a tile
  double item_us = 0;             ///< start and end of a row
  double balance = 1;             ///< of the mean unit and the longest row; large: the longer one counts
};

/// Time on all units, in us, where keys and values have `head_size` elements together.
double tile_work_us(const TileWork& work, const ScoreTile& tile, double head_size, const TileRate& rate,
                    const ChipFacts& chip);

/// Scores that causal attention needs for one head, without padding to tiles.
double causal_scores(double cached, double queries, double window);

}  // namespace orrery::attention
