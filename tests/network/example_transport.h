#pragma once

#include "orrery/network/transport_record.h"

namespace orrery {

inline TransportRecord catalog_transport() {
  Diagnostics diagnostics;
  const auto node = parse_yaml_file("catalog/transport/tcp-tls13.yaml", diagnostics);
  return read_record<TransportRecord>(*node, diagnostics).value();
}

}  // namespace orrery
