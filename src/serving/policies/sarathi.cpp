#include "orrery/serving/policies/batch_policy.h"

namespace orrery {

/// Sarathi-Serve in the form that Vidur simulates: every step takes one token of each request that generates and fills
/// the rest of its chunk (max_num_batched_tokens) with prompts; a prompt gets its blocks whole when it is admitted, and
/// 1 % of all blocks must be left free.
/// Approximations: a request needs a free block only when it fills one, where Vidur asks for one in every step; nobody
/// is admitted in a step that takes a request back (the one taken back is the head of the queue and would not fit).
/// Source: Vidur vidur/scheduler/replica_scheduler/sarathi_replica_scheduler.py (01f216f); Agrawal and others, "Taming
/// Throughput-Latency Tradeoff in LLM Inference with Sarathi-Serve", OSDI 2024.
const BatchPolicy kSarathi = {
    "sarathi",
    "one token of each running request, the rest of the chunk for prompts; whole prompts reserved, 1 % kept free",
    {.reservation = Reservation::prompt, .watermark = 0.01, .decodes_first = true}};

}  // namespace orrery
