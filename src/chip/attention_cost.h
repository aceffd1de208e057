#pragma once

#include "orrery/chip/kernel_cost.h"

namespace orrery {

/// Decode attention of one layer, as parts that add up.
struct DecodeAttentionCost {
  KernelCost fixed;
  KernelCost per_sequence;
  KernelCost per_context_token;  ///< per token in the cache, the new one included, summed over sequences

  KernelCost at(double sequences, double context_tokens) const {
    return fixed + sequences * per_sequence + context_tokens * per_context_token;
  }
};

/// Rows and columns of one tile of attention scores.
inline constexpr double kScoreTile = 128;

/// The 128 x 128 score tiles that a prompt chunk computes.
struct ScoreTiles {
  double count = 0;
  double longest_row = 0;
};

/// Tiles of `tokens` new tokens after `cached` ones, causal; a window of 0 tokens means none.
/// Pre: cached >= 0, tokens >= 1.
/// Source: rows of tiles up to the diagonal, sum over i of ceil((cached + 128 i) / 128); a windowed row reaches
/// back ceil(window / 128) tiles beyond its own.
ScoreTiles count_score_tiles(double cached, double tokens, double window_tokens = 0);

/// Attention of prompts in one layer.
struct ContextAttentionCost {
  KernelCost fixed;
  KernelCost tile;              ///< one score tile of every head of the chip, spread over its compute units
  Seconds tile_row_time;        ///< one score tile of one head on one unit
  KernelCost per_token;         ///< per token of the chunk: split, rotate and store Q, K and V
  KernelCost per_cached_token;  ///< per token cached before the chunk: reading its keys and values

  /// `sequences` equal chunks of `tokens` tokens, each after `cached` ones.
  KernelCost at(double sequences, double cached, double tokens, double window_tokens = 0) const;
};

}  // namespace orrery
