#pragma once

#include <cstdint>
#include <vector>

#include "orrery/model/step_cost.h"

namespace orrery {

struct ModelRecord;
struct StepCostRequest;

/// What drafting and verifying add to the steps of a replica (V-80).
///
/// A step that verifies k drafts of a sequence computes k + 1 of its tokens, whose attention reads the cache once, and
/// k + 1 rows of logits. The drafter then runs k times, one pass after the other: first over all tokens of the step, so
/// that its own cache keeps up, then over one token of each sequence that goes on.
/// Approximations: attention of the tokens under verification is priced as that of one, since reading the cache is
/// what it takes; accepting and rejecting costs nothing; captured sizes are those of plain decoding.
struct SpeculationCost {
  std::vector<std::int64_t> rows_ps;  ///< index: rows of logits of the target, LM head and sampling
  std::vector<StepWork> rows_work;
  StepCost draft;  ///< of one pass, without the engine's host time
};

/// Pre: as for build_step_cost; verified >= 1, the tokens of a sequence that a step verifies and adds.
SpeculationCost build_speculation_cost(const StepCostRequest& target, const StepCostRequest& draft,
                                       std::int64_t verified);

/// The drafter of a model that brings its own: `layers` more layers of its kind with full attention, whose embedding
/// and LM head are the model's (MTP, EAGLE). The product that joins hidden state and token is left out: half of a
/// layer's query and output weights, at most. Pre: layers >= 1.
ModelRecord draft_head(const ModelRecord& target, std::int64_t layers);

}  // namespace orrery
