#include "orrery/serving/policies/batch_policy.h"

namespace orrery {

/// SGLang's scheduler: prompts take steps of their own, before the running requests go on; at most one prompt is partly
/// computed, and goes first. A request is admitted if its prompt and answer fit what is left when every running request
/// gets a share of what its answer may still take; that share begins at 0.7, falls in 600 decode steps to 0.098, and is
/// estimated anew when blocks run out. Then the request with the fewest generated tokens is retracted, of these the one
/// with the longest prompt: it goes to the end of the queue, and finds what is cached of its prompt. An engine that had
/// no room tries again when a request has left its decode batch. Defaults of 0.5: schedule_conservativeness 1,
/// SGLANG_INIT_NEW_TOKEN_RATIO 0.7, SGLANG_MIN_NEW_TOKEN_RATIO_FACTOR 0.14, SGLANG_NEW_TOKEN_RATIO_DECAY_STEPS 600,
/// SGLANG_RETRACT_DECODE_STEPS 20, SGLANG_CLIP_MAX_NEW_TOKENS_ESTIMATION 4096. Approximations: the radix cache evicts
/// in the order of vLLM's free list, from the ends of what was released first, which is the order of its leaves by last
/// use except where a leaf was looked up and not taken; blocks enter it when a step is scheduled, so that equal prompts
/// of one step share; the queue is served first come, first served (schedule_policy fcfs); a request whose last token
/// is on its way takes no surplus step; steps that mix prompts and running requests (enable_mixed_chunk) are not
/// simulated. Source: SGLang python/sglang/srt/managers/schedule_policy.py (PrefillAdder), scheduler.py
/// (get_next_batch_to_run, update_running_batch), schedule_batch.py (retract_decode).
const BatchPolicy kSglang = {
    "sglang",
    "prompts in steps of their own; answers counted by a falling share; retraction of whoever has generated least",
    {.reservation = Reservation::estimate,
     .decodes_first = true,
     .estimate = {.first = 700'000'000, .least = 98'000'000, .decay = 1'003'333, .steps = 20, .most_tokens = 4096}}};

}  // namespace orrery
