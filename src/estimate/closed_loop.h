#pragma once

#include <cstdint>

#include "orrery/estimate/rank_steps.h"

namespace orrery {

/// A constant number of requests in flight at one rank: each that ends is followed by the next at once.
struct ClosedLoop {
  std::int64_t users = 1;
  double input_tokens = 1;     ///< nominal
  double output_tokens = 1;    ///< nominal
  double shortest_share = 1;   ///< see Deployment
  double token_budget = 8192;  ///< of one step
  double cache_tokens = 1e18;  ///< that the KV cache holds
  bool prompts_pause_decoding = false;
};

struct LoopTimes {
  double ttft_us = 0;  ///< mean over requests, the first ones included
  double tpot_us = 0;  ///< mean over requests of (last token - first token) / (output - 1)
};

/// Serves ten times as many requests as there are users from an empty engine, and again with other lengths while that
/// is less than some hundred; lengths come from streams of the seed. Decode steps between events are summed in closed
/// form. Source: the scheduler's rules as in serving/replica.h, without preemption: a request waits until its whole
/// length fits the cache.
LoopTimes run_closed_loop(const RankSteps& steps, const ClosedLoop& loop, std::uint64_t seed);

}  // namespace orrery
