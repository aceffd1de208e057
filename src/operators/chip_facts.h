#pragma once

#include <limits>
#include <string>

#include "orrery/chip/chip_record.h"

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
  double l2_bytes = 0;
  double power_limit_W = 0;
  double link_Bps = 0;  ///< to the other chips of the node, one direction
};

/// What operator forms may know of one chip of the catalog.
ChipFacts chip_facts(const ChipRecord& chip);

}  // namespace orrery
