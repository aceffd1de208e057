#pragma once

#include <string>

#include "../fleet/curve_text.h"
#include "../schema/record_text.h"
#include "orrery/scenario/workload_record.h"

namespace orrery {

/// The profile of an entry of the catalog.
inline WorkloadProfileRecord catalog_profile(const std::string& id) {
  return record_in<WorkloadProfileRecord>("catalog/workload/" + id + ".yaml");
}

}  // namespace orrery
