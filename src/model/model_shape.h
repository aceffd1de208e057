#pragma once

#include <algorithm>

#include "orrery/model/model_record.h"

namespace orrery {

/// Layers of a model by what they hold.
struct LayerCounts {
  double dense = 0;     ///< with a dense MLP
  double experts = 0;   ///< with routed experts
  double full = 0;      ///< attention sees all tokens
  double windowed = 0;  ///< attention sees window_tokens(model) tokens at most
  double linear = 0;    ///< attention keeps a state in place of a cache
  double indexed = 0;   ///< an indexer reads a key of every cached token

  double all() const { return dense + experts; }
  double cached() const { return full + windowed; }
};

inline LayerCounts layer_counts(const ModelRecord& model) {
  const auto layers = static_cast<double>(model.layers);
  LayerCounts counts{layers, 0, layers, 0, 0, 0};
  if (model.experts) {
    counts.dense = static_cast<double>(model.experts->first_dense_layers);
    counts.experts = layers - counts.dense;
  }
  if (model.sliding_window) {
    const std::int64_t every = model.sliding_window->full_attention_every;
    const std::int64_t full_layers = every == 0 ? 0 : model.layers / every;
    counts.full = static_cast<double>(full_layers);
    counts.windowed = layers - counts.full;
  }
  if (model.linear_attention) {
    counts.full = static_cast<double>(model.layers / model.linear_attention->full_attention_every);
    counts.linear = layers - counts.full;
  }
  if (model.sparse_attention) {
    counts.full = 0;
    counts.windowed = layers;
    counts.indexed = layers;
  }
  return counts;
}

/// Cached tokens that attention of the windowed layers reads at most: the last ones, or those that an indexer picks.
/// 0: there are no such layers.
inline std::int64_t window_tokens(const ModelRecord& model) {
  if (model.sparse_attention) return model.sparse_attention->tokens;
  return model.sliding_window ? model.sliding_window->tokens : 0;
}

/// KV heads that one of `ranks` chips holds: replicated when there are fewer heads than ranks.
inline double kv_heads_per_rank(const ModelRecord& model, double ranks) {
  return std::max(1.0, static_cast<double>(model.kv_heads) / ranks);
}

/// Columns of the query projection per query head: the query and, where the model has one, its output gate.
inline double query_columns(const ModelRecord& model) {
  return static_cast<double>(model.head_size) * (model.attention_output_gate.value_or(false) ? 2 : 1);
}

/// Widths of one layer of linear attention on one of `ranks` chips, in elements per token.
struct LinearAttentionWidths {
  double keys = 0;    ///< all key heads; queries have as many
  double values = 0;  ///< all value heads; output gates have as many
  double gates = 0;   ///< decay and step of each value head
  double input() const { return 2 * keys + 2 * values + gates; }
};
inline LinearAttentionWidths widths(const LinearAttentionRecord& linear, double ranks) {
  const double heads = static_cast<double>(linear.value_heads) / ranks;
  return {static_cast<double>(linear.key_heads * linear.key_head_size) / ranks,
          heads * static_cast<double>(linear.value_head_size), 2 * heads};
}

/// Bytes of one key in the cache of an indexer: fp8 and an fp32 scale per 128 elements, whatever the KV cache's format.
/// Source: vLLM, models/deepseek_v2.py.
inline double index_key_bytes(const SparseAttentionRecord& sparse) {
  return static_cast<double>(sparse.index_head_size) * (1 + 4.0 / 128);
}

/// Weights of one layer's indexer, held whole by every rank: its queries come from the compressed query where there
/// is one, its key and the weights of its heads from the residual stream.
/// Source: DeepSeek-V3.2-Exp, inference/model.py; vLLM replicates them (models/deepseek_v2.py).
inline double indexer_weights(const ModelRecord& model) {
  const SparseAttentionRecord& sparse = *model.sparse_attention;
  const auto hidden = static_cast<double>(model.hidden_size);
  const auto heads = static_cast<double>(sparse.index_heads);
  const auto size = static_cast<double>(sparse.index_head_size);
  const bool compressed = model.latent_attention && model.latent_attention->query_rank > 0;
  const double query_input = compressed ? static_cast<double>(model.latent_attention->query_rank) : hidden;
  return query_input * heads * size + hidden * (size + heads);
}

}  // namespace orrery
