#include <fmt/format.h>

#include "orrery/network/link_record.h"

namespace orrery {

void check_physics(const LinkRecord& link, Diagnostics& diagnostics) {
  const auto& pair = link.point_to_point.bandwidth;
  if (pair && pair->value > link.bandwidth.value) {
    diagnostics.error("impossible-physics", pair->place,
                      fmt::format("between two chips {}, more than the {} of one chip to all others",
                                  to_text(pair->value), to_text(link.bandwidth.value)));
  }
  const auto refuse = [&](std::string_view key, LinkReach reach) {
    diagnostics.error("impossible-physics", link.header.place_of(key),
                      fmt::format("{} is of a link of reach {}, and this one is of reach {}", key, enum_name(reach),
                                  enum_name(link.reach)));
  };
  if (link.expert_exchange && link.reach != LinkReach::node) refuse("expert_exchange", LinkReach::node);
  if (link.framework_all_reduce && link.reach != LinkReach::node) refuse("framework_all_reduce", LinkReach::node);
  if (link.expert_exchange_between_nodes && link.reach != LinkReach::network) {
    refuse("expert_exchange_between_nodes", LinkReach::network);
  }
}

}  // namespace orrery
