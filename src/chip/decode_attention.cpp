#include <cmath>

#include "orrery/chip/chip.h"

namespace orrery {
namespace {

constexpr double kActivationBytes = 2;  // queries and outputs in bf16
constexpr double kHeadTile = 16;        // query heads that one latent kernel handles together

}  // namespace

/// T = fixed + KV bytes and queries at a share of the bandwidth + one work item per sequence and KV head.
/// Linear in sequences and cached tokens, so that the steps of an engine add up in closed form.
/// Source: the three-constant form fitted to the AIConfigurator kernel tables.
/// Valid: head size 64 or 128, up to 512 sequences; 7 to 12 % mean error on Hopper and Blackwell, 18 % on Ampere.
/// Narrow caches are read at their width and multiplied at the rate of bf16.
DecodeAttentionCost Chip::decode_attention(const AttentionShape& shape) const {
  const DecodeAttentionConstants& constants = family_.attention_decode;
  const MathRate& math = rate(MathPrecision::bf16);
  const BytesPerSecond bandwidth = achieved(AccessKind::kv_gather);
  DecodeAttentionCost cost;
  cost.fixed.time = constants.fixed_time.value;

  KernelCost token;
  token.memory_bytes = Bytes(2 * shape.kv_heads * shape.head_size * kv_cache_bytes(shape.kv_cache));
  token.flops = Flops(4 * shape.query_heads * shape.head_size);
  Phases phases;
  phases.memory = token.memory_bytes / bandwidth;
  cost.per_context_token = timed(phases, token, math);

  KernelCost sequence;
  sequence.memory_bytes = Bytes(2 * kActivationBytes * shape.query_heads * shape.head_size);
  phases.memory = sequence.memory_bytes / bandwidth;
  phases.fixed = shape.kv_heads / units() * constants.work_item_time.value;
  cost.per_sequence = timed(phases, sequence, math);
  return cost;
}

/// Every head reads the one compressed vector of each cached token (absorbed form).
/// Source: closed form fitted to the AIConfigurator kernel tables, with its soft maximum taken per token and per
/// sequence so that both add up. Valid: kv_rank 512, rope 64; 9 to 12 % mean error on Hopper and Blackwell.
DecodeAttentionCost Chip::decode_attention(const LatentAttentionShape& shape) const {
  ORRERY_CHECK(family_.latent.has_value());
  const LatentDecodeConstants& constants = family_.latent->decode;
  const MathRate& math = rate(MathPrecision::bf16);
  const BytesPerSecond bandwidth = achieved(AccessKind::kv_gather);
  const double key_size = shape.kv_rank + shape.rope_head_size;
  const double padded_heads = kHeadTile * std::ceil(shape.query_heads / kHeadTile);
  DecodeAttentionCost cost;
  cost.fixed.time = constants.fixed_time.value;

  KernelCost token;
  token.memory_bytes = Bytes(key_size * kv_cache_bytes(shape.kv_cache));
  token.flops = Flops(2 * padded_heads * (key_size + shape.kv_rank));
  Phases phases;
  phases.compute = token.flops / (constants.peak_fraction.value * math.peak);
  phases.memory = token.memory_bytes / bandwidth;
  phases.overlap_exponent = constants.overlap_exponent.value;
  cost.per_context_token = timed(phases, token, math);

  KernelCost sequence;
  sequence.memory_bytes = Bytes(kActivationBytes * shape.query_heads * (key_size + shape.kv_rank));
  phases.compute = Seconds(0);
  phases.memory = sequence.memory_bytes / bandwidth;
  phases.fixed = constants.work_item_time.value / units();
  cost.per_sequence = timed(phases, sequence, math);
  return cost;
}

}  // namespace orrery
