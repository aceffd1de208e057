#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace orrery {

/// What an engine makes sure of before it admits a request, and keeps for it.
enum class Reservation : std::uint8_t {
  by_setting,  ///< nothing is kept; whether the whole prompt must fit is the engine's `reserve_full_prompt`
  prompt,      ///< blocks of the whole prompt are kept for it until they are filled
  answer,      ///< blocks of prompt and whole answer: it never runs out of them
  /// As `prompt`; and a share of the answers of running requests must fit as well. Prompts take steps of their own.
  estimate,
};

/// How an engine estimates what answers will still take.
struct AnswerEstimate {
  static constexpr std::int64_t kWhole = 1'000'000'000;
  std::int64_t first = 0;        ///< share of what is left of each answer, in parts of kWhole, at first
  std::int64_t least = 0;        ///< and at last
  std::int64_t decay = 0;        ///< by every step of decoding alone
  std::int64_t steps = 0;        ///< ahead, that each request is given when the share is estimated anew
  std::int64_t most_tokens = 0;  ///< of one answer that are counted
};

/// How an engine forms its steps, as far as engines differ. All of them serve a step's requests in the order of
/// admission, first come, first served, take the youngest running one back when blocks run out (of those that estimate
/// answers: the one that has generated least; priorities of requests come before all this), and know the length of an
/// answer only as the limit that its request names.
struct BatchRules {
  Reservation reservation = Reservation::by_setting;
  /// Share of the blocks that an admission leaves free.
  double watermark = 0;
  /// Requests that decode are served before prompts that are partly computed, so that none is left out.
  bool decodes_first = false;
  /// A batch is admitted when the one before is wholly finished, and its members stay until the longest of them ends.
  bool whole_batches = false;
  AnswerEstimate estimate = {};
};

/// One batching policy. A policy is one file here and one row in table.cpp.
struct BatchPolicy {
  std::string_view name;
  std::string_view help;
  BatchRules rules;
};

std::span<const BatchPolicy> batch_policies();
/// The policy of that name, or null.
const BatchPolicy* find_batch_policy(std::string_view name);

extern const BatchPolicy kVllmV1;
extern const BatchPolicy kTensorrtLlm;
extern const BatchPolicy kSglang;
extern const BatchPolicy kSarathi;
extern const BatchPolicy kStatic;

}  // namespace orrery
