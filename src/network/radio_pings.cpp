#include "orrery/network/radio_pings.h"

#include <algorithm>
#include <queue>

#include "orrery/base/random_stream.h"
#include "orrery/network/filled_slots.h"

namespace orrery {
namespace {

constexpr std::string_view kLayer = "network";

/// The slots of a cell with many users and others' traffic.
class BusySlots {
 public:
  BusySlots(const RadioCell& cell, const FilledSlots& filled)
      : pattern_(cell.calendar().timing().pattern), filled_(filled), limit_(cell.pdcch_per_slot()), used_(kKept) {}

  std::int64_t take_downlink(std::int64_t from) {
    for (std::int64_t slot = pattern_.downlink_from(from);; slot = pattern_.downlink_from(slot + 1)) {
      if (!filled_.has(slot, Direction::downlink) && take_entry(slot)) return slot;
    }
  }
  std::int64_t take_grant(std::int64_t from) {
    for (std::int64_t slot = pattern_.downlink_from(from);; slot = pattern_.downlink_from(slot + 1)) {
      if (take_entry(slot)) return slot;
    }
  }
  std::int64_t take_uplink(std::int64_t from) {
    std::int64_t slot = pattern_.uplink_from(from);
    while (filled_.has(slot, Direction::uplink)) slot = pattern_.uplink_from(slot + 1);
    return slot;
  }

 private:
  struct Entries {
    std::int64_t slot = -1;
    int count = 0;
  };
  static constexpr std::size_t kKept = 1 << 16;  // slots; older ones are over

  bool take_entry(std::int64_t slot) {
    Entries& entries = used_[static_cast<std::size_t>(slot) % kKept];
    if (entries.slot != slot) entries = {slot, 0};
    if (entries.count == limit_) return false;
    ++entries.count;
    return true;
  }

  const SlotPattern& pattern_;
  const FilledSlots& filled_;
  int limit_;
  std::vector<Entries> used_;
};

struct User {
  RandomStream arrivals;
  RandomStream fates;
  std::int64_t number;
  double next = 0;  ///< ticks

  User(const PingQuestion& question, std::int64_t index)
      : arrivals(question.seed, kLayer, "ping arrivals", static_cast<std::uint64_t>(index)),
        fates(question.seed, kLayer, "ping fates", static_cast<std::uint64_t>(index)),
        number(index) {}
};

void add(PacketTimes& sums, const PacketTimes& packet) {
  sums.processed += packet.processed - packet.arrived;
  sums.requested += packet.requested - packet.arrived;
  sums.reported += packet.reported - packet.arrived;
  sums.first_sent += packet.first_sent - packet.arrived;
  sums.last_sent += packet.last_sent - packet.arrived;
  sums.done += packet.done - packet.arrived;
}

template <class Slots>
PingDelays carry(const RadioCell& cell, const PingQuestion& question, Slots& slots) {
  const SlotCalendar& calendar = cell.calendar();
  const auto period = static_cast<double>(calendar.period());
  const double gap = static_cast<double>(ticks_of(question.gap));
  const SlotPattern& pattern = calendar.timing().pattern;

  // users in the order of their next question
  std::vector<User> users;
  const auto later = [&](std::size_t a, std::size_t b) {
    return users[a].next != users[b].next ? users[a].next > users[b].next : a > b;
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> order(later);
  users.reserve(static_cast<std::size_t>(question.users));
  for (std::int64_t i = 0; i < question.users; ++i) {
    User& user = users.emplace_back(question, i);
    user.next = gap * user.arrivals.exponential();
    order.push(static_cast<std::size_t>(i));
  }

  PingDelays delays;
  const auto keep = [](std::vector<double>& list, const PacketTimes& packet) {
    list.push_back(static_cast<double>(packet.total()));
  };
  for (auto* list : {&delays.up, &delays.down, &delays.round_trip})
    list->reserve(static_cast<std::size_t>(question.packets));
  for (std::int64_t packet = 0; packet < question.packets; ++packet) {
    const std::size_t index = order.top();
    order.pop();
    User& user = users[index];
    const auto asked = static_cast<RadioTicks>(user.next);
    const auto answered = static_cast<RadioTicks>(user.next + period * user.fates.uniform());
    const int up_failures = cell.errors().drawn(user.fates.uniform());
    const int down_failures = cell.errors().drawn(user.fates.uniform());
    const PacketTimes up = calendar.uplink(asked, up_failures, slots, user.number * pattern.slots());
    const PacketTimes down = calendar.downlink(answered, down_failures, slots);
    keep(delays.up, up);
    keep(delays.down, down);
    delays.round_trip.push_back(delays.up.back() + delays.down.back());
    add(delays.up_sums, up);
    add(delays.down_sums, down);
    user.next += gap * user.arrivals.exponential();
    order.push(index);
  }
  return delays;
}

}  // namespace

double control_entries_of_ping(const RadioCell& cell) {
  const double repeats = cell.errors().mean_transmissions() - 1;
  const bool fixed_loop = cell.calendar().timing().harq_loop.has_value();
  double grants = fixed_loop ? 0 : repeats;  // at a fixed distance, repeats go without a grant
  switch (cell.calendar().timing().grant) {
    case Grant::configured:
      break;
    case Grant::unsolicited:
    case Grant::sr:
      grants += 1;
      break;
    case Grant::sr_bsr:
      grants += 2;
      break;
  }
  return 1 + repeats + grants;
}

double control_use(const RadioCell& cell, const PingQuestion& question) {
  const double wanted = static_cast<double>(question.users) / question.gap.si() * control_entries_of_ping(cell);
  return wanted / (cell.control_slots_per_second() * cell.pdcch_per_slot());
}

PingDelays carry_pings(const RadioCell& cell, const PingQuestion& question) {
  ORRERY_CHECK(question.users > 0 && question.packets > 0 && question.gap > Seconds(0));
  ORRERY_CHECK(question.load >= 0 && question.load < 1 && control_use(cell, question) < 1);
  if (question.users == 1 && question.load <= 0) {
    IdleSlots slots(cell.calendar().timing().pattern);
    return carry(cell, question, slots);
  }
  const FilledSlots filled(question.load, question.seed);
  BusySlots slots(cell, filled);
  return carry(cell, question, slots);
}

}  // namespace orrery
