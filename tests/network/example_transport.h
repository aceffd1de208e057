#pragma once

#include "../schema/catalog_entry.h"
#include "orrery/network/transport_record.h"

namespace orrery {

inline TransportRecord catalog_transport() { return catalog_entry<TransportRecord>("transport", "tcp-tls13"); }

}  // namespace orrery
