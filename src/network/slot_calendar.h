#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "orrery/network/slot_pattern.h"
#include "orrery/schema/enum_names.h"

namespace orrery {

/// How a user gets to send.
enum class Grant { configured, unsolicited, sr, sr_bsr };
template <>
struct EnumNames<Grant> {
  static constexpr EnumRow<Grant> kRows[] = {
      {Grant::configured, "configured", "every uplink slot may be used without asking"},
      {Grant::unsolicited, "unsolicited", "the base station sends a grant without being asked"},
      {Grant::sr, "sr", "a scheduling request, then grant and data"},
      {Grant::sr_bsr, "sr_bsr", "a scheduling request, a grant for the buffer status report, then grant and data"},
  };
};

/// What the calendar of a cell is made of, in ticks.
struct RadioTiming {
  SlotPattern pattern;
  RadioTicks ue = 0;                                   ///< stack of the user, each way (P_u)
  RadioTicks gnb = 0;                                  ///< stack of the base station, each way (P_g)
  RadioTicks N1 = 0;                                   ///< from the end of downlink data to feedback
  RadioTicks N2 = 0;                                   ///< from a grant to uplink data
  RadioTicks control = 0;                              ///< control symbols at the head of a downlink slot
  std::optional<RadioTicks> harq_loop = std::nullopt;  ///< where repeats come at a fixed distance, as in LTE
  Grant grant = Grant::configured;
  std::int64_t sr_period = 1;  ///< slots
  std::int64_t sr_offset = 0;  ///< requests go in uplink slots whose number less this is a multiple of the period
};

/// When the stations of one packet are over; each part of its delay is the difference of two neighbours, so that parts
/// add up to the whole.
struct PacketTimes {
  RadioTicks arrived = 0;
  RadioTicks processed = 0;   ///< by the sender's stack
  RadioTicks requested = 0;   ///< scheduling request known to the base station
  RadioTicks reported = 0;    ///< buffer status known to the base station
  RadioTicks first_sent = 0;  ///< end of the first transmission
  RadioTicks last_sent = 0;   ///< end of the one that was decoded
  RadioTicks done = 0;        ///< through the receiver's stack

  RadioTicks total() const { return done - arrived; }
};

/// The slots of an idle cell: whatever carries the direction is free.
class IdleSlots {
 public:
  explicit IdleSlots(const SlotPattern& pattern) : pattern_(&pattern) {}
  std::int64_t take_downlink(std::int64_t from) { return pattern_->downlink_from(from); }
  std::int64_t take_grant(std::int64_t from) { return pattern_->downlink_from(from); }
  std::int64_t take_uplink(std::int64_t from) { return pattern_->uplink_from(from); }

 private:
  const SlotPattern* pattern_;
};

/// Carries packets through the slots of a cell, by arithmetic on the pattern: no step for a slot that nothing happens
/// in.
///
/// D and S slots carry control in their first symbols and downlink data, U slots uplink data and scheduling requests.
/// A packet fills one slot of its direction, since messages of token streams are far smaller than one.
/// Valid: one packet of a user at a time; decoding and control never fail, apart from the given repeats of data.
/// Source: the rules are those of TS 38.213 and TS 38.214 (sections 5.3, 6.4 and 9.2.4), with whole slots.
class SlotCalendar {
 public:
  /// Fails where no scheduling request ever meets an uplink slot.
  static Result<SlotCalendar> make(RadioTiming timing);

  const RadioTiming& timing() const { return timing_; }
  /// After so many slots the calendar repeats, scheduling requests included.
  std::int64_t period_slots() const { return static_cast<std::int64_t>(to_request_.size()); }
  RadioTicks period() const { return period_slots() * timing_.pattern.slot(); }

  /// A packet that arrives at the base station at `arrived`; `failures` transmissions are lost before one is decoded.
  template <class Slots>
  PacketTimes downlink(RadioTicks arrived, int failures, Slots& slots) const;
  /// A packet that arrives at the user's stack at `arrived`. `request_shift` slots are added to the offset of the
  /// scheduling request: users have their own. With a buffer status report, the report never fails.
  template <class Slots>
  PacketTimes uplink(RadioTicks arrived, int failures, Slots& slots, std::int64_t request_shift = 0) const;

