#pragma once

#include <cmath>
#include <string_view>

#include "orrery/operators/operator_form.h"

namespace orrery {

/// One way to do a collective.
struct CollectivePath {
  std::string_view name;
  double start = 0;     ///< us
  double transfer = 0;  ///< us
  double total() const { return start + transfer; }
};

/// The fastest link between chips that goes through a host: PCIe 5 with 16 lanes, one direction.
inline constexpr double kFastestHostLink = 64e9;

/// Whether the chips of a node reach each other through their host, which they share.
inline bool is_through_host(const ChipFacts& chip) { return chip.link_Bps <= kFastestHostLink; }

/// Time that one rank needs to send the whole message, in us. Links through a host slow down as ranks / 2 to the
/// power `host_sharing`: 1 where all share one path. Valid there: two ranks; more are a property of one host.
inline double message_us(double bytes, double ranks, const ChipFacts& chip, double host_sharing) {
  const double sharing = is_through_host(chip) && ranks > 2 ? std::pow(ranks / 2, host_sharing) : 1;
  return bytes / chip.link_Bps * 1e6 * sharing;
}

/// Fails unless there are at least two ranks, a message and a link.
Result<void> accepts_message(double ranks, double bytes, const ChipFacts& chip);

}  // namespace orrery
