#pragma once

#include <optional>
#include <string>

#include "orrery/network/access_record.h"
#include "orrery/network/radio_record.h"
#include "orrery/network/transport_record.h"
#include "orrery/network/wan_record.h"

namespace orrery {

/// The way between two regions.
struct WanWayRecord {
  Reference<WanKind> table;
  std::string from;
  std::string to;
  Place place;
};
constexpr RecordName record_name(const WanWayRecord*) { return {"WanWay", "The way between two regions"}; }
template <class Visitor>
void visit(Visitor& v, WanWayRecord& r) {
  v.required("table", r.table, "Round trips between regions");
  v.required("from", r.from, "Region of the users");
  v.required("to", r.to, "Region of the pool's site");
  v.place(r.place);
}

/// How the users of a service reach its pool: exactly one of `cell` and `access`.
struct UserPathRecord {
  std::optional<Reference<RadioKind>> cell;
  std::optional<Reference<AccessNetworkKind>> access;
  Reference<TransportKind> transport;
  std::optional<WanWayRecord> wan;
  Bytes request;
  double new_connections = 0;
  std::optional<double> released;
  Place place;
};
constexpr RecordName record_name(const UserPathRecord*) {
  return {"UserPath", "How the users of a service reach its pool: over a `cell` or an `access` network"};
}
template <class Visitor>
void visit(Visitor& v, UserPathRecord& r) {
  v.optional("cell", r.cell, "Mobile network of the users");
  v.optional("access", r.access, "Home network or line of the users");
  v.required("transport", r.transport, "How requests and answers are carried");
  v.optional("wan", r.wan, "Between regions; none where the site is in the users' own");
  v.required("request", r.request, "What a user sends with each request, as in 6 kB", in_range(Bytes(1), Bytes(1e10)));
  v.required("new_connections", r.new_connections, "Share of the requests that open a connection first",
             in_range(0, 1));
  v.optional("released", r.released,
             "Share of the requests whose user was silent for so long that the cell has let go of it; with `cell` only",
             in_range(0, 1));
  v.place(r.place);
}

}  // namespace orrery
