#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/schema/entry.h"

namespace orrery {

struct ModelKind {
  static constexpr std::string_view kName = "model";
};

/// Routed experts that replace the dense MLP.
struct ExpertsRecord {
  std::int64_t count = 0;
  std::int64_t per_token = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t shared_count = 0;
  std::int64_t shared_intermediate_size = 0;
  std::int64_t first_dense_layers = 0;
  Place place;
};
constexpr RecordName record_name(const ExpertsRecord*) {
  return {"Experts", "Routed experts in place of the dense MLP"};
}
template <class Visitor>
void visit(Visitor& v, ExpertsRecord& r) {
  v.required("count", r.count, "Routed experts per layer", in_range(1, 1e5));
  v.required("per_token", r.per_token, "Experts that one token visits", in_range(1, 1e4));
  v.required("intermediate_size", r.intermediate_size, "Width of one routed expert", in_range(1, 1e6));
  v.required("shared_count", r.shared_count, "Experts that every token visits; 0 for none", in_range(0, 1e4));
  v.required("shared_intermediate_size", r.shared_intermediate_size, "Width of all shared experts together",
             in_range(0, 1e6));
  v.required("first_dense_layers", r.first_dense_layers, "Leading layers with a dense MLP", in_range(0, 1e4));
  v.place(r.place);
}

/// Multi-head latent attention (DeepSeek): one compressed KV vector per token for all heads.
struct LatentAttentionRecord {
  std::int64_t query_rank = 0;
  std::int64_t kv_rank = 0;
  std::int64_t nope_head_size = 0;
  std::int64_t rope_head_size = 0;
  std::int64_t value_head_size = 0;
};
constexpr RecordName record_name(const LatentAttentionRecord*) {
  return {"LatentAttention", "Multi-head latent attention: one compressed KV vector per token"};
}
template <class Visitor>
void visit(Visitor& v, LatentAttentionRecord& r) {
  v.required("query_rank", r.query_rank, "Rank of the query compression; 0 for none", in_range(0, 1e5));
  v.required("kv_rank", r.kv_rank, "Rank of the KV compression", in_range(1, 1e5));
  v.required("nope_head_size", r.nope_head_size, "Per-head size without position", in_range(1, 1e4));
  v.required("rope_head_size", r.rope_head_size, "Shared size with rotary position", in_range(1, 1e4));
  v.required("value_head_size", r.value_head_size, "Per-head size of values", in_range(1, 1e4));
}

/// Layers whose attention sees only the last tokens.
struct SlidingWindowRecord {
  std::int64_t tokens = 0;
  std::int64_t full_attention_every = 0;
};
constexpr RecordName record_name(const SlidingWindowRecord*) {
  return {"SlidingWindow", "Layers whose attention sees only the last tokens"};
}
template <class Visitor>
void visit(Visitor& v, SlidingWindowRecord& r) {
  v.required("tokens", r.tokens, "Tokens seen", in_range(1, 1e7));
  v.required("full_attention_every", r.full_attention_every, "Every n-th layer sees all; 0: none does",
             in_range(0, 1e4));
}

/// Layers whose attention keeps a state of fixed size in place of a KV cache: one key_head_size x value_head_size
/// matrix per value head, rewritten by every token (gated delta rule).
/// Source: Yang et al., "Gated Delta Networks", 2024, as in Qwen3-Next and Qwen3.5.
struct LinearAttentionRecord {
  std::int64_t key_heads = 0;
  std::int64_t value_heads = 0;
  std::int64_t key_head_size = 0;
  std::int64_t value_head_size = 0;
  std::int64_t full_attention_every = 0;
  Place place;
};
constexpr RecordName record_name(const LinearAttentionRecord*) {
  return {"LinearAttention", "Layers whose attention keeps a state of fixed size in place of a KV cache"};
}
template <class Visitor>
void visit(Visitor& v, LinearAttentionRecord& r) {
  v.required("key_heads", r.key_heads, "Heads of queries and of keys", in_range(1, 1e4));
  v.required("value_heads", r.value_heads, "Heads of values, each with a state of its own", in_range(1, 1e4));
  v.required("key_head_size", r.key_head_size, "Size of one query or key head", in_range(1, 1e4));
  v.required("value_head_size", r.value_head_size, "Size of one value head", in_range(1, 1e4));
  v.required("full_attention_every", r.full_attention_every, "Every n-th layer has full attention and a KV cache",
             in_range(2, 1e4));
  v.place(r.place);
}

/// Every layer attends to a few cached tokens only: those that a small attention without values (the indexer, with
/// one key per cached token for all its heads) scores highest.
/// Source: DeepSeek-AI, "DeepSeek-V3.2-Exp", 2025 (DeepSeek sparse attention).
struct SparseAttentionRecord {
  std::int64_t tokens = 0;
  std::int64_t index_heads = 0;
  std::int64_t index_head_size = 0;
  Place place;
};
constexpr RecordName record_name(const SparseAttentionRecord*) {
  return {"SparseAttention", "Every layer attends to the cached tokens that an indexer picks"};
}
template <class Visitor>
void visit(Visitor& v, SparseAttentionRecord& r) {
  v.required("tokens", r.tokens, "Most cached tokens that a token attends to", in_range(1, 1e7));
  v.required("index_heads", r.index_heads, "Query heads of the indexer", in_range(1, 1e4));
  v.required("index_head_size", r.index_head_size, "Size of an indexer head, and of the key cached per token",
             in_range(1, 1e4));
  v.place(r.place);
}

/// The shape of a decoder-only language model. Facts of its published configuration.
struct ModelRecord {
  EntryHeader header;
  std::vector<std::string> aliases;
  std::int64_t layers = 0;
  std::int64_t hidden_size = 0;
  std::int64_t query_heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t vocabulary = 0;
  std::int64_t context_limit = 0;
  bool tied_embeddings = false;
  std::optional<ExpertsRecord> experts;
  std::optional<LatentAttentionRecord> latent_attention;
  std::optional<SlidingWindowRecord> sliding_window;
  std::optional<LinearAttentionRecord> linear_attention;
  std::optional<SparseAttentionRecord> sparse_attention;
  std::optional<bool> attention_output_gate;
  std::optional<Sourced<double>> parameters_billion;
};
constexpr RecordName record_name(const ModelRecord*) { return {"Model", "The shape of a decoder-only language model"}; }
template <class Visitor>
void visit(Visitor& v, ModelRecord& r) {
  visit_header(v, r.header);
  v.optional_list("aliases", r.aliases, "Other names in data sets");
  v.required("layers", r.layers, "Decoder layers", in_range(1, 1e4));
  v.required("hidden_size", r.hidden_size, "Width of the residual stream", in_range(1, 1e6));
  v.required("query_heads", r.query_heads, "Attention heads", in_range(1, 1e4));
  v.required("kv_heads", r.kv_heads, "Key-value heads", in_range(1, 1e4));
  v.required("head_size", r.head_size, "Size of one head; not always hidden / heads", in_range(1, 1e4));
  v.required("intermediate_size", r.intermediate_size, "Width of the dense gated MLP; 0 when every layer has experts",
             in_range(0, 1e7));
  v.required("vocabulary", r.vocabulary, "Tokens of the vocabulary", in_range(1, 1e8));
  v.required("context_limit", r.context_limit, "Longest prompt plus answer, in tokens", in_range(1, 1e9));
  v.required("tied_embeddings", r.tied_embeddings, "Input and output embedding share one matrix");
  v.optional("experts", r.experts, "Mixture of experts");
  v.optional("latent_attention", r.latent_attention, "Multi-head latent attention");
  v.optional("sliding_window", r.sliding_window, "Windowed layers");
  v.optional("linear_attention", r.linear_attention, "Layers with a state in place of a KV cache");
  v.optional("sparse_attention", r.sparse_attention, "Attention to picked tokens only");
  v.optional("attention_output_gate", r.attention_output_gate,
             "Whether queries come with a gate of their size for the output of attention; no when left out");
  v.optional("parameters_billion", r.parameters_billion, "As published, checked against the shape within 3 %",
             in_range(1e-3, 1e5));
}

/// Reports shapes that contradict themselves: heads that do not divide, more active experts than
/// experts, kinds of attention that are not modelled together, a published parameter count that the shape does not
/// give.
void check_physics(const ModelRecord& model, Diagnostics& diagnostics);

/// Parameters that the shape implies, embeddings included.
double parameter_count(const ModelRecord& model);

}  // namespace orrery
