#pragma once

#include <cstdint>

#include "orrery/network/modulation.h"

namespace orrery {

/// What one transport block is sent in.
struct BlockShape {
  int elements = 0;  ///< resource elements for data of one resource block: 12 x symbols less reference signals
  int resource_blocks = 0;
  ModulationCoding coding;
  int layers = 1;
};

/// Bits of a transport block, in whole numbers throughout.
/// Pre: elements >= 0, resource_blocks >= 0, layers 1 to 4. No elements, no bits.
/// Source: TS 38.214, section 5.1.3.2, with table 5.1.3.2-1. Valid: one code word (up to 4 layers), no scaling.
std::int64_t transport_block_bits(const BlockShape& shape);

}  // namespace orrery
