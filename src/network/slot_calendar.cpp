#include "orrery/network/slot_calendar.h"

#include <fmt/format.h>

#include <numeric>

namespace orrery {

Result<SlotCalendar> SlotCalendar::make(RadioTiming timing) {
  ORRERY_CHECK(timing.sr_period > 0 && timing.sr_offset >= 0);
  const bool asks = timing.grant == Grant::sr || timing.grant == Grant::sr_bsr;
  const std::int64_t repeats = asks ? std::lcm(timing.sr_period, timing.pattern.slots()) : timing.pattern.slots();
  std::vector<std::int32_t> to_request(static_cast<std::size_t>(repeats), 0);
  if (!asks) return SlotCalendar(std::move(timing), std::move(to_request));
  const auto is_occasion = [&](std::int64_t slot) {
    const std::int64_t since = slot - timing.sr_offset % repeats + repeats;
    return since % timing.sr_period == 0 && timing.pattern.carries_uplink(slot);
  };
  std::int32_t distance = -1;  // unknown until an occasion was passed
  for (std::int64_t slot = 2 * repeats - 1; slot >= 0; --slot) {
    if (is_occasion(slot % repeats)) {
      distance = 0;
    } else if (distance >= 0) {
      ++distance;
    }
    if (slot < repeats) to_request[static_cast<std::size_t>(slot)] = distance;
  }
  if (distance < 0) {
    return failure(fmt::format("no scheduling request meets an uplink slot: one in {} slots, from slot {} on",
                               timing.sr_period, timing.sr_offset));
  }
  return SlotCalendar(std::move(timing), std::move(to_request));
}

}  // namespace orrery
