#include "orrery/serving/policies/batch_policy.h"

namespace orrery {

/// Static batching, as before continuous batching: who waits when the engine is free becomes the batch, up to the
/// limits of requests, of a step's tokens and of KV blocks, with all answers counted as long as the longest. A member
/// whose answer is complete is computed on, and keeps its blocks, until the longest ends; then all of them are handed
/// over (first tokens come as they are computed). Prompts are not padded to the longest. Source: Yu and others, "Orca:
/// A Distributed Serving System for Transformer-Based Generative Models", OSDI 2022, section 3 (request-level
/// scheduling).
const BatchPolicy kStatic = {
    "static",
    "a batch starts when the one before is wholly finished, and each of its members stays until the longest ends",
    {.reservation = Reservation::answer, .decodes_first = true, .whole_batches = true}};

}  // namespace orrery
