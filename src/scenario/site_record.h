#pragma once

#include <optional>

#include "orrery/schema/entry.h"

namespace orrery {

struct SiteKind {
  static constexpr std::string_view kName = "site";
};

/// A place where servers stand: what a kilowatt-hour costs and emits there.
struct SiteRecord {
  EntryHeader header;
  Sourced<DollarsPerJoule> electricity_price;
  Sourced<GramsPerJoule> grid_carbon;
  Sourced<double> power_usage_effectiveness;
  Sourced<Seconds> utc_offset;
};
constexpr RecordName record_name(const SiteRecord*) { return {"Site", "A place where servers stand"}; }
template <class Visitor>
void visit(Visitor& v, SiteRecord& r) {
  visit_header(v, r.header);
  v.required("electricity_price", r.electricity_price, "Business tariff, as in 0.13 USD/kWh",
             in_range(DollarsPerJoule(0), DollarsPerJoule(10 / 3.6e6)));
  v.required("grid_carbon", r.grid_carbon, "Mean of the grid, as in 430.6 gCO2/kWh",
             in_range(GramsPerJoule(0), GramsPerJoule(2000 / 3.6e6)));
  v.required("power_usage_effectiveness", r.power_usage_effectiveness, "Facility power over IT power (PUE)",
             in_range(1, 3));
  v.required("utc_offset", r.utc_offset, "Local standard time less UTC, as in 9 h",
             in_range(Seconds(-43200), Seconds(50400)));
}

}  // namespace orrery
