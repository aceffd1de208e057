#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/schema/entry.h"

namespace orrery {

using OptionalCount = std::optional<std::int64_t>;

/// The keys of a config.json that decide shapes, of all known architectures.
struct HuggingFaceConfig {
  std::int64_t hidden_size = 0;
  std::int64_t num_hidden_layers = 0;
  std::int64_t num_attention_heads = 0;
  std::int64_t intermediate_size = 0;  ///< stays 0 in an ExpertsOnlyConfig
  std::int64_t vocab_size = 0;
  std::int64_t max_position_embeddings = 0;
  OptionalCount num_key_value_heads;
  OptionalCount head_dim;
  std::optional<bool> tie_word_embeddings;
  OptionalCount sliding_window;
  std::optional<bool> use_sliding_window;
  std::vector<std::string> layer_types;
  OptionalCount num_local_experts;
  OptionalCount num_experts;
  OptionalCount n_routed_experts;
  OptionalCount num_experts_per_tok;
  OptionalCount moe_intermediate_size;
  OptionalCount n_shared_experts;
  OptionalCount first_k_dense_replace;
  OptionalCount moe_layer_freq;
  OptionalCount decoder_sparse_step;
  std::vector<std::int64_t> mlp_only_layers;
  OptionalCount q_lora_rank;
  OptionalCount kv_lora_rank;
  OptionalCount qk_nope_head_dim;
  OptionalCount qk_rope_head_dim;
  OptionalCount v_head_dim;
  OptionalCount index_topk;
  OptionalCount index_n_heads;
  OptionalCount index_head_dim;
  OptionalCount index_topk_freq;
  std::vector<std::string> indexer_types;
  OptionalCount linear_num_key_heads;
  OptionalCount linear_num_value_heads;
  OptionalCount linear_key_head_dim;
  OptionalCount linear_value_head_dim;
  OptionalCount full_attention_interval;
  std::optional<bool> attn_output_gate;
  OptionalCount shared_expert_intermediate_size;
  std::vector<std::int64_t> attn_type_list;
};
constexpr RecordName record_name(const HuggingFaceConfig*) {
  return {"HuggingFaceConfig", "A config.json of Hugging Face"};
}
template <class Visitor>
void visit_sizes(Visitor& v, HuggingFaceConfig& r) {
  const Range size = in_range(1, 1e8);
  v.required("hidden_size", r.hidden_size, "Width of the residual stream", size);
  v.required("num_hidden_layers", r.num_hidden_layers, "Decoder layers", size);
  v.required("num_attention_heads", r.num_attention_heads, "Query heads", size);
}
template <class Visitor>
void visit_others(Visitor& v, HuggingFaceConfig& r) {
  const Range size = in_range(1, 1e8);
  v.required("vocab_size", r.vocab_size, "Vocabulary", size);
  v.required("max_position_embeddings", r.max_position_embeddings, "Longest context", in_range(1, 1e9));
  v.optional("num_key_value_heads", r.num_key_value_heads, "KV heads", size);
  v.optional("head_dim", r.head_dim, "Size of one head", size);
  v.optional("tie_word_embeddings", r.tie_word_embeddings, "One embedding matrix");
  v.optional("sliding_window", r.sliding_window, "Tokens that a windowed layer sees", size);
  v.optional("use_sliding_window", r.use_sliding_window, "Whether the window is used");
  v.optional_list("layer_types", r.layer_types, "Attention of each layer");
  v.optional("num_local_experts", r.num_local_experts, "Experts", size);
  v.optional("num_experts", r.num_experts, "Experts", size);
  v.optional("n_routed_experts", r.n_routed_experts, "Experts", size);
  v.optional("num_experts_per_tok", r.num_experts_per_tok, "Experts that a token visits", size);
  v.optional("moe_intermediate_size", r.moe_intermediate_size, "Width of one expert", size);
  v.optional("n_shared_experts", r.n_shared_experts, "Experts that every token visits", in_range(0, 1e4));
  v.optional("first_k_dense_replace", r.first_k_dense_replace, "Leading dense layers", in_range(0, 1e4));
  v.optional("moe_layer_freq", r.moe_layer_freq, "Every n-th layer has experts", in_range(1, 1e4));
  v.optional("decoder_sparse_step", r.decoder_sparse_step, "Every n-th layer has experts", in_range(0, 1e4));
  v.optional_list("mlp_only_layers", r.mlp_only_layers, "Layers without experts");
  v.optional("q_lora_rank", r.q_lora_rank, "Rank of the query compression", size);
  v.optional("kv_lora_rank", r.kv_lora_rank, "Rank of the KV compression", size);
  v.optional("qk_nope_head_dim", r.qk_nope_head_dim, "Head size without position", size);
  v.optional("qk_rope_head_dim", r.qk_rope_head_dim, "Head size with position", size);
  v.optional("v_head_dim", r.v_head_dim, "Head size of values", size);
  v.optional("index_topk", r.index_topk, "Cached tokens that the indexer picks", size);
  v.optional("index_n_heads", r.index_n_heads, "Heads of the indexer", size);
  v.optional("index_head_dim", r.index_head_dim, "Head size of the indexer", size);
  v.optional("index_topk_freq", r.index_topk_freq, "Every n-th layer has an indexer", size);
  v.optional_list("indexer_types", r.indexer_types, "Indexer of each layer");
  v.optional("linear_num_key_heads", r.linear_num_key_heads, "Key heads of linear attention", size);
  v.optional("linear_num_value_heads", r.linear_num_value_heads, "Value heads of linear attention", size);
  v.optional("linear_key_head_dim", r.linear_key_head_dim, "Head size of its keys", size);
  v.optional("linear_value_head_dim", r.linear_value_head_dim, "Head size of its values", size);
  v.optional("full_attention_interval", r.full_attention_interval, "Every n-th layer has full attention", size);
  v.optional("attn_output_gate", r.attn_output_gate, "Gate of the output of full attention");
  v.optional("shared_expert_intermediate_size", r.shared_expert_intermediate_size, "Width of the shared expert",
             in_range(0, 1e8));
  v.optional_list("attn_type_list", r.attn_type_list, "Attention of each layer, 1 for full");
}

template <class Visitor>
void visit(Visitor& v, HuggingFaceConfig& r) {
  visit_sizes(v, r);
  v.required("intermediate_size", r.intermediate_size, "Width of the MLP", in_range(1, 1e8));
  visit_others(v, r);
}

/// The same for a class whose layers all have experts and which has no key for a dense MLP.
struct ExpertsOnlyConfig : HuggingFaceConfig {};
constexpr RecordName record_name(const ExpertsOnlyConfig*) {
  return {"ExpertsOnlyConfig", "A config.json of Hugging Face, of a model without a dense MLP"};
}
template <class Visitor>
void visit(Visitor& v, ExpertsOnlyConfig& r) {
  visit_sizes(v, r);
  visit_others(v, r);
}

/// What a configuration of text and vision keeps outside its text_config.
struct OuterConfig {
  std::optional<bool> tie_word_embeddings;
};
constexpr RecordName record_name(const OuterConfig*) { return {"OuterConfig", "The keys around a text_config"}; }
template <class Visitor>
void visit(Visitor& v, OuterConfig& r) {
  v.optional("tie_word_embeddings", r.tie_word_embeddings, "One embedding matrix");
}

}  // namespace orrery
