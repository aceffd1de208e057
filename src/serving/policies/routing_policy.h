#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace orrery {

/// What a router knows of one replica when a request arrives.
struct ReplicaLoad {
  std::int64_t requests = 0;       ///< sent there and not finished
  std::int64_t prompt_tokens = 0;  ///< prompt tokens of those requests
};

/// One way to choose a replica. A policy is one file here and one row in table.cpp.
struct RoutingPolicy {
  std::string_view name;
  std::string_view help;
  /// Policies that ignore the load let every replica run on its own, and so on any thread.
  bool uses_load;
  /// The replica for the request-th arrival. Pre: loads is not empty. Pure: equal input, equal choice.
  std::size_t (*choose)(std::span<const ReplicaLoad> loads, std::uint64_t request);
};

std::span<const RoutingPolicy> routing_policies();
/// The policy of that name, or null.
const RoutingPolicy* find_routing_policy(std::string_view name);

std::size_t choose_round_robin(std::span<const ReplicaLoad> loads, std::uint64_t request);
std::size_t choose_shortest_queue(std::span<const ReplicaLoad> loads, std::uint64_t request);
std::size_t choose_least_loaded(std::span<const ReplicaLoad> loads, std::uint64_t request);

}  // namespace orrery
