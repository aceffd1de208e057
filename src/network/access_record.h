#pragma once

#include <optional>
#include <vector>

#include "orrery/network/delay_mixture.h"
#include "orrery/network/wan_record.h"
#include "orrery/schema/entry.h"

namespace orrery {

struct AccessNetworkKind {
  static constexpr std::string_view kName = "access";
};

enum class AccessMedium { wifi, fixed };
template <>
struct EnumNames<AccessMedium> {
  static constexpr EnumRow<AccessMedium> kRows[] = {
      {AccessMedium::wifi, "wifi", "the radio of a home, up to its router"},
      {AccessMedium::fixed, "fixed", "the line from the router to the operator's exchange"},
  };
};

/// A part of a mixture of lognormal delays.
struct AccessDelayPart {
  Sourced<double> share;
  Sourced<Seconds> median;
  Sourced<double> sigma;
};
constexpr RecordName record_name(const AccessDelayPart*) {
  return {"AccessDelayPart", "A part of a mixture of lognormal delays"};
}
template <class Visitor>
void visit(Visitor& v, AccessDelayPart& r) {
  v.required("share", r.share, "Of the round trips", in_range(0, 1));
  v.required("median", r.median, "Of the part", in_range(Seconds(0), Seconds(10)));
  v.required("sigma", r.sigma, "Of the logarithm; at 0 the delay is the median", in_range(0, 5));
}

/// Access without a cell: home Wi-Fi or a fixed line.
struct AccessRecord {
  EntryHeader header;
  AccessMedium medium = AccessMedium::wifi;
  std::vector<AccessDelayPart> round_trip;
  Sourced<BytesPerSecond> downlink;
  Sourced<BytesPerSecond> uplink;
  Sourced<JoulesPerByte> energy_per_byte;
};
constexpr RecordName record_name(const AccessRecord*) {
  return {"Access", "Access without a cell: home Wi-Fi or a fixed line"};
}
template <class Visitor>
void visit(Visitor& v, AccessRecord& r) {
  visit_header(v, r.header);
  v.required("medium", r.medium, "What it is");
  v.required("round_trip", r.round_trip, "A mixture of delays; the shares add up to 1");
  v.required("downlink", r.downlink, "To the user", in_range(BytesPerSecond(1e3), BytesPerSecond(1e12)));
  v.required("uplink", r.uplink, "From the user", in_range(BytesPerSecond(1e3), BytesPerSecond(1e12)));
  v.required("energy_per_byte", r.energy_per_byte, "Of the access, for each byte of users",
             in_range(JoulesPerByte(0), JoulesPerByte(1e-3)));
}

/// Reports a mixture whose shares do not add up to 1.
void check_physics(const AccessRecord& access, Diagnostics& diagnostics);

/// Pre: check_physics found nothing.
DelayMixture round_trips(const AccessRecord& access);

}  // namespace orrery
