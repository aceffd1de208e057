#include "orrery/model/step_kernels.h"

#include "orrery/model/memory_footprint.h"
#include "orrery/operators/forms/expert_load.h"

namespace orrery {
namespace {

constexpr double kHalf = 2;         // bytes of bf16
constexpr double kStateChunk = 64;  // tokens of a prompt between two states

}  // namespace

StepKernels::StepKernels(const StepCostRequest& request)
    : chip_(request.chip),
      times_(request.times),
      ranks_(static_cast<double>(request.layout.tensor)),
      groups_(static_cast<double>(request.layout.data)),
      stages_(static_cast<double>(request.layout.pipeline)),
      stretch_(stages_ == 1 ? 1
                            : stages_ * std::ceil(static_cast<double>(request.model.layers) / stages_) /
                                  static_cast<double>(request.model.layers)),
      links_(request.links),
      hidden_transfers_(request.engine.hidden_transfers),
      expert_skew_(request.expert_skew),
      layers_(layer_counts(request.model)) {
  const ModelRecord& model = request.model;
  const auto hidden = static_cast<double>(model.hidden_size);
  const auto vocabulary = static_cast<double>(model.vocabulary);
  hidden_bytes_ = Bytes(kHalf * hidden);
  logits_bytes_ = Bytes(kHalf * vocabulary);
  output_layer_.n = std::ceil(vocabulary / ranks_);
  output_layer_.k = hidden;
  output_layer_.weights = request.chip.output_layer_precision(request.precision.weights);
  const auto all_layers = static_cast<double>(model.layers);
  // After attention, after the MLP, and of the embedding's shards; experts that groups share need none.
  sums_ = 2 * all_layers + 1 - (groups_ > 1 ? layers_.experts : 0);
  add_attention(model, request.precision);
  add_layers(model, request.precision, request.layout);
  passes_.push_back({KernelKind::embedding, 1, 2 * hidden_bytes_});
  // Norm with residual: reads both, writes both. Twice a layer and once at the end.
  passes_.push_back({KernelKind::elementwise, 2 * all_layers + 1, 4 * hidden_bytes_});
  for (DecodeAttentionCost* cost : {&decode_, &decode_indexer_, &state_update_}) stretch(*cost);
  for (ContextAttentionCost* cost : {&context_, &context_indexer_}) stretch(*cost);
  state_prompt_token_ = stretched(state_prompt_token_);
}

void StepKernels::stretch(DecodeAttentionCost& cost) const {
  for (KernelCost* part : {&cost.fixed, &cost.per_sequence, &cost.per_context_token})
    part->time = stretch_ * part->time;
}

void StepKernels::stretch(ContextAttentionCost& cost) const {
  for (KernelCost* part : {&cost.fixed, &cost.tile, &cost.per_token, &cost.per_cached_token})
    part->time = stretch_ * part->time;
  cost.tile_row_time = stretch_ * cost.tile_row_time;
}

KernelCost StepKernels::exposed(const TransferCost& transfer) const {
  KernelCost cost = kernel_cost(transfer);
  cost.time = (1 - hidden_transfers_) * cost.time;
  return cost;
}

KernelCost StepKernels::all_reduce(Bytes bytes) const { return exposed(links_.tensor->all_reduce(bytes)); }

/// The chips of a group split its tokens between them. Experts spread over chips: the expert kernels, those for few
/// tokens up to the number that their buffers are made for. Experts cut over all chips: every chip gets all tokens,
/// and sums are scattered back.
/// Source: DeepEP's README: low-latency kernels take up to 128 tokens of a rank, normal ones 20 of the units.
KernelCost StepKernels::exchange(double tokens) const {
  constexpr double kMostLowLatencyTokens = 128;
  constexpr double kUnits = 20;
  const double own = std::ceil(tokens / ranks_);
  if (expert_tensor_ == ranks_ * groups_) {
    const Bytes all = own * ranks_ * groups_ * hidden_bytes_;
    return exposed(links_.stage->all_gather(all)) + exposed(links_.stage->reduce_scatter(all));
  }
  ExpertExchange exchange;
  exchange.tokens = own;
  exchange.hidden_size = hidden_bytes_.si() / kHalf;
  exchange.experts = routed_->count;
  exchange.per_token = routed_->per_token;
  exchange.units = kUnits;
  const auto both_ways = [&](ExpertKernels kernels) {
    exchange.kernels = kernels;
    exchange.bytes_per_element = kDispatchBytesPerElement;
    KernelCost cost = exposed(links_.stage->expert_dispatch(exchange));
    exchange.bytes_per_element = kCombineBytesPerElement;
    return cost += exposed(links_.stage->expert_combine(exchange));
  };
  const KernelCost normal = both_ways(ExpertKernels::normal);
  if (own > kMostLowLatencyTokens) return normal;
  const KernelCost low_latency = both_ways(ExpertKernels::low_latency);
  return low_latency.time < normal.time ? low_latency : normal;
}

/// Each chip sends its share of the hidden states.
KernelCost StepKernels::to_next_stage(double tokens) const {
  const Bytes bytes = tokens * hidden_bytes_ / ranks_;
  return kernel_cost(links_.stages_between_nodes ? links_.stages->point_to_point_between_nodes(bytes)
                                                 : links_.stages->point_to_point(bytes));
}

KernelCost StepKernels::gemm(const GemmShape& shape) const {
  KernelCost cost = chip_.gemm(shape);
  if (times_ != nullptr) cost.time = times_->gemm(shape).value_or(cost.time);
  return cost;
}

KernelCost StepKernels::experts(const ExpertsShape& shape) const {
  KernelCost cost = chip_.experts(shape);
  if (times_ != nullptr) cost.time = times_->experts(shape, expert_skew_).value_or(cost.time);
  return cost;
}

/// Where every chip of the stage has all tokens, its kernel passes over them all and picks those of its own experts.
/// Where tokens were sent to their experts, the busiest chip has those that came and no others.
KernelCost StepKernels::routed_experts(double tokens) const {
  ExpertsShape shape = *routed_;
  shape.tokens = tokens * groups_;
  if (groups_ == 1 || shape.expert_parallel == 1) return experts(shape);
  const ExpertRouting routing{shape.tokens, shape.per_token, shape.count, shape.expert_parallel, expert_skew_};
  const double evenly = shape.tokens * shape.per_token / shape.expert_parallel;
  shape.tokens = std::max(1.0, times_ == nullptr ? evenly : ExpertLoad(routing).copies());
  shape.count = shape.count / shape.expert_parallel;
  shape.per_token = 1;
  shape.expert_parallel = 1;
  return experts(shape);
}

std::optional<Seconds> StepKernels::calibrated_decode(double sequences, double tokens) const {
  if (times_ == nullptr || layers_.full == 0) return std::nullopt;
  std::optional<Seconds> time;
  if (latent_decode_shape_) {
    time = times_->decode_attention(*latent_decode_shape_, sequences, tokens);
  } else if (decode_shape_) {
    time = times_->decode_attention(*decode_shape_, sequences, tokens, 0);
  }
  if (time) *time = stretch_ * *time;
  return time;
}

std::optional<Seconds> StepKernels::calibrated_window_decode(double sequences, double tokens) const {
  if (times_ == nullptr || layers_.windowed == 0 || !decode_shape_) return std::nullopt;
  auto time = times_->decode_attention(*decode_shape_, sequences, tokens, window_tokens_);
  if (time) *time = stretch_ * *time;
  return time;
}

void StepKernels::add_product(KernelKind kind, double repeats, double n, double k, Precision weights,
                              Precision activations) {
  if (repeats == 0) return;
  products_.push_back({kind, repeats, GemmShape{0, n, k, weights, activations}});
}

void StepKernels::add_attention(const ModelRecord& model, const ModelPrecision& precision) {
  if (model.linear_attention) add_linear_attention(model, precision);
  if (model.latent_attention) {
    add_latent_attention(model, precision);
    return;
  }
  const auto hidden = static_cast<double>(model.hidden_size);
  const auto add = [&](double n, double k) {
    add_product(KernelKind::attention_projection, layers_.cached(), n, k, precision.weights, precision.activations);
  };
  AttentionShape shape;
  shape.query_heads = static_cast<double>(model.query_heads) / ranks_;
  shape.kv_heads = kv_heads_per_rank(model, ranks_);
  shape.head_size = static_cast<double>(model.head_size);
  shape.kv_cache = precision.kv_cache;
  add(shape.query_heads * query_columns(model) + 2 * shape.kv_heads * shape.head_size, hidden);
  add(hidden, shape.query_heads * shape.head_size);
  if (model.attention_output_gate.value_or(false)) {
    passes_.push_back(
        {KernelKind::elementwise, layers_.cached(), Bytes(3 * kHalf * shape.query_heads * shape.head_size)});
  }
  decode_ = chip_.decode_attention(shape);
  context_ = chip_.context_attention(shape);
  decode_shape_ = shape;
  window_tokens_ = static_cast<double>(window_tokens(model));
}

void StepKernels::add_latent_attention(const ModelRecord& model, const ModelPrecision& precision) {
  const auto hidden = static_cast<double>(model.hidden_size);
  const double heads = static_cast<double>(model.query_heads) / ranks_;
  const auto add = [&](double n, double k) {
    add_product(KernelKind::attention_projection, layers_.cached(), n, k, precision.weights, precision.activations);
  };
  const LatentAttentionRecord& latent = *model.latent_attention;
  LatentAttentionShape shape;
  shape.query_heads = heads;
  shape.kv_rank = static_cast<double>(latent.kv_rank);
  shape.nope_head_size = static_cast<double>(latent.nope_head_size);
  shape.rope_head_size = static_cast<double>(latent.rope_head_size);
  shape.value_head_size = static_cast<double>(latent.value_head_size);
  shape.kv_cache = precision.kv_cache;
  const auto query_rank = static_cast<double>(latent.query_rank);
  const double query_size = heads * (shape.nope_head_size + shape.rope_head_size);
  const double compressed = shape.kv_rank + shape.rope_head_size;
  // Compressions are not sharded. Absorbed (decode) or not (prompts), the expansion multiplies the same weights.
  if (query_rank == 0) {
    add(query_size + compressed, hidden);
  } else {
    add(query_rank + compressed, hidden);
    add(query_size, query_rank);
  }
  add(heads * (shape.nope_head_size + shape.value_head_size), shape.kv_rank);
  add(hidden, heads * shape.value_head_size);
  decode_ = chip_.decode_attention(shape);
  if (!model.sparse_attention) latent_decode_shape_ = shape;
  if (model.sparse_attention) {
    // Each query gathers latents of its own, so that prompts take the absorbed form, too.
    shape.nope_head_size = shape.kv_rank;
    shape.value_head_size = shape.kv_rank;
  }
  context_ = chip_.context_attention(shape);
  if (model.sparse_attention) add_indexer(model, precision);
}

/// Attention to the chosen tokens is that of a window as long; what the tokens of a chunk choose together is taken to
/// be all that is cached before it.
/// Source: DeepSeek-V3.2-Exp, inference/model.py; every rank runs the whole indexer, as in vLLM.
/// Valid: assumed; nobody measured these kernels. Gathering scattered latents costs what reading them in order does.
void StepKernels::add_indexer(const ModelRecord& model, const ModelPrecision& precision) {
  const SparseAttentionRecord& sparse = *model.sparse_attention;
  const auto hidden = static_cast<double>(model.hidden_size);
  const auto heads = static_cast<double>(sparse.index_heads);
  const auto size = static_cast<double>(sparse.index_head_size);
  const auto add = [&](double n, double k) {
    add_product(KernelKind::attention_projection, layers_.indexed, n, k, precision.weights, precision.activations);
  };
  add(heads * size, static_cast<double>(model.latent_attention->query_rank));
  add(size + heads, hidden);

  const IndexerShape shape{heads, size, index_key_bytes(sparse)};
  decode_indexer_ = chip_.decode_attention(shape);
  context_indexer_ = chip_.context_attention(shape);
  context_indexer_.per_cached_token += context_.per_cached_token;
  context_.per_cached_token = {};
}

/// A new token reads and writes the whole state of its sequence. The tokens of a prompt share it: the chunked form
/// writes and reads back, in bf16, the state after every 64 tokens and, per token and value head, one vector of the
/// size of a key and two of the size of a value.
/// Source: the kernels of flash-linear-attention (chunk_gated_delta_rule, fused_recurrent_gated_delta_rule).
/// Valid: assumed; nobody measured these kernels. Their traffic takes the time of element-wise kernels; the arithmetic
/// inside the chunks (1 to 2 % of the model's) and the state at the ends of a prompt chunk are not counted.
void StepKernels::add_linear_attention(const ModelRecord& model, const ModelPrecision& precision) {
  const LinearAttentionRecord& linear = *model.linear_attention;
  const auto hidden = static_cast<double>(model.hidden_size);
  const LinearAttentionWidths size = widths(linear, ranks_);
  const auto add = [&](double n, double k) {
    add_product(KernelKind::attention_projection, layers_.linear, n, k, precision.weights, precision.activations);
  };
  add(size.input(), hidden);
  add(hidden, size.values);
  // The convolution over the last tokens reads and writes queries, keys and values; the norm reads values and gates.
  const double convolved = 2 * size.keys + size.values;
  passes_.push_back({KernelKind::linear_attention, layers_.linear, Bytes(2 * kHalf * convolved)});
  passes_.push_back({KernelKind::linear_attention, layers_.linear, Bytes(3 * kHalf * size.values)});

  const auto key_size = static_cast<double>(linear.key_head_size);
  const double state = size.values * key_size;
  const double expanded_keys = size.values / static_cast<double>(linear.value_head_size) * key_size;
  const Bytes inputs_and_output(kHalf * (convolved + size.values));
  const Bytes state_traffic = 2 * state_bytes_per_sequence(model, static_cast<std::int64_t>(ranks_)) / layers_.linear;
  state_update_.fixed = chip_.elementwise(Bytes(0));
  state_update_.per_sequence = chip_.elementwise_stream(inputs_and_output + state_traffic);
  const Bytes written_and_read(2 * kHalf * (expanded_keys + 2 * size.values + state / kStateChunk));
  state_prompt_token_ = chip_.elementwise_stream(inputs_and_output + written_and_read);
}

void StepKernels::add_layers(const ModelRecord& model, const ModelPrecision& precision, const EngineLayout& layout) {
  const auto hidden = static_cast<double>(model.hidden_size);
  const auto add_gated_mlp = [&](KernelKind kind, double repeats, double width) {
    if (width == 0) return;
    add_product(kind, repeats, 2 * width, hidden, precision.weights, precision.activations);
    add_product(kind, repeats, hidden, width, precision.weights, precision.activations);
    if (repeats > 0) passes_.push_back({KernelKind::elementwise, repeats, Bytes(3 * kHalf * width)});
  };
  add_gated_mlp(KernelKind::dense_mlp, layers_.dense, static_cast<double>(model.intermediate_size) / ranks_);
  if (!model.experts) return;
  const ExpertsRecord& experts = *model.experts;
  add_gated_mlp(KernelKind::shared_experts, layers_.experts,
                static_cast<double>(experts.shared_intermediate_size) / ranks_);
  add_product(KernelKind::router, layers_.experts, static_cast<double>(experts.count), hidden, Precision::bf16,
              Precision::bf16);
  ExpertsShape shape;
  shape.hidden_size = hidden;
  expert_tensor_ = static_cast<double>(layout.expert_tensor());
  shape.intermediate_size = static_cast<double>(experts.intermediate_size) / expert_tensor_;
  shape.expert_parallel = static_cast<double>(layout.expert);
  shape.count = static_cast<double>(experts.count);
  shape.per_token = static_cast<double>(experts.per_token);
  shape.weights = precision.experts;
  shape.activations = precision.activations;
  routed_ = shape;
}

}  // namespace orrery
