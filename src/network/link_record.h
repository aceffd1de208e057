#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orrery/network/expert_exchange_record.h"
#include "orrery/schema/entry.h"

namespace orrery {

struct LinkKind {
  static constexpr std::string_view kName = "link";
};

/// What a link joins.
enum class LinkReach { node, network };
template <>
struct EnumNames<LinkReach> {
  static constexpr EnumRow<LinkReach> kRows[] = {
      {LinkReach::node, "node", "the chips of one server, or of a rack that acts as one"},
      {LinkReach::network, "network", "servers, through switches"},
  };
};

/// One way to run a collective: fixed_time + rank_time x (ranks - 1) + bytes at a share of the link.
struct CollectiveProtocol {
  Sourced<Seconds> fixed_time;
  Sourced<Seconds> rank_time;
  Sourced<double> link_fraction;
};
constexpr RecordName record_name(const CollectiveProtocol*) {
  return {"CollectiveProtocol", "One way to run a collective"};
}
template <class Visitor>
void visit(Visitor& v, CollectiveProtocol& r) {
  v.required("fixed_time", r.fixed_time, "Whatever the size", in_range(Seconds(0), Seconds(1e-2)));
  v.required("rank_time", r.rank_time, "Per rank beyond the first", in_range(Seconds(0), Seconds(1e-2)));
  v.required("link_fraction", r.link_fraction, "Sustained share of the link's bandwidth in one direction",
             in_range(0.001, 1.2));
}

/// A collective of the library, which picks the faster of two protocols.
struct CollectiveConstants {
  CollectiveProtocol low_latency;
  CollectiveProtocol simple;
  Sourced<double> copy_factor;
};
constexpr RecordName record_name(const CollectiveConstants*) {
  return {"CollectiveConstants", "A collective of the library, by its two protocols"};
}
template <class Visitor>
void visit(Visitor& v, CollectiveConstants& r) {
  v.required("low_latency", r.low_latency, "The protocol for small messages");
  v.required("simple", r.simple, "The protocol for large messages");
  v.required("copy_factor", r.copy_factor, "Local copy and reduction under `simple`, in passes at link speed",
             in_range(0, 10));
}

/// The serving framework's own kernels for small messages.
struct FrameworkAllReduce {
  CollectiveProtocol one_shot;
  CollectiveProtocol two_shot;
  Sourced<Bytes> largest_message;
  Sourced<std::int64_t> most_ranks;
};
constexpr RecordName record_name(const FrameworkAllReduce*) {
  return {"FrameworkAllReduce", "The serving framework's own all-reduce for small messages"};
}
template <class Visitor>
void visit(Visitor& v, FrameworkAllReduce& r) {
  v.required("one_shot", r.one_shot, "Every rank reads all others");
  v.required("two_shot", r.two_shot, "Reduce-scatter, then all-gather");
  v.required("largest_message", r.largest_message, "Above it the library's all-reduce runs",
             in_range(Bytes(0), Bytes(1e12)));
  v.required("most_ranks", r.most_ranks, "With more ranks the library's all-reduce runs", in_range(2, 1024));
}

/// One chip sends to one other.
struct PointToPoint {
  Sourced<Seconds> fixed_time;
  Sourced<double> link_fraction;
  std::optional<Sourced<BytesPerSecond>> bandwidth;
};
constexpr RecordName record_name(const PointToPoint*) { return {"PointToPoint", "One chip sends to one other"}; }
template <class Visitor>
void visit(Visitor& v, PointToPoint& r) {
  v.required("fixed_time", r.fixed_time, "Of the library, whatever the size", in_range(Seconds(0), Seconds(1e-2)));
  v.required("link_fraction", r.link_fraction, "Sustained share of the bandwidth", in_range(0.001, 1));
  v.optional("bandwidth", r.bandwidth,
             "Between two chips alone, one direction, where that is less than to all others together",
             in_range(BytesPerSecond(1e6), BytesPerSecond(1e14)));
}

/// What joins chips or servers, and how well the libraries use it.
struct LinkRecord {
  EntryHeader header;
  std::string type;
  LinkReach reach = LinkReach::node;
  Sourced<BytesPerSecond> bandwidth;
  Sourced<Seconds> latency;
  Sourced<JoulesPerByte> energy_per_byte;
  PointToPoint point_to_point;
  CollectiveConstants all_reduce;
  CollectiveConstants all_gather;
  CollectiveConstants reduce_scatter;
  CollectiveConstants all_to_all;
  std::optional<FrameworkAllReduce> framework_all_reduce;
  std::optional<NodeExchangeConstants> expert_exchange;
  std::optional<NetworkExchangeConstants> expert_exchange_between_nodes;
};
constexpr RecordName record_name(const LinkRecord*) {
  return {"Link", "What joins chips or servers, and how well the libraries use it"};
}
template <class Visitor>
void visit(Visitor& v, LinkRecord& r) {
  visit_header(v, r.header);
  v.required("type", r.type, "As in NVLink 4 through NVSwitch");
  v.required("reach", r.reach, "What it joins");
  v.required("bandwidth", r.bandwidth, "One chip, one direction, to all others together",
             in_range(BytesPerSecond(1e6), BytesPerSecond(1e14)));
  v.required("latency", r.latency, "From the sender's port to the receiver's, switches included, no queueing",
             in_range(Seconds(0), Seconds(1)));
  v.required("energy_per_byte", r.energy_per_byte, "Per byte sent, above static power",
             in_range(JoulesPerByte(0), JoulesPerByte(1e-8)));
  v.required("point_to_point", r.point_to_point, "One chip sends to one other");
  v.required("all_reduce", r.all_reduce, "Every rank gets the sum of all buffers");
  v.required("all_gather", r.all_gather, "Every rank gets the parts of all");
  v.required("reduce_scatter", r.reduce_scatter, "Every rank gets its part of the sum of all buffers");
  v.required("all_to_all", r.all_to_all, "Every rank sends a part of its buffer to each other");
  v.optional("framework_all_reduce", r.framework_all_reduce, "The framework's kernels; left out where it has none");
  v.optional("expert_exchange", r.expert_exchange,
             "Kernels that carry tokens to experts and back within a node; left out where none was seen");
  v.optional("expert_exchange_between_nodes", r.expert_exchange_between_nodes,
             "The same where the experts lie on several nodes; only of a link of reach network");
}

/// Reports expert kernels that do not fit the reach, and a pair of chips with more bandwidth than one chip has.
void check_physics(const LinkRecord& link, Diagnostics& diagnostics);

}  // namespace orrery
