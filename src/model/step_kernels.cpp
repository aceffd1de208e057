#include "orrery/model/step_kernels.h"

namespace orrery {
namespace {

constexpr double kHalf = 2;  // bytes of bf16

}  // namespace

StepKernels::StepKernels(const StepCostRequest& request)
    : chip_(request.chip),
      ranks_(static_cast<double>(request.tensor_parallel)),
      interconnect_(request.interconnect),
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
  sums_ = 2 * all_layers + 1;  // after attention, after the MLP, and of the embedding's shards
  add_attention(model, request.precision);
  add_layers(model, request.precision);
  passes_.push_back({KernelKind::embedding, 1, 2 * hidden_bytes_});
  // Norm with residual: reads both, writes both. Twice a layer and once at the end.
  passes_.push_back({KernelKind::elementwise, 2 * all_layers + 1, 4 * hidden_bytes_});
}

void StepKernels::add_product(KernelKind kind, double repeats, double n, double k, Precision weights,
                              Precision activations) {
  if (repeats == 0) return;
  products_.push_back({kind, repeats, GemmShape{0, n, k, weights, activations}});
}

void StepKernels::add_attention(const ModelRecord& model, const ModelPrecision& precision) {
  const auto hidden = static_cast<double>(model.hidden_size);
  const double heads = static_cast<double>(model.query_heads) / ranks_;
  const auto repeats = static_cast<double>(model.layers);
  const auto add = [&](double n, double k) {
    add_product(KernelKind::attention_projection, repeats, n, k, precision.weights, precision.activations);
  };
  if (!model.latent_attention) {
    AttentionShape shape;
    shape.query_heads = heads;
    shape.kv_heads = kv_heads_per_rank(model, ranks_);
    shape.head_size = static_cast<double>(model.head_size);
    shape.kv_cache = precision.kv_cache;
    add((shape.query_heads + 2 * shape.kv_heads) * shape.head_size, hidden);
    add(hidden, shape.query_heads * shape.head_size);
    decode_ = chip_.decode_attention(shape);
    context_ = chip_.context_attention(shape);
    return;
  }
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
  context_ = chip_.context_attention(shape);
}

void StepKernels::add_layers(const ModelRecord& model, const ModelPrecision& precision) {
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
  shape.intermediate_size = static_cast<double>(experts.intermediate_size) / ranks_;
  shape.count = static_cast<double>(experts.count);
  shape.per_token = static_cast<double>(experts.per_token);
  shape.weights = precision.experts;
  shape.activations = precision.activations;
  routed_ = shape;
}

}  // namespace orrery
