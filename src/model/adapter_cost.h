#pragma once

#include <cstdint>

#include "orrery/base/quantity.h"
#include "orrery/base/result.h"
#include "orrery/chip/chip.h"
#include "orrery/model/model_record.h"
#include "orrery/model/step_cost.h"

namespace orrery {

/// What low-rank adapters (LoRA) add to the steps of a replica: a step with some takes
///   step_ps + adapters * adapter_ps + tokens * token_ps
/// where `adapters` are the distinct ones of its requests and `tokens` are all of the step's.
///
/// Every linear layer of attention and MLP has a pair of matrices of the rank, A [rank, inputs] and B [outputs, rank],
/// in bf16. One launch shrinks and one expands for each product of the model, all adapters together; the matrices of
/// each adapter are read once, inputs and outputs of every token are read and written once more.
/// Approximations: arithmetic of the rank is hidden behind memory; tokens without an adapter pay as well, as the
/// kernels walk over them; the matrices are there (no loading from the host). Source: Chen et al., "Punica:
/// multi-tenant LoRA serving", MLSys 2024; vLLM, lora/punica_wrapper.
struct AdapterCost {
  std::int64_t step_ps = 0;
  std::int64_t adapter_ps = 0;
  std::int64_t token_ps = 0;
  StepWork adapter_work;
  StepWork token_work;
};

/// Fails where it is not known which layers are adapted: experts, latent and linear attention.
Result<void> check_adapters(const ModelRecord& model);
/// One adapter's matrices on one of `ranks` chips: inputs of column-parallel products and outputs of row-parallel ones
/// are held whole. Source: vLLM without fully_sharded_loras. Pre for both: check_adapters passes, rank >= 1.
Bytes adapter_bytes_per_rank(const ModelRecord& model, std::int64_t rank, std::int64_t ranks);
AdapterCost build_adapter_cost(const Chip& chip, const ModelRecord& model, std::int64_t rank, std::int64_t ranks);

}  // namespace orrery
