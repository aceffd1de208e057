#include <algorithm>

#include "orrery/serving/policies/batch_policy.h"
#include "orrery/serving/policies/routing_policy.h"

namespace orrery {
namespace {

constexpr RoutingPolicy kRoutingPolicies[] = {
    {"round-robin", "each replica in turn", false, choose_round_robin},
    {"least-loaded", "the replica with the fewest prompt tokens of unfinished requests", true, choose_least_loaded},
    {"join-shortest-queue", "the replica with the fewest unfinished requests", true, choose_shortest_queue},
};

template <class Row>
const Row* find(std::span<const Row> rows, std::string_view name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::span<const RoutingPolicy> routing_policies() { return kRoutingPolicies; }
std::span<const BatchPolicy> batch_policies() {
  static const BatchPolicy kBatchPolicies[] = {kVllmV1, kSglang, kTensorrtLlm, kSarathi, kStatic};
  return kBatchPolicies;
}
const RoutingPolicy* find_routing_policy(std::string_view name) { return find(routing_policies(), name); }
const BatchPolicy* find_batch_policy(std::string_view name) { return find(batch_policies(), name); }

}  // namespace orrery
