#pragma once

#include <string>

#include "../schema/record_text.h"
#include "orrery/fleet/daily_curve_record.h"

namespace orrery {

/// What stands for a curve that is known to be well-formed: its keys behind the header of an entry.
inline DailyCurveRecord curve_from(const std::string& keys) {
  return record_from<DailyCurveRecord>("id: text\nkind: daily-curve\nname: Text\nstatus: assumed\n" + keys);
}

/// A curve of the catalog.
inline DailyCurveRecord catalog_curve(const std::string& id) {
  return record_in<DailyCurveRecord>("catalog/daily-curve/" + id + ".yaml");
}

inline Seconds hours(double hours) { return Seconds(3600 * hours); }

}  // namespace orrery
