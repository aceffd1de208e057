#pragma once

#include <cstdint>
#include <vector>

#include "orrery/network/radio_cell.h"

namespace orrery {

/// Users of a cell who send small questions and get small answers.
struct PingQuestion {
  std::int64_t users = 1;
  std::int64_t packets = 1;  ///< questions of all users together
  Seconds gap{0.1};          ///< mean time between the questions of one user
  double load = 0;           ///< share of the slots of each direction that others have filled
  std::uint64_t seed = 1;
};

/// Delays in ticks, one of each question. The round trip is the sum of both ways: the time in between, in the core and
/// in a server, is long against the pattern and bears no relation to it.
struct PingDelays {
  std::vector<double> up;
  std::vector<double> down;
  std::vector<double> round_trip;
  PacketTimes up_sums;    ///< of the stations' times after the arrival
  PacketTimes down_sums;  ///< the same
};

/// Entries of the control channel that one question and its answer take in the mean.
double control_entries_of_ping(const RadioCell& cell);
/// The share of all entries that the pings take; at 1 queues grow without end.
double control_use(const RadioCell& cell, const PingQuestion& question);

/// Carries every packet through the slots. A slot announces no more packets and grants than the control channel holds;
/// who came first is served first. Slots that others fill are drawn once per slot, so that a higher load fills more
/// slots beside those that a lower one fills: no packet is ever faster under more load, for one user.
/// Pre: users, packets > 0, gap > 0, 0 <= load < 1, control_use < 1.
/// Valid: messages far smaller than a slot, so that users of one slot share it and only its announcements run out.
PingDelays carry_pings(const RadioCell& cell, const PingQuestion& question);

}  // namespace orrery
