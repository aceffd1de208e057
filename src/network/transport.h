#pragma once

#include <cstdint>

#include "orrery/network/transport_record.h"

namespace orrery {

/// Windows that an upload takes on an idle path when each is twice the one before, the last one included.
/// Pre: bytes > 0. Source: RFC 5681, section 3.1. Valid: no losses, and the path holds the last window.
std::int64_t slow_start_round_trips(const TransportRecord& transport, Bytes bytes);

/// A streamed answer on the wire.
struct TokenStream {
  std::int64_t packets = 0;
  Bytes bytes;
};
/// One packet for each chunk of `stream_interval` tokens. Pre: tokens > 0, stream_interval > 0; a chunk fits a segment.
TokenStream token_stream(const TransportRecord& transport, std::int64_t tokens, std::int64_t stream_interval);

}  // namespace orrery
