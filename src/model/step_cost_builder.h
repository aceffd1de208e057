#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "orrery/base/result.h"
#include "orrery/chip/chip.h"
#include "orrery/model/engine_layout.h"
#include "orrery/model/model_precision.h"
#include "orrery/model/model_record.h"
#include "orrery/model/step_cost.h"
#include "orrery/network/collectives.h"
#include "orrery/operators/kernel_times.h"

namespace orrery {

/// What a serving engine adds to the kernels.
struct EngineOverheads {
  std::int64_t largest_captured_batch = 0;  ///< see captured_batch.h
  Seconds step_overhead;
  Seconds request_overhead;     ///< per sequence of a step
  double hidden_transfers = 0;  ///< share of the time of collectives that runs beside other kernels
};

/// How the chips of an engine are joined; null where there is nothing to join.
struct EngineLinks {
  const Interconnect* tensor = nullptr;  ///< the chips of one group
  const Interconnect* stage = nullptr;   ///< all chips of a stage; only where data-parallel groups share experts
  const Interconnect* stages = nullptr;  ///< chips of one stage and of the next
  bool stages_between_nodes = false;
};

/// One lane of an engine (see EngineLayout). The referred objects must outlive the call only.
struct StepCostRequest {
  const Chip& chip;
  const ModelRecord& model;
  ModelPrecision precision;
  EngineLayout layout;
  EngineLinks links;
  EngineOverheads engine;
  std::int64_t max_batched_tokens = 0;
  std::int64_t max_sequences = 0;
  const KernelTimes* times = nullptr;  ///< calibrated times of the chip; null: its closed forms alone
  /// As the measured tables draw the popularity of experts in served traffic (power_law_1.2); assumed for any traffic.
  static constexpr double kServedSkew = 1.2;
  double expert_skew = kServedSkew;  ///< see KernelTimes::experts
};

/// Fails unless the chip multiplies these formats and knows the model's kind of attention.
Result<void> check_precision(const Chip& chip, const ModelRecord& model, const ModelPrecision& precision);

/// Compiles the time and work of every step of one replica, in milliseconds. Times come from the calibrated forms where
/// they speak of a kernel, else from the chip's closed forms; work and energy always from these.
/// Approximations: kernels run one after the other (no overlap of communication and arithmetic); a step with prompts
/// and decoding sequences adds their attention up, but pays one launch; every rank does the same work; the sampler is
/// greedy. Data-parallel groups run in lock step and are taken to have as many tokens as this lane; a pipeline has a
/// lane for each stage, so that in the time in which a lane passes all stages every stage serves every lane once:
/// bubbles arise where some lanes are idle or shorter than others, and all stages take as long as the one with most
/// layers. Token counts above 512 are priced at the next multiple of 16; attention of decoding sequences as if all had
/// the mean context, linear within each octave of it, and between multiples of 16 sequences above 128; prompts by the
/// closed form. Pre: links between all chips that talk, check_physics found nothing,
/// check_layout and check_precision pass, the last two counts are >= 1.
StepCost build_step_cost(const StepCostRequest& request);

/// Kernels of a step by what they are for.
enum class KernelKind {
  attention_projection,
  dense_mlp,
  router,
  routed_experts,
  shared_experts,
  elementwise,
  all_reduce,
  expert_exchange,
  stage_transfer,
  embedding,
  decode_attention,
  linear_attention,
  indexer,
  prefill_attention,
  output_layer,
  sampling,
  host,
};
template <>
struct EnumNames<KernelKind> {
  static constexpr EnumRow<KernelKind> kRows[] = {
      {KernelKind::attention_projection, "attention-projection", "weights of query, key, value and output"},
      {KernelKind::dense_mlp, "dense-mlp", "weights of the dense MLP"},
      {KernelKind::router, "router", "weights that choose experts"},
      {KernelKind::routed_experts, "routed-experts", "weights of the chosen experts"},
      {KernelKind::shared_experts, "shared-experts", "weights of experts that every token visits"},
      {KernelKind::elementwise, "elementwise", "norms and activations"},
      {KernelKind::all_reduce, "all-reduce", "sums over the chips of the replica"},
      {KernelKind::expert_exchange, "expert-exchange", "tokens to their experts and back"},
      {KernelKind::stage_transfer, "stage-transfer", "hidden states to the next stage of a pipeline"},
      {KernelKind::embedding, "embedding", "rows of the input embedding"},
      {KernelKind::decode_attention, "decode-attention", "reading the KV cache for one new token per sequence"},
      {KernelKind::linear_attention, "linear-attention", "reading and writing the state of linear attention"},
      {KernelKind::indexer, "indexer", "choosing the cached tokens that sparse attention reads"},
      {KernelKind::prefill_attention, "prefill-attention", "attention of prompts, of all kinds"},
      {KernelKind::output_layer, "output-layer", "logits of the last token of each sequence"},
      {KernelKind::sampling, "sampling", "choosing the next token"},
      {KernelKind::host, "host", "what the engine adds on the processor"},
  };
};

/// What one step schedules.
struct StepLoad {
  std::int64_t tokens = 0;
  std::int64_t sequences = 0;
  std::int64_t decoding = 0;
  std::int64_t context_tokens = 0;  ///< cached tokens of the decoding sequences, the new ones included
  std::int64_t window_tokens = 0;   ///< the same, each sequence cut off at window_tokens(model)
  std::vector<std::pair<std::int64_t, std::int64_t>> chunks;  ///< prompts: (cached, tokens)
};
struct StepPart {
  KernelKind kind;
  KernelCost cost;
};
/// The same step by kind of kernel, in the order of KernelKind; kinds without time are left out. The sum is the time
/// that build_step_cost gives, up to its rounding. Pre: as there, and load.tokens >= 1.
std::vector<StepPart> explain_step(const StepCostRequest& request, const StepLoad& load);

}  // namespace orrery
