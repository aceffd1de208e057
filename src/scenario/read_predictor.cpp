#include "orrery/scenario/read_predictor.h"

namespace orrery {

Predictor read_predictor(const Catalog& catalog, std::string without_chip, Diagnostics& diagnostics) {
  Predictor::Entries entries;
  for (const std::string& id : catalog.ids(CalibrationKind::kName)) {
    auto entry = catalog.load<CalibrationRecord>(AnyReference{id, {}}, diagnostics);
    if (entry) entries.emplace(id, std::move(entry->record));
  }
  return Predictor(std::move(entries), std::move(without_chip));
}

}  // namespace orrery
