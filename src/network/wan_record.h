#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "orrery/schema/entry.h"

namespace orrery {

struct WanKind {
  static constexpr std::string_view kName = "wan";
};

using DollarsPerByte = Quantity<0, -1, 0, 0, 1, 0, 0, 0>;

/// A place that a table of round trips knows.
struct WanRegion {
  std::string place;
};
constexpr RecordName record_name(const WanRegion*) {
  return {"WanRegion", "A place that a table of round trips knows"};
}
template <class Visitor>
void visit(Visitor& v, WanRegion& r) {
  v.required("place", r.place, "Where it is");
}

/// Round trips as measured from one region.
struct WanOrigin {
  std::vector<Named<Sourced<Seconds>>> p95;
};
constexpr RecordName record_name(const WanOrigin*) { return {"WanOrigin", "Round trips as measured from one region"}; }
template <class Visitor>
void visit(Visitor& v, WanOrigin& r) {
  v.required("p95", r.p95, "95th percentile, by the region at the other end", in_range(Seconds(1e-5), Seconds(10)));
}

/// Round trips between regions, as measured from one to the other, which is not always the same both ways.
struct WanRecord {
  EntryHeader header;
  std::vector<Named<WanRegion>> regions;
  std::vector<Named<WanOrigin>> round_trips;
  std::int64_t detours = 0;
  Sourced<double> constant_share;
  Sourced<double> jitter_sigma;
  Sourced<DollarsPerByte> price_per_byte;
  Sourced<JoulesPerByte> energy_per_byte;
};
constexpr RecordName record_name(const WanRecord*) { return {"Wan", "Round trips between regions"}; }
template <class Visitor>
void visit(Visitor& v, WanRecord& r) {
  visit_header(v, r.header);
  v.required("regions", r.regions, "The places, by id");
  v.required("round_trips", r.round_trips, "By the region that they were measured from");
  v.required("detours", r.detours,
             "How many ways over a third region are shorter than the direct one; counted, so that a slip shows",
             in_range(0, 1e9));
  v.required("constant_share", r.constant_share, "Of the 95th percentile, that every round trip takes", in_range(0, 1));
  v.required("jitter_sigma", r.jitter_sigma, "Of the logarithm of the rest, a lognormal that meets the percentile",
             in_range(0.01, 5));
  v.required("price_per_byte", r.price_per_byte, "Of what leaves a region for another",
             in_range(DollarsPerByte(0), DollarsPerByte(1e-6)));
  v.required("energy_per_byte", r.energy_per_byte, "Of the network between regions",
             in_range(JoulesPerByte(0), JoulesPerByte(1e-3)));
}

/// Reports regions that are not listed and paths of a region to itself; warns where another number of ways over a third
/// region is shorter than the direct one than the record says.
void check_physics(const WanRecord& wan, Diagnostics& diagnostics);

}  // namespace orrery
