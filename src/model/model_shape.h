#pragma once

#include <algorithm>

#include "orrery/model/model_record.h"

namespace orrery {

/// Layers of a model by what they hold.
struct LayerCounts {
  double dense = 0;     ///< with a dense MLP
  double experts = 0;   ///< with routed experts
  double full = 0;      ///< attention sees all tokens
  double windowed = 0;  ///< attention sees the last tokens only
};

inline LayerCounts layer_counts(const ModelRecord& model) {
  const auto layers = static_cast<double>(model.layers);
  LayerCounts counts{layers, 0, layers, 0};
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
  return counts;
}

/// KV heads that one of `ranks` chips holds: replicated when there are fewer heads than ranks.
inline double kv_heads_per_rank(const ModelRecord& model, double ranks) {
  return std::max(1.0, static_cast<double>(model.kv_heads) / ranks);
}

}  // namespace orrery
