#include <fmt/format.h>

#include <cmath>

#include "orrery/model/model_record.h"
#include "orrery/model/model_shape.h"

namespace orrery {
namespace {

constexpr double kPublishedTolerance = 0.03;  // published counts are rounded; biases are not counted here

double attention_parameters(const ModelRecord& model) {
  const auto hidden = static_cast<double>(model.hidden_size);
  const auto heads = static_cast<double>(model.query_heads);
  if (!model.latent_attention) {
    const auto head_size = static_cast<double>(model.head_size);
    return hidden * (heads * (query_columns(model) + head_size) + 2 * static_cast<double>(model.kv_heads) * head_size);
  }
  const LatentAttentionRecord& latent = *model.latent_attention;
  const auto query_rank = static_cast<double>(latent.query_rank);
  const auto kv_rank = static_cast<double>(latent.kv_rank);
  const auto rope = static_cast<double>(latent.rope_head_size);
  const double key = static_cast<double>(latent.nope_head_size) + rope;
  const auto value = static_cast<double>(latent.value_head_size);
  const double query = query_rank == 0 ? hidden * heads * key : query_rank * (hidden + heads * key + 1);
  const double key_value =
      hidden * (kv_rank + rope) + kv_rank * heads * (static_cast<double>(latent.nope_head_size) + value) + kv_rank;
  return query + key_value + heads * value * hidden;
}

/// The convolution over the last tokens, of some 0.1 % of them, is not counted.
double linear_attention_parameters(const ModelRecord& model) {
  const LinearAttentionWidths size = widths(*model.linear_attention, 1);
  return static_cast<double>(model.hidden_size) * (size.input() + size.values);
}

double expert_layer_parameters(const ModelRecord& model) {
  const ExpertsRecord& experts = *model.experts;
  const auto hidden = static_cast<double>(model.hidden_size);
  const double routed =
      static_cast<double>(experts.count) * 3 * hidden * static_cast<double>(experts.intermediate_size);
  const double shared = 3 * hidden * static_cast<double>(experts.shared_intermediate_size);
  return routed + shared + hidden * static_cast<double>(experts.count);
}

class ModelChecker {
 public:
  ModelChecker(const ModelRecord& model, Diagnostics& diagnostics) : model_(model), diagnostics_(diagnostics) {}

  void check() {
    check_attention();
    check_layers();
    check_published_count();
  }

 private:
  void contradiction(const Place& place, std::string message, std::string hint = {}) {
    diagnostics_.error("impossible-physics", place, std::move(message), std::move(hint));
  }

  void check_attention() {
    if (model_.query_heads % model_.kv_heads != 0) {
      contradiction(model_.header.place_of("kv_heads"),
                    fmt::format("{} query heads do not divide among {} KV heads", model_.query_heads, model_.kv_heads));
    }
    if (model_.sliding_window && model_.sliding_window->full_attention_every > model_.layers) {
      contradiction(model_.header.place_of("sliding_window"),
                    fmt::format("every {}-th layer sees all tokens, but there are {} layers",
                                model_.sliding_window->full_attention_every, model_.layers));
    }
    if (model_.sliding_window && model_.latent_attention) {
      contradiction(model_.header.place_of("sliding_window"), "latent attention with a sliding window is not modelled");
    }
    if (model_.attention_output_gate.value_or(false) && model_.latent_attention) {
      contradiction(model_.header.place_of("attention_output_gate"),
                    "latent attention with an output gate is not modelled");
    }
    if (model_.linear_attention) check_linear_attention(*model_.linear_attention);
    if (model_.sparse_attention) check_sparse_attention(*model_.sparse_attention);
  }

  void check_linear_attention(const LinearAttentionRecord& linear) {
    if (linear.full_attention_every > model_.layers) {
      contradiction(linear.place, fmt::format("every {}-th layer has a KV cache, but there are {} layers",
                                              linear.full_attention_every, model_.layers));
    }
    if (linear.value_heads % linear.key_heads != 0) {
      contradiction(linear.place, fmt::format("{} value heads do not divide among {} key heads", linear.value_heads,
                                              linear.key_heads));
    }
    if (model_.sliding_window) contradiction(linear.place, "linear attention with a sliding window is not modelled");
    if (model_.sparse_attention) contradiction(linear.place, "linear attention with sparse attention is not modelled");
  }

  void check_sparse_attention(const SparseAttentionRecord& sparse) {
    if (!model_.latent_attention || model_.latent_attention->query_rank == 0) {
      contradiction(sparse.place, "sparse attention is modelled with latent attention and compressed queries only");
    }
    if (sparse.tokens >= model_.context_limit) {
      contradiction(sparse.place, fmt::format("a token attends to {} others, but the context ends at {}", sparse.tokens,
                                              model_.context_limit));
    }
  }

  void check_layers() {
    if (!model_.experts) {
      if (model_.intermediate_size == 0)
        contradiction(model_.header.place_of("intermediate_size"), "no layer has an MLP: intermediate_size is 0");
      return;
    }
    const ExpertsRecord& experts = *model_.experts;
    if (experts.per_token > experts.count) {
      contradiction(experts.place,
                    fmt::format("a token visits {} experts, but there are {}", experts.per_token, experts.count));
    }
    if ((experts.shared_count == 0) != (experts.shared_intermediate_size == 0)) {
      contradiction(experts.place, fmt::format("{} shared experts of width {} in all", experts.shared_count,
                                               experts.shared_intermediate_size));
    }
    if (experts.first_dense_layers >= model_.layers) {
      contradiction(experts.place, fmt::format("{} dense layers leave none of {} for experts",
                                               experts.first_dense_layers, model_.layers));
    }
    if ((experts.first_dense_layers == 0) != (model_.intermediate_size == 0)) {
      contradiction(experts.place, fmt::format("{} layers have a dense MLP of width {}", experts.first_dense_layers,
                                               model_.intermediate_size));
    }
  }

  void check_published_count() {
    if (!model_.parameters_billion) return;
    const double implied = parameter_count(model_) / 1e9;
    const double published = model_.parameters_billion->value;
    if (std::abs(implied / published - 1) <= kPublishedTolerance) return;
    contradiction(model_.parameters_billion->place,
                  fmt::format("the shape implies {:.4g} billion parameters, not {:.4g}", implied, published),
                  "check head_size, the experts' widths and tied_embeddings");
  }

  const ModelRecord& model_;
  Diagnostics& diagnostics_;
};

}  // namespace

double parameter_count(const ModelRecord& model) {
  const LayerCounts layers = layer_counts(model);
  const auto hidden = static_cast<double>(model.hidden_size);
  const double embeddings = static_cast<double>(model.vocabulary) * hidden * (model.tied_embeddings ? 1 : 2);
  const double norms = layers.all() * 2 * hidden + hidden;
  double total = embeddings + norms + layers.cached() * attention_parameters(model);
  if (model.linear_attention) total += layers.linear * linear_attention_parameters(model);
  if (model.sparse_attention) total += layers.all() * indexer_weights(model);
  total += layers.dense * 3 * hidden * static_cast<double>(model.intermediate_size);
  if (model.experts) total += layers.experts * expert_layer_parameters(model);
  return total;
}

void check_physics(const ModelRecord& model, Diagnostics& diagnostics) { ModelChecker(model, diagnostics).check(); }

}  // namespace orrery
