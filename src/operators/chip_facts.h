#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>

#include "orrery/chip/chip_record.h"
#include "orrery/memory/achievable.h"

namespace orrery {

/// What an operator form may know of a chip: its datasheet, in plain numbers, so that a fit can call
/// a form millions of times. Rates are per second, sizes in bytes; nan where the chip has none.
struct ChipFacts {
  std::string id;          ///< catalog id
  std::string generation;  ///< "ampere", "hopper", "ada", "blackwell": leave-generation-out groups by it
  MatrixClass matrix_class = MatrixClass::async;
  double units = 0;                   ///< streaming multiprocessors
  double clock_Hz = 0;                ///< at which the dense peaks hold
  double exponentials_per_clock = 0;  ///< per unit
  double bf16_flops = 0;              ///< dense
  double fp8_flops = std::numeric_limits<double>::quiet_NaN();
  double int8_flops = std::numeric_limits<double>::quiet_NaN();
  double fp4_flops = std::numeric_limits<double>::quiet_NaN();
  double bandwidth_Bps = 0;
  std::array<double, kAccessKinds> memory_share = {1, 1, 1};  ///< of the bandwidth, by AccessKind, as its part gives it
  double l2_bytes = 0;
  double power_limit_W = 0;
  double link_Bps = 0;  ///< to the other chips of the node, one direction

  /// Bytes per second that a kernel gets at `efficiency` of what the memory gives under row misses, turnarounds and
  /// refresh; never more than the pins carry.
  double achieved_Bps(AccessKind kind, double efficiency) const {
    return std::min(efficiency * memory_share[static_cast<std::size_t>(kind)], 1.0) * bandwidth_Bps;
  }
};

/// What operator forms may know of one chip of the catalog. `shares` are those of its memory.
ChipFacts chip_facts(const ChipRecord& chip, const AchievableShares& shares);

}  // namespace orrery
