#include "orrery/serving/policies/routing_policy.h"

namespace orrery {

/// One sentence on what it prefers, and when that pays. Keeps no state: equal loads, equal choice.
/// Declare it in routing_policy.h and give it a row in table.cpp; every test over the rows then covers it.
std::size_t choose_@id@(std::span<const ReplicaLoad> loads, std::uint64_t request) {
  return static_cast<std::size_t>(request % loads.size());
}

}  // namespace orrery
