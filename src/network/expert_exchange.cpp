#include <algorithm>
#include <cmath>

#include "orrery/base/result.h"
#include "orrery/network/collectives.h"

namespace orrery {
namespace {

/// Places among `places` where the `choices` of a token fall, expected, when each falls anywhere with equal chance.
double distinct_places(double places, double choices) { return places * (1 - std::pow(1 - 1 / places, choices)); }

template <class Pair>
const auto& direction(const Pair& pair, bool is_combine) {
  return is_combine ? pair.combine : pair.dispatch;
}

/// Sets time and limit from a fixed part and the two transfers, which flow at the same time.
void set_time(TransferCost& cost, Seconds fixed, Seconds near, Seconds far, TransferLimit near_limit) {
  const Seconds transfer = std::max(near, far);
  cost.time = fixed + transfer;
  if (transfer >= fixed) cost.limit = far > near ? TransferLimit::network : near_limit;
}

}  // namespace

bool Interconnect::has_expert_kernels() const {
  if (!shape_.link.expert_exchange) return false;
  return shape_.nodes == 1 || shape_.network->expert_exchange_between_nodes.has_value();
}

TransferCost Interconnect::expert_dispatch(const ExpertExchange& exchange) const {
  return this->exchange(exchange, false);
}

TransferCost Interconnect::expert_combine(const ExpertExchange& exchange) const {
  return this->exchange(exchange, true);
}

TransferCost Interconnect::exchange(const ExpertExchange& exchange, bool is_combine) const {
  if (!has_expert_kernels()) {
    return all_to_all(Bytes(exchange.tokens * exchange.per_token * exchange.hidden_size * exchange.bytes_per_element));
  }
  return exchange.kernels == ExpertKernels::normal ? normal_exchange(exchange, is_combine)
                                                   : low_latency_exchange(exchange, is_combine);
}

TransferCost Interconnect::low_latency_exchange(const ExpertExchange& exchange, bool is_combine) const {
  const NodeLowLatencyExchange& node = direction(shape_.link.expert_exchange->low_latency, is_combine);
  const Bytes copies(exchange.tokens * exchange.per_token * exchange.hidden_size * exchange.bytes_per_element);
  TransferCost cost;
  cost.way = TransferWay::expert_low_latency;
  cost.node_bytes = (shape_.ranks - 1) / (shape_.ranks * shape_.nodes) * copies;
  const Seconds near = cost.node_bytes / (node.link_fraction.value * node_bandwidth_);
  const Seconds experts = exchange.experts * node.expert_time.value;
  if (shape_.nodes == 1) {
    set_time(cost, node.fixed_time.value + experts, near, Seconds(0), TransferLimit::link);
    return finished(cost);
  }
  const NetworkLowLatencyExchange& network =
      direction(shape_.network->expert_exchange_between_nodes->low_latency, is_combine);
  cost.network_bytes = (shape_.nodes - 1) / shape_.nodes * copies;
  const Seconds far = cost.network_bytes / (network.link_fraction.value * network_bandwidth_);
  set_time(cost, network.fixed_time.value + shape_.nodes * network.node_time.value + experts, near, far,
           TransferLimit::link);
  return finished(cost);
}

TransferCost Interconnect::normal_exchange(const ExpertExchange& exchange, bool is_combine) const {
  ORRERY_CHECK(exchange.units > 0);
  const Bytes token(exchange.hidden_size * exchange.bytes_per_element);
  const double chips = distinct_places(ranks(), exchange.per_token);
  TransferCost cost;
  cost.way = TransferWay::expert_normal;
  const auto near_rate = [&](double fraction, BytesPerSecond unit_rate, TransferLimit& limit) {
    const BytesPerSecond link = fraction * node_bandwidth_;
    const BytesPerSecond units = exchange.units * unit_rate;
    limit = units < link ? TransferLimit::units : TransferLimit::link;
    return std::min(link, units);
  };
  TransferLimit limit = TransferLimit::link;
  if (shape_.nodes == 1) {
    const NodeNormalExchange& node = direction(shape_.link.expert_exchange->normal, is_combine);
    cost.node_bytes = exchange.tokens * chips * (shape_.ranks - 1) / shape_.ranks * token;
    const Seconds near = cost.node_bytes / near_rate(node.link_fraction.value, node.unit_rate.value, limit);
    const Seconds handling = exchange.tokens * node.token_time.value;
    if (handling > near) limit = TransferLimit::units;
    set_time(cost, node.fixed_time.value, near + handling, Seconds(0), limit);
    return finished(cost);
  }
  const NetworkNormalExchange& network = direction(shape_.network->expert_exchange_between_nodes->normal, is_combine);
  const double other_nodes = distinct_places(shape_.nodes, exchange.per_token) * (shape_.nodes - 1) / shape_.nodes;
  cost.network_bytes = exchange.tokens * other_nodes * token;
  cost.node_bytes = exchange.tokens * chips * token;  // arrivals are handed on within the node
  const Seconds far = cost.network_bytes / (network.link_fraction.value * network_bandwidth_);
  const Seconds near = cost.node_bytes / near_rate(network.node_link_fraction.value, network.unit_rate.value, limit);
  set_time(cost, network.fixed_time.value + shape_.nodes * network.node_time.value, near, far, limit);
  return finished(cost);
}

}  // namespace orrery
