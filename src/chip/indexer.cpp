#include "orrery/chip/chip.h"

namespace orrery {
namespace {

constexpr double kScoreBytes = 4 + 4;  // an fp32 score is written, and read to find the best
constexpr double kQueryBytes = 2 + 1;  // bf16 is read, fp8 written
constexpr double kFlopsPerProduct = 2;

}  // namespace

// Two kernels: scores of all heads added up, and the choice of the best. Scores depend on nothing but their own key,
// so that there is neither an exponential nor a chain of tiles.
// Source: the traffic and arithmetic of DeepSeek-V3.2-Exp's inference code, at the shares of the bandwidth and of the
// peak that attention and GEMMs reach on this family.
// Valid: assumed; nobody measured these kernels. Choosing the best is one pass over the scores.

DecodeAttentionCost Chip::decode_attention(const IndexerShape& shape) const {
  const DecodeAttentionConstants& constants = family_.attention_decode;
  const MathRate& math = rate(dense_peak(MathPrecision::fp8) ? MathPrecision::fp8 : MathPrecision::bf16);
  const BytesPerSecond bandwidth = achieved(AccessKind::kv_gather);
  DecodeAttentionCost cost;
  cost.fixed = elementwise(Bytes(0));
  cost.fixed.time += constants.fixed_time.value;

  KernelCost key;
  key.memory_bytes = Bytes(shape.key_bytes);
  key.flops = Flops(kFlopsPerProduct * shape.heads * shape.head_size);
  Phases phases;
  phases.memory = key.memory_bytes / bandwidth;
  cost.per_context_token = timed(phases, key, math) + elementwise_stream(Bytes(kScoreBytes));

  KernelCost sequence;
  sequence.memory_bytes = Bytes(kQueryBytes * shape.heads * shape.head_size);
  phases.memory = sequence.memory_bytes / bandwidth;
  phases.fixed = constants.work_item_time.value / units();
  cost.per_sequence = timed(phases, sequence, math);
  return cost;
}

ContextAttentionCost Chip::context_attention(const IndexerShape& shape) const {
  const MathRate& math = rate(dense_peak(MathPrecision::fp8) ? MathPrecision::fp8 : MathPrecision::bf16);
  ContextAttentionCost cost;
  cost.fixed = elementwise(Bytes(0));
  cost.fixed.time += family_.attention_context.fixed_time.value;

  KernelCost tile;
  tile.flops = Flops(kFlopsPerProduct * kScoreTile * kScoreTile * shape.heads * shape.head_size);
  Phases phases;
  phases.compute = tile.flops / (math.peak_fraction * math.peak);
  cost.tile = timed(phases, tile, math) + elementwise_stream(Bytes(kScoreBytes * kScoreTile * kScoreTile));
  cost.per_token = stream(Bytes(kQueryBytes * (shape.heads + 1) * shape.head_size),
                          family_.attention_context.pass_efficiency.value * achieved(AccessKind::mixed));
  cost.per_cached_token = stream(Bytes(shape.key_bytes), achieved(AccessKind::kv_gather));
  return cost;
}

}  // namespace orrery
