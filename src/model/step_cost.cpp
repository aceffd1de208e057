#include "orrery/model/step_cost.h"

#include <algorithm>
#include <cmath>

#include "orrery/chip/attention_cost.h"

namespace orrery {
namespace {

/// Cached tokens that a chunk of these layers reads.
double seen_tokens(const StepCost::ChunkAttention& layers, double cached) {
  return layers.window_tokens == 0 ? cached : std::min(cached, static_cast<double>(layers.window_tokens));
}

double chunk_ps(const StepCost::ChunkAttention& layers, double cached, double tokens) {
  const ScoreTiles tiles = count_score_tiles(cached, tokens, static_cast<double>(layers.window_tokens));
  return std::max(tiles.count * layers.tile_ps, tiles.longest_row * layers.tile_row_ps) + tokens * layers.token_ps +
         seen_tokens(layers, cached) * layers.context_ps;
}

StepWork chunk_work(const StepCost::ChunkAttention& layers, double cached, double tokens) {
  const ScoreTiles tiles = count_score_tiles(cached, tokens, static_cast<double>(layers.window_tokens));
  StepWork work = tiles.count * layers.tile_work;
  work += tokens * layers.token_work;
  work += seen_tokens(layers, cached) * layers.context_work;
  return work;
}

}  // namespace

std::int64_t StepCost::prefill_chunk_ps(std::int64_t cached, std::int64_t tokens) const {
  const auto before = static_cast<double>(cached);
  const auto added = static_cast<double>(tokens);
  return std::llround(chunk_ps(full_layers, before, added) + chunk_ps(window_layers, before, added));
}

StepWork StepCost::prefill_chunk_work(std::int64_t cached, std::int64_t tokens) const {
  const auto before = static_cast<double>(cached);
  const auto added = static_cast<double>(tokens);
  StepWork work = chunk_work(full_layers, before, added);
  work += chunk_work(window_layers, before, added);
  return work;
}

}  // namespace orrery
