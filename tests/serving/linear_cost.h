#pragma once

#include "orrery/model/step_cost.h"

namespace orrery {

/// Step time = fixed + per_token * T + per_context * K, K = computed tokens of all scheduled requests.
inline StepCost linear_cost(std::int64_t fixed, std::int64_t per_token, std::int64_t per_context,
                            std::int64_t max_tokens, std::int64_t max_sequences) {
  StepCost cost;
  for (std::int64_t t = 0; t <= max_tokens; ++t) cost.tokens_ps.push_back(fixed + per_token * t);
  cost.sequences_ps.resize(static_cast<std::size_t>(max_sequences) + 1);
  cost.tokens_work.resize(cost.tokens_ps.size());
  cost.sequences_work.resize(cost.sequences_ps.size());
  cost.context_token_ps = per_context;
  cost.full_layers.context_ps = static_cast<double>(per_context);  // of cached tokens
  cost.full_layers.token_ps = static_cast<double>(per_context);    // and of those computed now
  return cost;
}

}  // namespace orrery
