#include <algorithm>
#include <cmath>

#include "orrery/chip/chip.h"

namespace orrery {
namespace {

constexpr double kActivationBytes = 2;  // Q, K, V and outputs in bf16

}  // namespace

ScoreTiles count_score_tiles(double cached, double tokens, double window_tokens) {
  const double rows = std::ceil(tokens / kScoreTile);
  const double before = std::ceil(cached / kScoreTile);
  // Row i of the chunk has before + i tiles, or `widest` where a window cuts it off.
  if (window_tokens == 0) return {rows * (rows + 1) / 2 + rows * before, rows + before};
  const double widest = std::ceil(window_tokens / kScoreTile) + 1;
  const double uncut = std::clamp(widest - before, 0.0, rows);
  return {uncut * (uncut + 1) / 2 + uncut * before + (rows - uncut) * widest, std::min(rows + before, widest)};
}

KernelCost ContextAttentionCost::at(double sequences, double cached, double tokens, double window_tokens) const {
  const ScoreTiles tiles = count_score_tiles(cached, tokens, window_tokens);
  const double seen = window_tokens == 0 ? cached : std::min(cached, window_tokens);
  KernelCost scores = sequences * tiles.count * tile;
  scores.time = std::max(scores.time, tiles.longest_row * tile_row_time);
  return fixed + scores + sequences * tokens * per_token + sequences * seen * per_cached_token;
}

/// A tile takes two products and its exponentials, not overlapped, but at least the latency of one iteration; tiles
/// spread over the compute units, and the longest row of one head is a floor.
/// Source: closed form fitted to the AIConfigurator kernel tables. The read of cached tokens is our addition: the
/// data has no prompts with a cached prefix.
/// Valid: head size 64 or 128; 12 to 13 % mean error, 18 % on Ada.
ContextAttentionCost Chip::context_cost(const ContextAttentionConstants& constants, const TileShape& shape) const {
  const MathRate& math = rate(MathPrecision::bf16);
  const double clocks_per_second = chip_.matrix_clock.value.si();
  const Seconds products = Flops(shape.flops * units()) / (constants.peak_fraction.value * math.peak);
  Seconds exponentials;
  if (chip_.exponentials_per_clock_per_unit) {  // systolic chips need not state it
    const double per_second = chip_.exponentials_per_clock_per_unit->value * clocks_per_second;
    exponentials = Seconds(constants.exponential_factor.value * kScoreTile * kScoreTile / per_second);
  }
  const Seconds latency(constants.iteration_latency.value / clocks_per_second);
  const Seconds busy = products + exponentials;

  ContextAttentionCost cost;
  cost.fixed.time = constants.fixed_time.value;
  cost.tile_row_time = std::max(busy, latency);
  KernelCost tile;
  tile.flops = Flops(shape.heads * shape.flops);
  Phases phases;
  phases.compute = shape.heads / units() * busy;
  phases.fixed = shape.heads / units() * (cost.tile_row_time - busy);
  cost.tile = timed(phases, tile, math);
  cost.per_token = stream(shape.token_bytes, constants.pass_efficiency.value * achieved(AccessKind::mixed));
  cost.per_cached_token = stream(shape.cached_token_bytes, achieved(AccessKind::kv_gather));
  return cost;
}

ContextAttentionCost Chip::context_attention(const AttentionShape& shape) const {
  TileShape tile;
  tile.heads = shape.query_heads;
  tile.flops = 4 * kScoreTile * kScoreTile * shape.head_size;
  tile.token_bytes = Bytes(kActivationBytes * shape.head_size * (2 * shape.query_heads + 2 * shape.kv_heads));
  tile.cached_token_bytes = Bytes(2 * shape.kv_heads * shape.head_size * kv_cache_bytes(shape.kv_cache));
  return context_cost(family_.attention_context, tile);
}

/// The cached latents of a prefix are read, but their expansion to keys and values is not counted.
ContextAttentionCost Chip::context_attention(const LatentAttentionShape& shape) const {
  ORRERY_CHECK(family_.latent.has_value());
  const double key_size = shape.nope_head_size + shape.rope_head_size;
  TileShape tile;
  tile.heads = shape.query_heads;
  tile.flops = 2 * kScoreTile * kScoreTile * (key_size + shape.value_head_size);
  tile.token_bytes = Bytes(kActivationBytes * shape.query_heads * 2 * (key_size + shape.value_head_size));
  tile.cached_token_bytes = Bytes((shape.kv_rank + shape.rope_head_size) * kv_cache_bytes(shape.kv_cache));
  return context_cost(family_.latent->context, tile);
}

}  // namespace orrery
