#pragma once

#include <string_view>
#include <vector>

#include "orrery/base/result.h"
#include "orrery/network/radio_numerology.h"

namespace orrery {

/// How the 14 symbols of an S slot are split. Uplink symbols of it carry control and sounding only.
struct SymbolSplit {
  int downlink = 0;
  int guard = 0;
  int uplink = 0;

  /// "10:2:2". Fails where there are not three whole numbers with a sum of 14.
  static Result<SymbolSplit> parse(std::string_view text);
};

/// Which slots carry what, over and over: a pattern of time division, as in DDDSU, or frequency division, where every
/// slot carries both directions. Slot s covers [s, s + 1) slot lengths from time 0.
/// Source: TS 38.213, section 11.1 (tdd-UL-DL-ConfigurationCommon).
class SlotPattern {
 public:
  /// Fails on letters other than D, S and U, on a pattern without D and S or without U, and on an S without downlink.
  static Result<SlotPattern> time_division(std::string_view letters, SymbolSplit split, int mu);
  static SlotPattern frequency_division(int mu);

  int mu() const { return mu_; }
  std::int64_t slots() const { return static_cast<std::int64_t>(of_.size()); }  ///< of one period
  RadioTicks slot() const { return slot_; }
  RadioTicks symbol() const { return symbol_ticks(mu_); }
  RadioTicks period() const { return slot_ * slots(); }

  bool carries_downlink(std::int64_t slot) const { return at(slot).downlink_symbols > 0; }
  bool carries_uplink(std::int64_t slot) const { return at(slot).uplink; }
  /// Symbols of one slot for downlink control and data; 0 in U.
  int downlink_symbols(std::int64_t slot) const { return at(slot).downlink_symbols; }
  /// Symbols of a period, those of S slots included.
  std::int64_t downlink_symbols() const { return downlink_symbols_; }
  std::int64_t uplink_symbols() const { return uplink_symbols_; }
  std::int64_t downlink_slots() const { return downlink_slots_; }  ///< of a period
  std::int64_t uplink_slots() const { return uplink_slots_; }      ///< of a period, without S

  /// The first slot that starts at `time` or later. Pre: time >= 0.
  std::int64_t slot_from(RadioTicks time) const { return (time + slot_ - 1) / slot_; }
  RadioTicks start_of(std::int64_t slot) const { return slot * slot_; }
  /// The first slot from `slot` on that carries the direction.
  std::int64_t downlink_from(std::int64_t slot) const { return slot + at(slot).to_downlink; }
  std::int64_t uplink_from(std::int64_t slot) const { return slot + at(slot).to_uplink; }

 private:
  struct Slot {
    int downlink_symbols = 0;
    bool uplink = false;
    int to_downlink = 0;
    int to_uplink = 0;
  };

  SlotPattern(std::vector<Slot> of, int mu);
  const Slot& at(std::int64_t slot) const { return of_[static_cast<std::size_t>(slot % slots())]; }

  std::vector<Slot> of_;
  int mu_ = 0;
  RadioTicks slot_ = 0;
  std::int64_t downlink_symbols_ = 0;
  std::int64_t uplink_symbols_ = 0;
  std::int64_t downlink_slots_ = 0;
  std::int64_t uplink_slots_ = 0;
};

}  // namespace orrery
