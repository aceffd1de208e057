#include "orrery/model/memory_footprint.h"

#include <algorithm>
#include <cmath>

#include "orrery/model/model_shape.h"

namespace orrery {
namespace {

constexpr double kHalf = 2;       // bytes of bf16
constexpr double kLogit = 4 + 4;  // fp32 and a copy
constexpr double kState = 4;      // fp32

double sharded_attention_weights(const ModelRecord& model, double ranks) {
  const auto hidden = static_cast<double>(model.hidden_size);
  const double heads = static_cast<double>(model.query_heads) / ranks;
  if (!model.latent_attention) {
    const auto size = static_cast<double>(model.head_size);
    return hidden * (heads * (query_columns(model) + size) + 2 * kv_heads_per_rank(model, ranks) * size);
  }
  const LatentAttentionRecord& latent = *model.latent_attention;
  const auto query_rank = static_cast<double>(latent.query_rank);
  const auto kv_rank = static_cast<double>(latent.kv_rank);
  const auto rope = static_cast<double>(latent.rope_head_size);
  const auto nope = static_cast<double>(latent.nope_head_size);
  const auto value = static_cast<double>(latent.value_head_size);
  const double query = query_rank == 0 ? hidden * heads * (nope + rope) : query_rank * (hidden + heads * (nope + rope));
  return query + hidden * (kv_rank + rope) + kv_rank * heads * (nope + value) + heads * value * hidden;
}

}  // namespace

Bytes weight_bytes_per_chip(const ModelRecord& model, const ElementBytes& bytes, const EngineLayout& layout) {
  const LayerCounts layers = layer_counts(model);
  const auto shards = static_cast<double>(layout.tensor);
  const auto hidden = static_cast<double>(model.hidden_size);
  const double all_layers = layers.all();
  double linear = layers.cached() * sharded_attention_weights(model, shards) +
                  layers.dense * 3 * hidden * static_cast<double>(model.intermediate_size) / shards;
  if (model.linear_attention) {
    const LinearAttentionWidths size = widths(*model.linear_attention, shards);
    linear += layers.linear * hidden * (size.input() + size.values);
  }
  if (model.sparse_attention) linear += layers.indexed * indexer_weights(model);
  double half = (2 * all_layers + 1) * hidden;
  double routed = 0;
  if (model.experts) {
    const ExpertsRecord& experts = *model.experts;
    const auto count = static_cast<double>(experts.count);
    routed = layers.experts * count * 3 * hidden * static_cast<double>(experts.intermediate_size) /
             static_cast<double>(layout.stage_chips());
    linear += layers.experts * 3 * hidden * static_cast<double>(experts.shared_intermediate_size) / shards;
    half += layers.experts * hidden * count;
  }
  const double of_layers = linear * bytes.weights + routed * bytes.experts + half * kHalf;
  const auto stages = static_cast<double>(layout.pipeline);
  const double stage_share = layout.pipeline == 1 ? 1 : std::ceil(all_layers / stages) / all_layers;
  const double table = static_cast<double>(model.vocabulary) * hidden / shards;
  const double input = model.tied_embeddings ? 0 : table * kHalf;
  const double output = table * bytes.output_layer;
  return Bytes(stage_share * of_layers + (layout.pipeline > 1 ? std::max(input, output) : input + output));
}

Bytes kv_bytes_per_token(const ModelRecord& model, const ElementBytes& bytes, std::int64_t ranks) {
  const LayerCounts layers = layer_counts(model);
  const double keys = model.sparse_attention ? layers.indexed * index_key_bytes(*model.sparse_attention) : 0;
  if (model.latent_attention) {
    const auto size = static_cast<double>(model.latent_attention->kv_rank + model.latent_attention->rope_head_size);
    return Bytes(layers.cached() * size * bytes.kv_cache + keys);
  }
  const double heads = kv_heads_per_rank(model, static_cast<double>(ranks));
  return Bytes(2 * layers.cached() * heads * static_cast<double>(model.head_size) * bytes.kv_cache);
}

Bytes state_bytes_per_sequence(const ModelRecord& model, std::int64_t ranks) {
  if (!model.linear_attention) return Bytes(0);
  const LinearAttentionRecord& linear = *model.linear_attention;
  const double values = widths(linear, static_cast<double>(ranks)).values;
  return Bytes(layer_counts(model).linear * values * static_cast<double>(linear.key_head_size) * kState);
}

Bytes activation_bytes_per_token(const ModelRecord& model, std::int64_t ranks) {
  const auto shards = static_cast<double>(ranks);
  const auto hidden = static_cast<double>(model.hidden_size);
  double widest = 3 * static_cast<double>(model.intermediate_size) / shards;  // gate and up, and their product
  if (model.experts) {
    const double width = static_cast<double>(model.experts->intermediate_size) / shards;
    const double copy = std::max(2 * width, hidden) + width;
    widest = std::max(widest, static_cast<double>(model.experts->per_token) * copy);
  }
  return Bytes(kHalf * (2 * hidden + widest));
}

Bytes logits_bytes(const ModelRecord& model, std::int64_t sequences) {
  return Bytes(kLogit * static_cast<double>(sequences) * static_cast<double>(model.vocabulary));
}

}  // namespace orrery
