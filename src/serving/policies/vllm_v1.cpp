#include "orrery/serving/policies/batch_policy.h"

namespace orrery {

/// vLLM's V1 scheduler: what BatchRules are without any change.
/// Source: vLLM v1/core/sched/scheduler.py (00024d3).
const BatchPolicy kVllmV1 = {
    "vllm-v1", "continuous batching with chunked prefill, first come first served, preemption by recomputation", {}};

}  // namespace orrery
