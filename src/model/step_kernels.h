#pragma once

#include <cmath>
#include <optional>
#include <vector>

#include "orrery/chip/chip.h"
#include "orrery/model/model_shape.h"
#include "orrery/model/step_cost_builder.h"

namespace orrery {

/// The kernels that one chip of a replica runs in a step. Each `for_each_` function calls
/// `sink(KernelKind, repeats, KernelCost)`.
class StepKernels {
 public:
  /// Pre: as build_step_cost.
  explicit StepKernels(const StepCostRequest& request);

  /// Kernels whose size is the number of tokens. Pre: tokens >= 1, padding included.
  template <class Sink>
  void for_each_token_kernel(double tokens, Sink&& sink) const {
    for (const Product& product : products_) {
      GemmShape shape = product.shape;
      shape.m = tokens;
      sink(product.kind, product.repeats, stretched(gemm(shape)));
    }
    for (const Pass& pass : passes_) {
      sink(pass.kind, pass.repeats, stretched(chip_.elementwise(tokens * pass.token_bytes)));
    }
    if (routed_) sink(KernelKind::routed_experts, layers_.experts, stretched(routed_experts(tokens)));
    if (ranks_ > 1) sink(KernelKind::all_reduce, sums_, all_reduce(tokens * hidden_bytes_));
    if (groups_ > 1) sink(KernelKind::expert_exchange, layers_.experts, exchange(tokens));
    if (stages_ > 1) sink(KernelKind::stage_transfer, stages_ - 1, to_next_stage(tokens));
  }

  /// Kernels whose size is the number of sequences. Pre: sequences >= 1.
  template <class Sink>
  void for_each_sequence_kernel(double sequences, Sink&& sink) const {
    GemmShape shape = output_layer_;
    shape.m = sequences;
    sink(KernelKind::output_layer, 1.0, gemm(shape));
    const Bytes logits = sequences * logits_bytes_;
    // An all-gather moves half of what an all-reduce of the same buffer does.
    if (ranks_ > 1) sink(KernelKind::all_reduce, 1.0, all_reduce(0.5 * logits));
    sink(KernelKind::sampling, 1.0, chip_.elementwise(kLogitPasses * logits));
  }

  const LayerCounts& layers() const { return layers_; }
  const DecodeAttentionCost& decode_attention() const { return decode_; }
  /// The calibrated time of decode_attention() in one layer without a window, and in one with: `tokens` of each
  /// sequence. Nothing where no calibrated form speaks of it.
  std::optional<Seconds> calibrated_decode(double sequences, double tokens) const;
  std::optional<Seconds> calibrated_window_decode(double sequences, double tokens) const;
  const ContextAttentionCost& context_attention() const { return context_; }
  /// The indexer of one layer; nothing where layers().indexed is 0.
  const DecodeAttentionCost& decode_indexer() const { return decode_indexer_; }
  const ContextAttentionCost& context_indexer() const { return context_indexer_; }
  /// The state of one layer of linear attention, for one new token per sequence; nothing where layers().linear is 0.
  const DecodeAttentionCost& state_update() const { return state_update_; }
  /// The same for one token of a prompt.
  const KernelCost& state_prompt_token() const { return state_prompt_token_; }

 private:
  struct Product {
    KernelKind kind;
    double repeats;
    GemmShape shape;
  };
  struct Pass {
    KernelKind kind;
    double repeats;
    Bytes token_bytes;
  };
  /// bf16 logits are read, written as fp32 and read once more for the largest: 2 + 4 + 4 bytes of 2.
  static constexpr double kLogitPasses = 5;

  KernelCost gemm(const GemmShape& shape) const;
  KernelCost all_reduce(Bytes bytes) const;
  KernelCost exchange(double tokens) const;
  KernelCost to_next_stage(double tokens) const;
  /// Less what runs beside other kernels.
  KernelCost exposed(const TransferCost& transfer) const;
  /// As long as on the stage with most layers.
  KernelCost stretched(KernelCost cost) const {
    cost.time = stretch_ * cost.time;
    return cost;
  }
  void stretch(DecodeAttentionCost& cost) const;
  void stretch(ContextAttentionCost& cost) const;
  KernelCost experts(const ExpertsShape& shape) const;
  KernelCost routed_experts(double tokens) const;
  void add_attention(const ModelRecord& model, const ModelPrecision& precision);
  void add_latent_attention(const ModelRecord& model, const ModelPrecision& precision);
  void add_indexer(const ModelRecord& model, const ModelPrecision& precision);
  void add_linear_attention(const ModelRecord& model, const ModelPrecision& precision);
  void add_layers(const ModelRecord& model, const ModelPrecision& precision, const EngineLayout& layout);
  void add_product(KernelKind kind, double repeats, double n, double k, Precision weights, Precision activations);

  const Chip& chip_;
  const KernelTimes* times_;
  double ranks_;
  double groups_;
  double stages_;
  double stretch_;
  EngineLinks links_;
  double hidden_transfers_;
  double expert_skew_;
  double expert_tensor_ = 1;  ///< chips that share each expert
  LayerCounts layers_;
  std::vector<Product> products_;
  std::vector<Pass> passes_;
  std::optional<ExpertsShape> routed_;
  GemmShape output_layer_;
  Bytes hidden_bytes_;  ///< of one token
  Bytes logits_bytes_;  ///< of one sequence, bf16
  double sums_ = 0;
  double window_tokens_ = 0;
  std::optional<AttentionShape> decode_shape_;
  std::optional<LatentAttentionShape> latent_decode_shape_;
  DecodeAttentionCost decode_;
  ContextAttentionCost context_;
  DecodeAttentionCost decode_indexer_;
  ContextAttentionCost context_indexer_;
  DecodeAttentionCost state_update_;
  KernelCost state_prompt_token_;
};

}  // namespace orrery
