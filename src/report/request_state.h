#pragma once

#include <string_view>

#include "orrery/serving/request_outcomes.h"

namespace orrery {

// What the CSV and the store say of one request.

constexpr std::string_view state_name(RequestState state) {
  switch (state) {
    case RequestState::unfinished:
      return "unfinished";
    case RequestState::completed:
      return "completed";
    case RequestState::rejected:
      return "rejected";
    case RequestState::failed:
      return "failed";
  }
  return "?";
}

/// Whether the replica is known: a request of an interrupted run may never have been sent to one.
inline bool has_replica(const RequestOutcomes& outcomes, std::size_t request) {
  return outcomes.state[request] != RequestState::unfinished || outcomes.queued_ps[request] != RequestOutcomes::kUnset;
}

}  // namespace orrery
