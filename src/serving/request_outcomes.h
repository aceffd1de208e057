#pragma once

#include <cstdint>
#include <vector>

namespace orrery {

enum class RequestState : std::uint8_t {
  unfinished,
  completed,
  rejected,
  failed,  ///< its client gave up
};

/// What became of the requests of a RequestTable, as columns of the same length.
/// Times are absolute picoseconds; kUnset where the event did not happen.
struct RequestOutcomes {
  static constexpr std::int64_t kUnset = -1;

  explicit RequestOutcomes(std::size_t requests)
      : queued_ps(requests, kUnset),
        scheduled_ps(requests, kUnset),
        first_token_ps(requests, kUnset),
        finish_ps(requests, kUnset),
        preemptions(requests),
        replica(requests),
        state(requests) {}

  /// Row `at` becomes row `i` of `from`, which may be these outcomes themselves.
  void take(std::size_t at, const RequestOutcomes& from, std::size_t i) {
    queued_ps[at] = from.queued_ps[i];
    scheduled_ps[at] = from.scheduled_ps[i];
    first_token_ps[at] = from.first_token_ps[i];
    finish_ps[at] = from.finish_ps[i];
    preemptions[at] = from.preemptions[i];
    replica[at] = from.replica[i];
    state[at] = from.state[i];
  }

  std::vector<std::int64_t> queued_ps;     ///< the engine takes the request up, at a step boundary
  std::vector<std::int64_t> scheduled_ps;  ///< its first step starts
  std::vector<std::int64_t> first_token_ps;
  std::vector<std::int64_t> finish_ps;  ///< its last token; of a failed request, when the engine let go of it
  std::vector<std::uint16_t> preemptions;
  std::vector<std::uint16_t> replica;
  std::vector<RequestState> state;  ///< a byte each: threads write neighbouring requests
};

}  // namespace orrery
