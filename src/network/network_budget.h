#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orrery/base/sim_time.h"
#include "orrery/network/delay_distribution.h"
#include "orrery/network/radio_states.h"
#include "orrery/network/transport.h"

namespace orrery {

/// Where the network's share of the time to first token goes, in whole picoseconds: the parts are rounded, and the
/// total is their sum.
struct NetworkBudget {
  struct Part {
    std::string name;
    SimTime time;
  };
  std::vector<Part> parts;

  SimTime total() const {
    SimTime sum;
    for (const Part& part : parts) sum = sum + part.time;
    return sum;
  }
};

/// A request over a path of three links, by the means of their delays.
struct PathRequest {
  /// A named part of the access.
  struct Stage {
    std::string name;
    Seconds time;
  };
  std::vector<Stage> access_up;  ///< of a small packet, from the user's stack to the exit of the access
  std::vector<Stage> access_down;
  Seconds core;          ///< round trip
  Seconds wan;           ///< round trip
  StateDelay before;     ///< what the user's sleep adds to the request
  StateDelay answering;  ///< what it adds to the answer, after the server's own time
  bool new_connection = false;
  Bytes request;          ///< text, photo or audio
  BytesPerSecond uplink;  ///< of one user

  Seconds round_trip() const;  ///< of a small packet, awake
};

/// The stages of one way through a cell, by their means; those that take no time are left out.
std::vector<PathRequest::Stage> radio_stages(const MeanParts& parts, std::string_view direction);

/// Wake-up, each handshake of a new connection, the windows and the serialisation of the request, and one round trip.
/// While a window waits for its acknowledgement, serialisation goes on: only what is longer than the waiting counts.
/// The server's own time is no part of it. Pre: request > 0, uplink > 0.
/// Valid: no losses; handshakes find the radio awake after the first packet.
NetworkBudget time_to_first_token(const TransportRecord& transport, const PathRequest& path);

}  // namespace orrery
