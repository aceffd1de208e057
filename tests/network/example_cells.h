#pragma once

#include <string>

#include "../schema/catalog_entry.h"
#include "orrery/network/radio_cell.h"
#include "orrery/network/retransmissions.h"
#include "orrery/network/slot_calendar.h"

namespace orrery {

/// The cell of the reference: 30 kHz, DDDSU, S 10:2:2, capability 1, user 0.3 ms, base station 0.5 ms.
inline RadioTiming example_timing(Grant grant = Grant::configured, std::int64_t sr_period_slots = 5) {
  RadioTiming timing{*SlotPattern::time_division("DDDSU", {10, 2, 2}, 1)};
  timing.ue = kTicksPerMillisecond * 3 / 10;
  timing.gnb = kTicksPerMillisecond / 2;
  timing.N1 = 10 * symbol_ticks(1);
  timing.N2 = 12 * symbol_ticks(1);
  timing.control = 2 * symbol_ticks(1);
  timing.grant = grant;
  timing.sr_period = sr_period_slots;
  timing.sr_offset = 4;  // the first uplink slot
  return timing;
}

inline SlotCalendar example_calendar(Grant grant = Grant::configured, std::int64_t sr_period_slots = 5) {
  return *SlotCalendar::make(example_timing(grant, sr_period_slots));
}

/// A cell of the catalog, as its file says.
inline RadioRecord catalog_radio(const std::string& id) { return catalog_entry<RadioRecord>("radio", id); }
inline RadioCell compiled(const RadioRecord& record) {
  Diagnostics diagnostics;
  return RadioCell::compile(record, diagnostics).value();
}

inline constexpr Retransmissions kExampleErrors{0.1, 0.1, 3};
inline constexpr Retransmissions kNoErrors{0, 0, 0};

}  // namespace orrery
