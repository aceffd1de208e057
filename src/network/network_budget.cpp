#include "orrery/network/network_budget.h"

#include <algorithm>

namespace orrery {

NetworkBudget time_to_first_token(const TransportRecord& transport, const PathRequest& path) {
  ORRERY_CHECK(path.request > Bytes(0) && path.uplink > BytesPerSecond(0));
  NetworkBudget budget;
  const auto add = [&](std::string_view name, Seconds time) { budget.parts.push_back({name, to_sim_time(time)}); };
  const Seconds round_trip = path.access_up + path.core + path.wan + path.access_down;
  add("wake-up", path.before.wake_up);
  add("anchor", path.before.anchor);
  std::int64_t handshakes = 0;
  if (path.new_connection) {
    for (const Handshake& handshake : transport.handshakes) handshakes += handshake.round_trips.value;
  }
  add("handshakes", static_cast<double>(handshakes) * round_trip);
  const Seconds waiting = static_cast<double>(slow_start_round_trips(transport, path.request) - 1) * round_trip;
  const Seconds serialisation = path.request / path.uplink;
  add("slow start", waiting);
  add("serialisation", std::max(Seconds(0), serialisation - waiting));
  add("access up", path.access_up);
  add("core up", path.core / 2);
  add("wan up", path.wan / 2);
  add("wan down", path.wan / 2);
  add("core down", path.core / 2);
  add("sleep of the user", path.answering.total());
  add("access down", path.access_down);
  return budget;
}

}  // namespace orrery
