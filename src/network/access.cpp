#include <fmt/format.h>

#include <cmath>

#include "orrery/network/access_record.h"

namespace orrery {

void check_physics(const AccessRecord& access, Diagnostics& diagnostics) {
  double sum = 0;
  for (const AccessDelayPart& part : access.round_trip) sum += part.share.value;
  constexpr double kRounding = 1e-6;
  if (std::fabs(sum - 1) > kRounding) {
    diagnostics.error("impossible-physics", access.header.place_of("round_trip"),
                      fmt::format("the shares of round_trip add up to {:g}, not to 1", sum));
  }
}

DelayMixture round_trips(const AccessRecord& access) {
  std::vector<DelayMixture::Part> parts;
  for (const AccessDelayPart& part : access.round_trip) {
    parts.push_back({part.share.value, Seconds(0), part.median.value, part.sigma.value});
  }
  return DelayMixture(std::move(parts));
}

}  // namespace orrery
