#include "orrery/scenario/radio_access.h"

namespace orrery {

std::optional<RadioAccess> radio_access(const RadioRecord& record, const Catalog& catalog,
                                        std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics) {
  auto cell = RadioCell::compile(record, diagnostics);
  std::optional<RadioCell> anchor;
  if (record.states.anchor) {
    const auto lte = catalog.load<RadioRecord>(*record.states.anchor, diagnostics);
    if (!lte) return std::nullopt;
    provenance.insert(provenance.end(), lte->provenance.begin(), lte->provenance.end());
    anchor = RadioCell::compile(lte->record, diagnostics);
    if (!anchor) return std::nullopt;
  }
  if (!cell) return std::nullopt;
  std::optional<BytesPerSecond> uplink;
  if (record.measured && record.measured->uplink) {
    uplink = record.measured->uplink->value;
  } else if (cell->carries_data()) {
    uplink = cell->highest_rate(Direction::uplink);
  }
  return RadioAccess{std::move(*cell), std::move(anchor), uplink};
}

}  // namespace orrery
