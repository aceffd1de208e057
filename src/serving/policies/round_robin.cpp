#include "orrery/serving/policies/routing_policy.h"

namespace orrery {

std::size_t choose_round_robin(std::span<const ReplicaLoad> loads, std::uint64_t request) {
  return static_cast<std::size_t>(request % loads.size());
}

}  // namespace orrery
