#include <algorithm>

#include "orrery/serving/policies/routing_policy.h"

namespace orrery {

/// Ties go to the first of the replicas.
std::size_t choose_shortest_queue(std::span<const ReplicaLoad> loads, std::uint64_t) {
  const auto least = std::min_element(
      loads.begin(), loads.end(), [](const ReplicaLoad& a, const ReplicaLoad& b) { return a.requests < b.requests; });
  return static_cast<std::size_t>(least - loads.begin());
}

}  // namespace orrery
