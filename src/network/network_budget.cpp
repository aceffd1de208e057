#include "orrery/network/network_budget.h"

#include <fmt/format.h>

#include <algorithm>

namespace orrery {

Seconds PathRequest::round_trip() const {
  Seconds sum = core + wan;
  for (const auto* stages : {&access_up, &access_down}) {
    for (const Stage& stage : *stages) sum += stage.time;
  }
  return sum;
}

std::vector<PathRequest::Stage> radio_stages(const MeanParts& parts, std::string_view direction) {
  std::vector<PathRequest::Stage> stages;
  const auto add = [&](std::string_view name, double ticks) {
    if (ticks > 0) stages.push_back({fmt::format("{} {}", name, direction), Seconds(milliseconds(ticks) * 1e-3)});
  };
  add("sender's stack", parts.sender);
  add("scheduling request", parts.request);
  add("buffer status report", parts.report);
  add("grant and data", parts.data);
  add("repeats", parts.repeats);
  add("receiver's stack", parts.receiver);
  return stages;
}

NetworkBudget time_to_first_token(const TransportRecord& transport, const PathRequest& path) {
  ORRERY_CHECK(path.request > Bytes(0) && path.uplink > BytesPerSecond(0));
  NetworkBudget budget;
  const auto add = [&](std::string name, Seconds time) {
    budget.parts.push_back({std::move(name), to_sim_time(time)});
  };
  const Seconds round_trip = path.round_trip();
  add("wake-up", path.before.wake_up);
  add("anchor", path.before.anchor);
  if (path.new_connection) {
    for (const Handshake& handshake : transport.handshakes) {
      add(handshake.name, static_cast<double>(handshake.round_trips.value) * round_trip);
    }
  }
  const Seconds waiting = static_cast<double>(slow_start_round_trips(transport, path.request) - 1) * round_trip;
  add("slow start", waiting);
  add("serialisation", std::max(Seconds(0), path.request / path.uplink - waiting));
  for (const auto& stage : path.access_up) add(stage.name, stage.time);
  add("core up", path.core / 2);
  add("wan up", path.wan / 2);
  add("wan down", path.wan / 2);
  add("core down", path.core / 2);
  add("sleep of the user", path.answering.total());
  for (const auto& stage : path.access_down) add(stage.name, stage.time);
  return budget;
}

}  // namespace orrery
