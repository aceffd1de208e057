#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "orrery/chip/chip_record.h"
#include "orrery/network/link_record.h"

namespace orrery {

struct ServerKind {
  static constexpr std::string_view kName = "server";
};

/// How the chips of one server reach those of others.
struct ServerNetwork {
  Reference<LinkKind> link;
  Sourced<std::int64_t> links;
};
constexpr RecordName record_name(const ServerNetwork*) {
  return {"ServerNetwork", "How the chips of one server reach those of others"};
}
template <class Visitor>
void visit(Visitor& v, ServerNetwork& r) {
  v.required("link", r.link, "Which link, of reach network");
  v.required("links", r.links, "How many of them, adapters or ports", in_range(1, 1024));
}

/// The machine around the chips.
struct ServerHost {
  std::string cpu;
  Sourced<std::int64_t> cores;
  Sourced<Bytes> memory;
  Sourced<Watts> idle_power;
  Sourced<Watts> peak_power;
};
constexpr RecordName record_name(const ServerHost*) { return {"ServerHost", "The machine around the chips"}; }
template <class Visitor>
void visit(Visitor& v, ServerHost& r) {
  v.required("cpu", r.cpu, "Processor model and count");
  v.required("cores", r.cores, "Physical cores", in_range(1, 1e5));
  v.required("memory", r.memory, "Installed", in_range(Bytes(1e6), Bytes(1e15)));
  v.required("idle_power", r.idle_power, "Host without chips, nothing running", in_range(Watts(0), Watts(1e5)));
  v.required("peak_power", r.peak_power, "Host without chips, fully busy, fans and losses included",
             in_range(Watts(0), Watts(1e5)));
}

/// One server or one cloud slice of it.
struct ServerRecord {
  EntryHeader header;
  Reference<ChipKind> chip;
  Sourced<std::int64_t> chips;
  std::optional<Reference<LinkKind>> link;
  std::optional<Sourced<BytesPerSecond>> link_bandwidth;
  std::optional<ServerNetwork> network;
  ServerHost host;
  Sourced<DollarsPerSecond> price_per_hour;
  Sourced<Dollars> capital_price;
};
constexpr RecordName record_name(const ServerRecord*) {
  return {"Server", "One server, or the slice of one that a cloud rents out"};
}
template <class Visitor>
void visit(Visitor& v, ServerRecord& r) {
  visit_header(v, r.header);
  v.required("chip", r.chip, "Which chip");
  v.required("chips", r.chips, "How many of them", in_range(1, 1024));
  v.optional("link", r.link, "Between the chips, of reach node; required for more than one");
  v.optional("link_bandwidth", r.link_bandwidth,
             "One chip, one direction, where a slice has another bandwidth than the whole link",
             in_range(BytesPerSecond(1e6), BytesPerSecond(1e14)));
  v.optional("network", r.network, "To other servers; left out where none is known");
  v.required("host", r.host, "Processor, memory and their power");
  v.required("price_per_hour", r.price_per_hour, "Rent of the whole server, as in $20/h",
             in_range(DollarsPerSecond(0), DollarsPerSecond(1e6 / 3600)));
  v.required("capital_price", r.capital_price, "Purchase of the whole server", in_range(Dollars(0), Dollars(1e9)));
}

/// Reports a missing link, a bandwidth without a link, and a host whose idle power exceeds its peak.
void check_physics(const ServerRecord& server, Diagnostics& diagnostics);

}  // namespace orrery
