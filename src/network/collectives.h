#pragma once

#include <optional>
#include <span>

#include "orrery/network/link_record.h"
#include "orrery/network/transfer_cost.h"

namespace orrery {

/// Collectives of the communication library, by the names of its benchmark.
enum class Collective { all_reduce, all_gather, reduce_scatter, all_to_all };
template <>
struct EnumNames<Collective> {
  static constexpr EnumRow<Collective> kRows[] = {
      {Collective::all_reduce, "all_reduce", "every rank gets the sum of all buffers"},
      {Collective::all_gather, "all_gather", "every rank gets the parts of all"},
      {Collective::reduce_scatter, "reduce_scatter", "every rank gets its part of the sum of all buffers"},
      {Collective::all_to_all, "all_to_all", "every rank sends a part of its buffer to each other"},
  };
};

/// Kernels that carry tokens to experts. Low latency sends every copy of a token straight to its expert; normal
/// sends one to each chip (or node) where the token has experts.
enum class ExpertKernels { low_latency, normal };
template <>
struct EnumNames<ExpertKernels> {
  static constexpr EnumRow<ExpertKernels> kRows[] = {
      {ExpertKernels::low_latency, "low-latency", "for few tokens, as in decode steps"},
      {ExpertKernels::normal, "normal", "for many tokens, as in prefill steps"},
  };
};

/// What one chip hands to the experts of a layer, spread evenly over all ranks.
struct ExpertExchange {
  double tokens = 0;  ///< of one chip
  double hidden_size = 0;
  double experts = 0;
  double per_token = 0;          ///< experts of a token
  double bytes_per_element = 0;  ///< 2 for bf16, 1 + 4/128 for fp8 with a scale for 128 elements
  ExpertKernels kernels = ExpertKernels::low_latency;
  double units = 0;  ///< compute units set aside; used by normal kernels only, which need them > 0
};

/// fp8 with one fp32 scale for 128 elements, as tokens are dispatched; results come back in bf16.
constexpr double kDispatchBytesPerElement = 1 + 4.0 / 128;
constexpr double kCombineBytesPerElement = 2;

/// How ranks are joined: `nodes` with `ranks` chips each.
struct InterconnectShape {
  LinkRecord link;                          ///< within a node
  std::optional<BytesPerSecond> bandwidth;  ///< of one chip in one direction, where it is not the link's own
  double ranks = 1;                         ///< of each node
  std::optional<LinkRecord> network;        ///< between nodes, one for each chip; needed for more than one
  double nodes = 1;
};

/// Prices what chips say to each other: time, bytes sent by each chip, energy and limit.
///
/// Within a node, the closed forms of the communication library (two protocols, the faster one runs), of the
/// serving framework's own all-reduce, and of the expert kernels. Between nodes, collectives are hierarchical: every
/// rank has a link of its own to its fellows of the same number on the other nodes. Fixed times of all phases add up;
/// bytes on the node's links and on the network flow at the same time, as the library cuts buffers into chunks; but
/// no chip is done before a ring of all ranks within one node would be, since most neighbours of a ring share a node,
/// and chips on PCIe reach the network through the same port. The bytes that a chip sends are those of a flat ring.
/// Source: closed forms fitted to nccl-tests and to DeepEP in the AIConfigurator tables; hierarchy: NCCL's rails.
/// Valid: within a node 2 to 8 ranks where constants are fitted (4 to 10 % mean error), PCIe two ranks only; expert
/// kernels 8 ranks a node and 1 to 8 nodes on H100 (3 to 15 %). Collectives between nodes were not fitted to
/// tables: their constants say where they come from. No reduction in switches, no contention, no stragglers.
class Interconnect {
 public:
  /// Pre: ranks x nodes >= 2; a network where nodes > 1; check_physics found nothing in either link.
  explicit Interconnect(InterconnectShape shape);

  double ranks() const { return shape_.ranks * shape_.nodes; }  ///< of all nodes
  double nodes() const { return shape_.nodes; }
  BytesPerSecond link_bandwidth() const { return node_bandwidth_; }
  BytesPerSecond network_bandwidth() const { return network_bandwidth_; }

  /// `bytes` is the size of each rank's buffer. Small ones on one node take the framework's kernels where it has them.
  TransferCost all_reduce(Bytes bytes) const;
  /// `bytes` is the size of the gathered buffer.
  TransferCost all_gather(Bytes bytes) const;
  /// `bytes` is the size of the buffer before it is scattered.
  TransferCost reduce_scatter(Bytes bytes) const;
  /// `bytes` is the size of the buffer of one rank, its own part included.
  TransferCost all_to_all(Bytes bytes) const;
  /// `bytes` as above.
  TransferCost price(Collective collective, Bytes bytes) const;
  /// The library's all-reduce even where the framework has its own.
  TransferCost library_all_reduce(Bytes bytes) const;

  /// Tokens to their experts, and results back. Where the link has no such kernels, an all-to-all of every copy.
  TransferCost expert_dispatch(const ExpertExchange& exchange) const;
  TransferCost expert_combine(const ExpertExchange& exchange) const;

  /// One chip to one other of its node. Pre: a node has two chips.
  TransferCost point_to_point(Bytes bytes) const;
  /// One chip to one of another node. Pre: nodes > 1.
  TransferCost point_to_point_between_nodes(Bytes bytes) const;

  /// How long the bytes of a transfer take at full bandwidth: no transfer is faster.
  Seconds wire_time(const TransferCost& cost) const;

 private:
  /// One part of a collective.
  struct Phase {
    const CollectiveConstants* constants;
    double ranks;
    double factor;  ///< of the bytes that a chip sends
    Bytes bytes;
    enum class Over { node, network, ring } over = Over::node;
  };

  TransferCost library(std::span<const Phase> phases) const;
  /// A collective of one round, within nodes and between them.
  TransferCost one_way(const CollectiveConstants& within, const CollectiveConstants* between, Bytes bytes,
                       Bytes bytes_between) const;
  TransferCost framework_all_reduce(Bytes bytes) const;
  TransferCost exchange(const ExpertExchange& exchange, bool is_combine) const;
  TransferCost low_latency_exchange(const ExpertExchange& exchange, bool is_combine) const;
  TransferCost normal_exchange(const ExpertExchange& exchange, bool is_combine) const;
  TransferCost point_to_point_over(const LinkRecord& link, BytesPerSecond bandwidth, Bytes bytes) const;
  TransferCost finished(TransferCost cost) const;
  bool has_expert_kernels() const;

  InterconnectShape shape_;
  BytesPerSecond node_bandwidth_;
  BytesPerSecond network_bandwidth_;
};

/// Bus bandwidth by the convention of nccl-tests: what a chip sends in a ring, by time; comparable with the link
/// whatever the number of ranks. Pre: time > 0.
BytesPerSecond bus_bandwidth(Collective collective, Bytes bytes, double ranks, Seconds time);

}  // namespace orrery
