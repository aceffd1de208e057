#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "orrery/schema/entry.h"

namespace orrery {

struct TransportKind {
  static constexpr std::string_view kName = "transport";
};

/// Something that costs round trips before the first request.
struct Handshake {
  std::string name;
  Sourced<std::int64_t> round_trips;
};
constexpr RecordName record_name(const Handshake*) { return {"Handshake", "What a new connection costs"}; }
template <class Visitor>
void visit(Visitor& v, Handshake& r) {
  v.required("name", r.name, "Of the protocol");
  v.required("round_trips", r.round_trips, "Before the next layer may send", in_range(0, 10));
}

/// How requests and token streams are carried.
struct TransportRecord {
  EntryHeader header;
  std::vector<Handshake> handshakes;
  Sourced<Bytes> segment;
  Sourced<std::int64_t> initial_window;
  Sourced<Bytes> chunk_bytes;
  Sourced<Bytes> token_bytes;
};
constexpr RecordName record_name(const TransportRecord*) {
  return {"Transport", "How requests and token streams are carried"};
}
template <class Visitor>
void visit(Visitor& v, TransportRecord& r) {
  visit_header(v, r.header);
  v.required("handshakes", r.handshakes, "Of a new connection, in their order");
  v.required("segment", r.segment, "Payload of one packet", in_range(Bytes(1), Bytes(65536)));
  v.required("initial_window", r.initial_window, "Segments that may go before the first acknowledgement",
             in_range(1, 1000));
  v.required("chunk_bytes", r.chunk_bytes, "On the wire for a chunk with one token", in_range(Bytes(1), Bytes(65536)));
  v.required("token_bytes", r.token_bytes, "That each further token of a chunk adds", in_range(Bytes(0), Bytes(1024)));
}

}  // namespace orrery
