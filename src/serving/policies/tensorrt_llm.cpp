#include "orrery/serving/policies/batch_policy.h"

namespace orrery {

/// TensorRT-LLM's in-flight batching under its capacity policy GUARANTEED_NO_EVICT: a request is admitted if the blocks
/// that all running ones still need to their ends, and its own, exist; so none is ever taken back. Steps take requests
/// that generate first, then prompts in order.
/// Approximations: blocks enter the prefix index when a step is scheduled, as in vLLM, not when it is done; a request
/// that could reuse blocks which another one computes in this step is not put off by a step.
/// Source: TensorRT-LLM cpp/tensorrt_llm/batch_manager/capacityScheduler.cpp (GuaranteedNoEvictScheduler, 02a10fe),
/// microBatchScheduler.cpp.
const BatchPolicy kTensorrtLlm = {
    "tensorrt-llm",
    "in-flight batching; a request is admitted only if its prompt and whole answer fit, and is never taken back",
    {.reservation = Reservation::answer, .decodes_first = true}};

}  // namespace orrery
