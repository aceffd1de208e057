#pragma once

#include <algorithm>
#include <cstdint>

namespace orrery {

/// Tokens that a step computes once its batch is padded to a captured size: 1, 2, 4, then multiples of 8 below 256,
/// then multiples of 16, none above `largest`. Batches that no captured size holds run as they are.
/// Source: vLLM V1, vllm/config/vllm.py.
constexpr std::int64_t padded_tokens(std::int64_t tokens, std::int64_t largest) {
  std::int64_t padded = 0;
  if (tokens <= 2) {
    padded = tokens;
  } else if (tokens <= 4) {
    padded = 4;
  } else if (tokens <= 248) {
    padded = (tokens + 7) / 8 * 8;
  } else {
    padded = (tokens + 15) / 16 * 16;
  }
  return padded <= largest ? padded : tokens;
}

/// The largest size that an engine captures. `configured` is its own limit; 0: none is captured.
/// Source: vLLM V1, vllm/config/vllm.py.
constexpr std::int64_t largest_captured(std::int64_t configured, std::int64_t max_sequences,
                                        std::int64_t max_batched_tokens) {
  return std::min({configured, 2 * max_sequences, max_batched_tokens});
}

}  // namespace orrery
