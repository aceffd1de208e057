#pragma once

#include "orrery/base/quantity.h"
#include "orrery/network/modulation.h"
#include "orrery/network/radio_numerology.h"
#include "orrery/network/slot_pattern.h"

namespace orrery {

enum class Direction { downlink, uplink };

/// One carrier with one way of using it.
struct CarrierRate {
  FrequencyRange range = FrequencyRange::FR1;
  int mu = 0;
  int resource_blocks = 0;
  int layers = 1;
  Constellation largest = Constellation::qam64;
};

/// The rate that makers print: highest code rate, every slot, overheads as the standard fixes them
/// (14 / 18 % downlink and 8 / 10 % uplink, FR1 / FR2), scaling factor 1. Without time division.
/// Source: TS 38.306, section 4.1.2.
BytesPerSecond peak_rate(const CarrierRate& carrier, Direction direction);
/// The share of symbols that a pattern gives to a direction, the uplink symbols of S slots included.
double symbol_share(const SlotPattern& pattern, Direction direction);

/// What data of a slot leaves to others.
struct SlotOverhead {
  int control_symbols = 0;  ///< at the head of each downlink slot
  int dmrs_elements = 0;    ///< reference signals of one resource block and slot
};
/// Resource elements of one resource block for data in one slot; 0 where nothing is left.
int data_elements(const SlotPattern& pattern, std::int64_t slot, Direction direction, const SlotOverhead& overhead);

/// Transport blocks of one period over its length: what a cell carries to or from users of that channel quality when
/// every slot is full. S slots carry no uplink data. No retransmissions. Source: TS 38.214, section 5.1.3.2.
BytesPerSecond slot_exact_rate(const SlotPattern& pattern, const SlotOverhead& overhead, Direction direction,
                               int resource_blocks, ModulationCoding coding, int layers);

}  // namespace orrery
