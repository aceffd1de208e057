#pragma once

#include <cstdint>

#include "orrery/network/radio_cell.h"

namespace orrery {

/// Token streams of a cell against its control channel: each downlink packet takes an entry of a slot, and so does each
/// grant for an acknowledgement.
struct StreamLoad {
  double tokens_per_second = 20;     ///< of one stream
  std::int64_t stream_interval = 1;  ///< tokens of a packet
  bool acknowledged = false;         ///< a grant upstream for every packet

  double packets_per_second() const { return tokens_per_second / static_cast<double>(stream_interval); }
  double entries_per_second() const { return packets_per_second() * (acknowledged ? 2 : 1); }
};

/// Streams that the control channel carries when nothing else is sent: entries over those of one stream. Repeats are
/// left out. The cell's bit rate is another limit.
double streams_at_control_limit(const RadioCell& cell, const StreamLoad& load);

/// What a run of the queue shows.
struct ControlRun {
  std::int64_t packets = 0;
  double mean_wait = 0;      ///< ticks from a packet's first possible slot to its own
  std::int64_t backlog = 0;  ///< slots that the last packet waited: of a steady queue, a few
};

/// Runs the queue slot by slot: every stream sends a packet at its own steady pace and phase, each slot announces the
/// oldest that it can. Pre: streams > 0, seconds > 0.
ControlRun run_control_channel(const RadioCell& cell, const StreamLoad& load, std::int64_t streams, Seconds seconds,
                               std::uint64_t seed);

/// The most streams whose queue stays steady over `seconds`, by halving: the backlog at the end is below a tenth of
/// what an overload of one percent would leave.
std::int64_t steady_streams(const RadioCell& cell, const StreamLoad& load, Seconds seconds, std::uint64_t seed);

}  // namespace orrery
