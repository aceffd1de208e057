#pragma once

#include <cstdint>

#include "orrery/network/cell_rate.h"

namespace orrery {

/// Slots that others have filled: one draw for each slot and direction, whoever asks and whenever. A higher load fills
/// more slots beside those that a lower one fills.
class FilledSlots {
 public:
  /// Pre: 0 <= load < 1, the share of the slots.
  FilledSlots(double load, std::uint64_t seed);

  bool has(std::int64_t slot, Direction direction) const { return load_ > 0 && draw(slot, direction) < load_; }

 private:
  double draw(std::int64_t slot, Direction direction) const;

  double load_;
  std::uint64_t key_;
};

}  // namespace orrery
