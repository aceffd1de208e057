#pragma once

#include "orrery/schema/visit.h"

namespace orrery {

/// Low-latency kernels within a node: fixed_time + expert_time x experts + bytes of every copy at a share of the link.
struct NodeLowLatencyExchange {
  Sourced<Seconds> fixed_time;
  Sourced<Seconds> expert_time;
  Sourced<double> link_fraction;
};
constexpr RecordName record_name(const NodeLowLatencyExchange*) {
  return {"NodeLowLatencyExchange", "Low-latency expert kernels within a node"};
}
template <class Visitor>
void visit(Visitor& v, NodeLowLatencyExchange& r) {
  v.required("fixed_time", r.fixed_time, "Whatever the size", in_range(Seconds(0), Seconds(1e-2)));
  v.required("expert_time", r.expert_time, "Per expert of the layer", in_range(Seconds(0), Seconds(1e-3)));
  v.required("link_fraction", r.link_fraction, "Sustained share of the link", in_range(0.001, 1.2));
}

/// Normal kernels within a node: fixed_time + bytes at a share of the link or at what the compute units given to
/// communication move, if that is less, + token_time x tokens.
struct NodeNormalExchange {
  Sourced<Seconds> fixed_time;
  Sourced<double> link_fraction;
  Sourced<BytesPerSecond> unit_rate;
  Sourced<Seconds> token_time;
};
constexpr RecordName record_name(const NodeNormalExchange*) {
  return {"NodeNormalExchange", "Normal expert kernels within a node"};
}
template <class Visitor>
void visit(Visitor& v, NodeNormalExchange& r) {
  v.required("fixed_time", r.fixed_time, "Whatever the size", in_range(Seconds(0), Seconds(1e-2)));
  v.required("link_fraction", r.link_fraction, "Sustained share of the link", in_range(0.001, 1.2));
  v.required("unit_rate", r.unit_rate, "What one compute unit moves",
             in_range(BytesPerSecond(1e8), BytesPerSecond(1e12)));
  v.required("token_time", r.token_time, "Per token of a chip: layout and copies", in_range(Seconds(0), Seconds(1e-5)));
}

/// Low-latency kernels between nodes: fixed_time + node_time x nodes + expert_time of the node's link x experts +
/// the longer of the copies to other nodes and of those within the node.
struct NetworkLowLatencyExchange {
  Sourced<Seconds> fixed_time;
  Sourced<Seconds> node_time;
  Sourced<double> link_fraction;
};
constexpr RecordName record_name(const NetworkLowLatencyExchange*) {
  return {"NetworkLowLatencyExchange", "Low-latency expert kernels between nodes"};
}
template <class Visitor>
void visit(Visitor& v, NetworkLowLatencyExchange& r) {
  v.required("fixed_time", r.fixed_time, "Whatever the size", in_range(Seconds(0), Seconds(1e-2)));
  v.required("node_time", r.node_time, "Per node", in_range(Seconds(0), Seconds(1e-3)));
  v.required("link_fraction", r.link_fraction, "Sustained share of this link", in_range(0.001, 1.2));
}

/// Normal kernels between nodes: fixed_time + node_time x nodes + the longer of this link's part and of the node's,
/// where the compute units given to communication may be the limit.
struct NetworkNormalExchange {
  Sourced<Seconds> fixed_time;
  Sourced<Seconds> node_time;
  Sourced<double> link_fraction;
  Sourced<double> node_link_fraction;
  Sourced<BytesPerSecond> unit_rate;
};
constexpr RecordName record_name(const NetworkNormalExchange*) {
  return {"NetworkNormalExchange", "Normal expert kernels between nodes"};
}
template <class Visitor>
void visit(Visitor& v, NetworkNormalExchange& r) {
  v.required("fixed_time", r.fixed_time, "Whatever the size", in_range(Seconds(0), Seconds(1e-2)));
  v.required("node_time", r.node_time, "Per node", in_range(Seconds(0), Seconds(1e-3)));
  v.required("link_fraction", r.link_fraction, "Sustained share of this link", in_range(0.001, 1.2));
  v.required("node_link_fraction", r.node_link_fraction, "Sustained share of the links within the nodes",
             in_range(0.001, 1.2));
  v.required("unit_rate", r.unit_rate, "What one compute unit moves within a node",
             in_range(BytesPerSecond(1e8), BytesPerSecond(1e12)));
}

/// Both directions of one kind of expert kernels.
template <class Constants>
struct ExchangePair {
  Constants dispatch;
  Constants combine;
};
template <class Visitor, class Constants>
void visit(Visitor& v, ExchangePair<Constants>& r) {
  v.required("dispatch", r.dispatch, "Tokens to the chips of their experts");
  v.required("combine", r.combine, "Results back, summed");
}
constexpr RecordName record_name(const ExchangePair<NodeLowLatencyExchange>*) {
  return {"NodeLowLatencyPair", "Low-latency expert kernels within a node, both directions"};
}
constexpr RecordName record_name(const ExchangePair<NodeNormalExchange>*) {
  return {"NodeNormalPair", "Normal expert kernels within a node, both directions"};
}
constexpr RecordName record_name(const ExchangePair<NetworkLowLatencyExchange>*) {
  return {"NetworkLowLatencyPair", "Low-latency expert kernels between nodes, both directions"};
}
constexpr RecordName record_name(const ExchangePair<NetworkNormalExchange>*) {
  return {"NetworkNormalPair", "Normal expert kernels between nodes, both directions"};
}

struct NodeExchangeConstants {
  ExchangePair<NodeLowLatencyExchange> low_latency;
  ExchangePair<NodeNormalExchange> normal;
};
constexpr RecordName record_name(const NodeExchangeConstants*) {
  return {"NodeExchangeConstants", "Kernels that carry tokens to experts and back within a node"};
}
template <class Visitor>
void visit(Visitor& v, NodeExchangeConstants& r) {
  v.required("low_latency", r.low_latency, "For few tokens: every copy goes straight to its expert");
  v.required("normal", r.normal, "For many tokens: one copy to each chip, by compute units set aside");
}

struct NetworkExchangeConstants {
  ExchangePair<NetworkLowLatencyExchange> low_latency;
  ExchangePair<NetworkNormalExchange> normal;
};
constexpr RecordName record_name(const NetworkExchangeConstants*) {
  return {"NetworkExchangeConstants", "Kernels that carry tokens to experts on several nodes and back"};
}
template <class Visitor>
void visit(Visitor& v, NetworkExchangeConstants& r) {
  v.required("low_latency", r.low_latency, "For few tokens: every copy goes straight to its expert");
  v.required("normal", r.normal, "For many tokens: one copy to each node, forwarded there to each chip");
}

}  // namespace orrery