  /// In an idle cell.
  PacketTimes downlink(RadioTicks arrived, int failures) const {
    IdleSlots slots(timing_.pattern);
    return downlink(arrived, failures, slots);
  }
  PacketTimes uplink(RadioTicks arrived, int failures) const {
    IdleSlots slots(timing_.pattern);
    return uplink(arrived, failures, slots);
  }

 private:
  SlotCalendar(RadioTiming timing, std::vector<std::int32_t> to_request)
      : timing_(std::move(timing)), to_request_(std::move(to_request)) {}

  RadioTicks request_known(RadioTicks from, std::int64_t shift) const;
  /// A grant and what it is for; the start of the uplink slot.
  template <class Slots>
  RadioTicks granted_slot(RadioTicks from, Slots& slots) const;

  RadioTiming timing_;
  std::vector<std::int32_t> to_request_;  ///< slots from each slot of the period to the next occasion
};

inline RadioTicks SlotCalendar::request_known(RadioTicks from, std::int64_t shift) const {
  const SlotPattern& pattern = timing_.pattern;
  const std::int64_t slot = pattern.slot_from(from);
  const std::int64_t period = period_slots();
  const std::int64_t shifted = (slot - shift % period + period) % period;
  return pattern.start_of(slot + to_request_[static_cast<std::size_t>(shifted)] + 1) + timing_.gnb;
}

template <class Slots>
RadioTicks SlotCalendar::granted_slot(RadioTicks from, Slots& slots) const {
  const SlotPattern& pattern = timing_.pattern;
  const RadioTicks known = pattern.start_of(slots.take_grant(pattern.slot_from(from))) + timing_.control;
  return pattern.start_of(slots.take_uplink(pattern.slot_from(known + timing_.N2)));
}

template <class Slots>
PacketTimes SlotCalendar::downlink(RadioTicks arrived, int failures, Slots& slots) const {
  const SlotPattern& pattern = timing_.pattern;
  PacketTimes times;
  times.arrived = arrived;
  times.processed = times.requested = times.reported = arrived + timing_.gnb;
  RadioTicks ready = times.processed;
  for (int attempt = 0;; ++attempt) {
    const std::int64_t slot = slots.take_downlink(pattern.slot_from(ready));
    const RadioTicks start = pattern.start_of(slot);
    times.last_sent = start + pattern.downlink_symbols(slot) * pattern.symbol();
    if (attempt == 0) times.first_sent = times.last_sent;
    if (attempt == failures) break;
    if (timing_.harq_loop) {
      ready = start + *timing_.harq_loop;
    } else {
      const std::int64_t feedback = pattern.uplink_from(pattern.slot_from(times.last_sent + timing_.N1));
      ready = pattern.start_of(feedback + 1) + timing_.gnb;
    }
  }
  times.done = times.last_sent + timing_.ue;
  return times;
}

template <class Slots>
PacketTimes SlotCalendar::uplink(RadioTicks arrived, int failures, Slots& slots, std::int64_t request_shift) const {
  const SlotPattern& pattern = timing_.pattern;
  PacketTimes times;
  times.arrived = arrived;
  times.processed = arrived + timing_.ue;
  const bool asks = timing_.grant == Grant::sr || timing_.grant == Grant::sr_bsr;
  times.requested = asks ? request_known(times.processed, request_shift) : times.processed;
  times.reported = times.requested;
  if (timing_.grant == Grant::sr_bsr)
    times.reported += granted_slot(times.requested, slots) - times.requested + pattern.slot() + timing_.gnb;
  RadioTicks start = timing_.grant == Grant::configured
                         ? pattern.start_of(slots.take_uplink(pattern.slot_from(times.reported)))
                         : granted_slot(times.reported, slots);
  times.first_sent = start + pattern.slot();
  for (int attempt = 0; attempt < failures; ++attempt) {
    start = timing_.harq_loop ? pattern.start_of(slots.take_uplink(pattern.slot_from(start + *timing_.harq_loop)))
                              : granted_slot(start + pattern.slot() + timing_.gnb, slots);
  }
  times.last_sent = start + pattern.slot();
  times.done = times.last_sent + timing_.gnb;
  return times;
}

}  // namespace orrery
