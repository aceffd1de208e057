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

void add_to(StepCost::PrefillLoad::Layers& load, const StepCost::ChunkAttention& layers, double cached, double tokens) {
  const ScoreTiles tiles = count_score_tiles(cached, tokens, static_cast<double>(layers.window_tokens));
  load.tiles += tiles.count;
  load.longest_row = std::max(load.longest_row, tiles.longest_row);
  load.seen_tokens += seen_tokens(layers, cached);
}

double time_of(const StepCost::ChunkAttention& layers, const StepCost::PrefillLoad::Layers& load, double tokens) {
  return std::max(load.tiles * layers.tile_ps, load.longest_row * layers.tile_row_ps) + tokens * layers.token_ps +
         load.seen_tokens * layers.context_ps;
}

StepWork work_of(const StepCost::ChunkAttention& layers, const StepCost::PrefillLoad::Layers& load, double tokens) {
  StepWork work = load.tiles * layers.tile_work;
  work += tokens * layers.token_work;
  work += load.seen_tokens * layers.context_work;
  return work;
}

}  // namespace

std::int64_t StepCost::decode_ps(std::int64_t decoding, std::int64_t context_tokens, std::int64_t window_tokens) const {
  std::int64_t ps = decode_fixed_ps + decoding * decode_sequence_ps + context_tokens * context_token_ps +
                    window_tokens * window_token_ps;
  if (!lines.empty()) ps += line(decoding, octave_of(decoding, context_tokens)).at(context_tokens);
  if (!window_lines.empty()) ps += window_lines[static_cast<std::size_t>(decoding)].at(window_tokens);
  return ps;
}

void StepCost::add_chunk(PrefillLoad& load, std::int64_t cached, std::int64_t tokens) const {
  const auto before = static_cast<double>(cached);
  const auto added = static_cast<double>(tokens);
  load.tokens += added;
  add_to(load.full, full_layers, before, added);
  add_to(load.window, window_layers, before, added);
}

std::int64_t StepCost::prefill_ps(const PrefillLoad& load) const {
  return std::llround(time_of(full_layers, load.full, load.tokens) + time_of(window_layers, load.window, load.tokens));
}

StepWork StepCost::prefill_work(const PrefillLoad& load) const {
  StepWork work = work_of(full_layers, load.full, load.tokens);
  work += work_of(window_layers, load.window, load.tokens);
  return work;
}

}  // namespace orrery
