#include "orrery/network/transport.h"

#include "orrery/base/result.h"

namespace orrery {

std::int64_t slow_start_round_trips(const TransportRecord& transport, Bytes bytes) {
  ORRERY_CHECK(bytes > Bytes(0));
  std::int64_t windows = 1;
  const Bytes first = transport.segment.value * static_cast<double>(transport.initial_window.value);
  for (Bytes window = first, sent = first; sent < bytes; ++windows) {
    window = 2 * window;
    sent += window;
  }
  return windows;
}

TokenStream token_stream(const TransportRecord& transport, std::int64_t tokens, std::int64_t stream_interval) {
  ORRERY_CHECK(tokens > 0 && stream_interval > 0);
  TokenStream stream;
  stream.packets = (tokens + stream_interval - 1) / stream_interval;
  stream.bytes = static_cast<double>(stream.packets) * transport.chunk_bytes.value +
                 static_cast<double>(tokens - stream.packets) * transport.token_bytes.value;
  return stream;
}

}  // namespace orrery
