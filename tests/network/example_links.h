#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../schema/catalog_entry.h"
#include "orrery/network/collectives.h"

namespace orrery {

inline LinkRecord catalog_link(const std::string& id) { return catalog_entry<LinkRecord>("link", id); }

inline Interconnect one_node(const LinkRecord& link, double ranks) {
  InterconnectShape shape;
  shape.link = link;
  shape.ranks = ranks;
  return Interconnect(std::move(shape));
}
inline Interconnect one_node(const std::string& link, double ranks) { return one_node(catalog_link(link), ranks); }

inline Interconnect several_nodes(const LinkRecord& link, double ranks, const LinkRecord& network, double nodes) {
  InterconnectShape shape;
  shape.link = link;
  shape.ranks = ranks;
  shape.network = network;
  shape.nodes = nodes;
  return Interconnect(std::move(shape));
}
inline Interconnect several_nodes(const std::string& link, double ranks, const std::string& network, double nodes) {
  return several_nodes(catalog_link(link), ranks, catalog_link(network), nodes);
}

inline double microseconds(Seconds time) { return time.si() * 1e6; }
constexpr double kKibi = 1024;
constexpr double kMebi = 1048576;

inline const std::vector<std::string>& node_link_ids() {
  static const std::vector<std::string> ids = {
      "nvlink3", "nvlink4", "nvlink5",     "pcie4-x16",     "pcie5-x16",         "pcie-accelerator", "infinity-fabric",
      "ici-v5e", "ici-v5p", "gaudi3-roce", "maia-ethernet", "pcie5-x8-switched", "pcie5-x16-host"};
  return ids;
}
inline const std::vector<std::string>& network_link_ids() {
  static const std::vector<std::string> ids = {"infiniband-ndr400", "ethernet-400g"};
  return ids;
}
constexpr Collective kCollectives[] = {Collective::all_reduce, Collective::all_gather, Collective::reduce_scatter,
                                       Collective::all_to_all};

}  // namespace orrery
