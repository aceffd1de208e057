#include "orrery/network/collectives.h"

#include <algorithm>
#include <utility>

#include "orrery/base/result.h"

namespace orrery {
namespace {

/// A ring of n ranks passes all but its own part on, twice in an all-reduce.
double ring_factor(double ranks) { return (ranks - 1) / ranks; }

Seconds fixed_part(const CollectiveProtocol& path, double ranks) {
  return path.fixed_time.value + (ranks - 1) * path.rank_time.value;
}

/// Never above the link's bandwidth, whatever a fit on few sizes says.
double slowdown(const CollectiveProtocol& path, double factor, double copies) {
  return std::max(factor / path.link_fraction.value + copies, factor);
}

}  // namespace

Interconnect::Interconnect(InterconnectShape shape)
    : shape_(std::move(shape)), node_bandwidth_(shape_.bandwidth.value_or(shape_.link.bandwidth.value)) {
  ORRERY_CHECK(shape_.ranks >= 1 && shape_.nodes >= 1 && shape_.ranks * shape_.nodes >= 2);
  ORRERY_CHECK(shape_.nodes == 1 || shape_.network.has_value());
  if (shape_.network) network_bandwidth_ = shape_.network->bandwidth.value;
}

TransferCost Interconnect::finished(TransferCost cost) const {
  cost.energy = cost.node_bytes * shape_.link.energy_per_byte.value;
  if (shape_.network) cost.energy += cost.network_bytes * shape_.network->energy_per_byte.value;
  return cost;
}

TransferCost Interconnect::library(std::span<const Phase> phases) const {
  const auto by = [&](TransferWay way) {
    TransferCost cost;
    cost.way = way;
    Seconds fixed;
    Seconds near;
    Seconds far;
    Seconds ring;
    for (const Phase& phase : phases) {
      if (phase.ranks < 2) continue;
      const bool is_simple = way == TransferWay::simple;
      const CollectiveProtocol& path = is_simple ? phase.constants->simple : phase.constants->low_latency;
      const double copies = is_simple ? phase.constants->copy_factor.value : 0;
      const Bytes at_link_speed = slowdown(path, phase.factor, copies) * phase.bytes;
      if (phase.over == Phase::Over::ring) {
        ring = at_link_speed / node_bandwidth_;
        continue;
      }
      const bool is_far = phase.over == Phase::Over::network;
      fixed += fixed_part(path, phase.ranks);
      (is_far ? far : near) += at_link_speed / (is_far ? network_bandwidth_ : node_bandwidth_);
      (is_far ? cost.network_bytes : cost.node_bytes) += phase.factor * phase.bytes;
    }
    near = std::max(near, ring);  // equal to `far` where both are the same link
    const Seconds transfer = std::max(near, far);
    cost.time = fixed + transfer;
    if (transfer >= fixed) cost.limit = far >= near ? TransferLimit::network : TransferLimit::link;
    return cost;
  };
  const TransferCost low_latency = by(TransferWay::low_latency);
  const TransferCost simple = by(TransferWay::simple);
  return finished(low_latency.time <= simple.time ? low_latency : simple);
}

TransferCost Interconnect::framework_all_reduce(Bytes bytes) const {
  const FrameworkAllReduce& constants = *shape_.link.framework_all_reduce;
  const auto by = [&](TransferWay way, const CollectiveProtocol& path, double factor) {
    TransferCost cost;
    cost.way = way;
    const Seconds fixed = fixed_part(path, shape_.ranks);
    const Seconds transfer = slowdown(path, factor, 0) * bytes / node_bandwidth_;
    cost.time = fixed + transfer;
    cost.node_bytes = factor * bytes;
    if (transfer >= fixed) cost.limit = TransferLimit::link;
    return cost;
  };
  const TransferCost one_shot = by(TransferWay::one_shot, constants.one_shot, shape_.ranks - 1);
  const TransferCost two_shot = by(TransferWay::two_shot, constants.two_shot, 2 * (shape_.ranks - 1) / shape_.ranks);
  return finished(one_shot.time <= two_shot.time ? one_shot : two_shot);
}

TransferCost Interconnect::library_all_reduce(Bytes bytes) const {
  const CollectiveConstants& within = shape_.link.all_reduce;
  const Phase ring{&within, ranks(), 2 * (ranks() - 1) / ranks(), bytes};
  if (shape_.nodes == 1) return library({&ring, 1});
  const double near = shape_.ranks;
  const double nodes = shape_.nodes;
  const Phase phases[] = {
      {&shape_.link.reduce_scatter, near, ring_factor(near), bytes},
      {&shape_.network->all_reduce, nodes, 2 * ring_factor(nodes), bytes / near, Phase::Over::network},
      {&shape_.link.all_gather, near, ring_factor(near), bytes},
      {ring.constants, ring.ranks, ring.factor, bytes, Phase::Over::ring},
  };
  return library(phases);
}

TransferCost Interconnect::all_reduce(Bytes bytes) const {
  const auto& framework = shape_.link.framework_all_reduce;
  const bool has_own = framework && shape_.nodes == 1 && bytes <= framework->largest_message.value &&
                       shape_.ranks <= static_cast<double>(framework->most_ranks.value);
  return has_own ? framework_all_reduce(bytes) : library_all_reduce(bytes);
}

TransferCost Interconnect::one_way(const CollectiveConstants& within, const CollectiveConstants* between, Bytes bytes,
                                   Bytes bytes_between) const {
  const double near = shape_.ranks;
  const Phase alone{&within, near, ring_factor(near), bytes};
  if (shape_.nodes == 1) return library({&alone, 1});
  const Phase phases[] = {
      alone,
      {between, shape_.nodes, ring_factor(shape_.nodes), bytes_between, Phase::Over::network},
      {&within, ranks(), ring_factor(ranks()), bytes, Phase::Over::ring},
  };
  return library(phases);
}

TransferCost Interconnect::all_gather(Bytes bytes) const {
  const auto& network = shape_.network;
  return one_way(shape_.link.all_gather, network ? &network->all_gather : nullptr, bytes, bytes / shape_.ranks);
}

TransferCost Interconnect::reduce_scatter(Bytes bytes) const {
  const auto& network = shape_.network;
  return one_way(shape_.link.reduce_scatter, network ? &network->reduce_scatter : nullptr, bytes, bytes / shape_.ranks);
}

/// Within the node, parts for rank r of any node are handed to rank r, which sends them on over its own link.
TransferCost Interconnect::all_to_all(Bytes bytes) const {
  const auto& network = shape_.network;
  return one_way(shape_.link.all_to_all, network ? &network->all_to_all : nullptr, bytes, bytes);
}

TransferCost Interconnect::price(Collective collective, Bytes bytes) const {
  switch (collective) {
    case Collective::all_reduce:
      return all_reduce(bytes);
    case Collective::all_gather:
      return all_gather(bytes);
    case Collective::reduce_scatter:
      return reduce_scatter(bytes);
    case Collective::all_to_all:
      return all_to_all(bytes);
  }
  return {};
}

TransferCost Interconnect::point_to_point_over(const LinkRecord& link, BytesPerSecond bandwidth, Bytes bytes) const {
  const PointToPoint& constants = link.point_to_point;
  TransferCost cost;
  cost.way = TransferWay::direct;
  const Seconds fixed = link.latency.value + constants.fixed_time.value;
  const Seconds transfer = bytes / (constants.link_fraction.value * bandwidth);
  cost.time = fixed + transfer;
  const bool is_far = &link != &shape_.link;
  (is_far ? cost.network_bytes : cost.node_bytes) = bytes;
  if (transfer >= fixed) cost.limit = is_far ? TransferLimit::network : TransferLimit::link;
  return finished(cost);
}

TransferCost Interconnect::point_to_point(Bytes bytes) const {
  const auto& pair = shape_.link.point_to_point.bandwidth;
  return point_to_point_over(shape_.link, pair ? std::min(pair->value, node_bandwidth_) : node_bandwidth_, bytes);
}

TransferCost Interconnect::point_to_point_between_nodes(Bytes bytes) const {
  ORRERY_CHECK(shape_.network.has_value());
  return point_to_point_over(*shape_.network, network_bandwidth_, bytes);
}

Seconds Interconnect::wire_time(const TransferCost& cost) const {
  const Seconds near = cost.node_bytes / node_bandwidth_;
  return cost.network_bytes > Bytes(0) ? std::max(near, cost.network_bytes / network_bandwidth_) : near;
}

BytesPerSecond bus_bandwidth(Collective collective, Bytes bytes, double ranks, Seconds time) {
  const double passes = collective == Collective::all_reduce ? 2 : 1;
  return passes * (ranks - 1) / ranks * bytes / time;
}

}  // namespace orrery
