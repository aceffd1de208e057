#include "orrery/model/speculation_cost.h"

#include <algorithm>
#include <cmath>

#include "orrery/model/step_cost_builder.h"
#include "orrery/model/step_kernels.h"

namespace orrery {
namespace {

/// Row counts above it are priced at the next multiple of 16, as token counts are.
constexpr std::int64_t kExactRows = 512;
constexpr std::int64_t kRowsOfTile = 16;

}  // namespace

SpeculationCost build_speculation_cost(const StepCostRequest& target, const StepCostRequest& draft,
                                       std::int64_t verified) {
  SpeculationCost cost;
  cost.draft = build_step_cost(draft);
  const StepKernels kernels(target);
  const std::int64_t most = std::min(target.max_sequences * verified, target.max_batched_tokens);
  cost.rows_ps.push_back(0);
  cost.rows_work.emplace_back();
  for (std::int64_t rows = 1; rows <= most; ++rows) {
    if (rows > kExactRows && rows % kRowsOfTile != 1) {
      cost.rows_ps.push_back(cost.rows_ps.back());
      cost.rows_work.push_back(cost.rows_work.back());
      continue;
    }
    const std::int64_t priced = rows > kExactRows ? (rows + kRowsOfTile - 1) / kRowsOfTile * kRowsOfTile : rows;
    KernelCost sum;
    kernels.for_each_sequence_kernel(
        static_cast<double>(priced),
        [&](KernelKind, double repeats, const KernelCost& each) { sum += repeats * each; });
    cost.rows_ps.push_back(std::llround(sum.time.si() * 1e12));
    cost.rows_work.push_back({sum.flops.si(), sum.memory_bytes.si(), sum.link_bytes.si(), sum.dynamic_energy.si()});
  }
  return cost;
}

ModelRecord draft_head(const ModelRecord& target, std::int64_t layers) {
  ModelRecord head = target;
  head.layers = layers;
  if (head.experts) head.experts->first_dense_layers = 0;
  head.sliding_window.reset();
  head.linear_attention.reset();
  return head;
}

}  // namespace orrery
