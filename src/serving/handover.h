#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace orrery {

/// What passes between the engines of a pool whose prompts and answers are computed apart (V-90 to V-95), and the one
/// that runs them: each engine has its own, and leaves word here of what happened in its last call.
struct Handover {
  enum class Half : std::uint8_t {
    prefill,  ///< ends every request with its first token, and holds the blocks until they are acknowledged
    decode,   ///< gets prompts computed: their blocks are reserved, and filled from outside
  };
  struct Word {
    std::uint32_t request;
    std::int64_t time_ps;
    std::int64_t tokens;  ///< of `reserved`: those to be sent
  };

  Half half = Half::prefill;
  /// Prefill: what is left to generate of each request. Nothing: its first token is its last, and no block is held.
  std::span<const std::int32_t> left_to_generate = {};
  /// Decode: tokens at the end of a prompt that come without keys and values: 1 where the first token was generated
  /// by the prefill engine and is given to this one, otherwise 0.
  std::int64_t given_tokens = 0;

  std::vector<Word> started;   ///< prefill: the first step of a request starts
  std::vector<Word> finished;  ///< prefill: its first token is there
  std::vector<Word> reserved;  ///< decode: its blocks are there
};

}  // namespace orrery
