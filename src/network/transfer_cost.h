#pragma once

#include "orrery/base/quantity.h"
#include "orrery/schema/enum_names.h"

namespace orrery {

/// What bounded a transfer.
enum class TransferLimit { latency, link, network, units };
template <>
struct EnumNames<TransferLimit> {
  static constexpr EnumRow<TransferLimit> kRows[] = {
      {TransferLimit::latency, "latency", "launch, hops and other fixed costs"},
      {TransferLimit::link, "link", "bandwidth between the chips of a node"},
      {TransferLimit::network, "network", "bandwidth between nodes"},
      {TransferLimit::units, "units", "compute units set aside to move data"},
  };
};

/// Which kernel ran.
enum class TransferWay { low_latency, simple, one_shot, two_shot, direct, expert_low_latency, expert_normal };
template <>
struct EnumNames<TransferWay> {
  static constexpr EnumRow<TransferWay> kRows[] = {
      {TransferWay::low_latency, "low-latency", "the library's protocol for small messages"},
      {TransferWay::simple, "simple", "the library's protocol for large messages"},
      {TransferWay::one_shot, "one-shot", "the framework's all-reduce, every rank reads all others"},
      {TransferWay::two_shot, "two-shot", "the framework's all-reduce, scattered and gathered"},
      {TransferWay::direct, "direct", "one chip to one other"},
      {TransferWay::expert_low_latency, "expert-low-latency", "expert kernels for few tokens"},
      {TransferWay::expert_normal, "expert-normal", "expert kernels for many tokens"},
  };
};

/// One transfer as each of its chips sees it.
struct TransferCost {
  Seconds time;
  Bytes node_bytes;     ///< that one chip sends over the links of its node
  Bytes network_bytes;  ///< that one chip sends to other nodes
  Joules energy;        ///< of those bytes, above static power
  TransferLimit limit = TransferLimit::latency;
  TransferWay way = TransferWay::simple;

  Bytes sent() const { return node_bytes + network_bytes; }
};

}  // namespace orrery
