#include "orrery/network/cell_rate.h"

#include <algorithm>

#include "orrery/network/transport_block.h"

namespace orrery {
namespace {

constexpr double kBitsPerByte = 8;
constexpr int kSubcarriers = 12;  // of a resource block
constexpr double kHighestCodeRate = 948.0 / 1024;

double overhead(FrequencyRange range, Direction direction) {
  if (direction == Direction::downlink) return range == FrequencyRange::FR1 ? 0.14 : 0.18;
  return range == FrequencyRange::FR1 ? 0.08 : 0.10;
}

}  // namespace

BytesPerSecond peak_rate(const CarrierRate& carrier, Direction direction) {
  const double symbols_per_second = kSymbolsPerSlot * slots_per_second(carrier.mu);
  const double elements_per_second = kSubcarriers * carrier.resource_blocks * symbols_per_second;
  const double bits = carrier.layers * most_bits(carrier.largest) * kHighestCodeRate * elements_per_second *
                      (1 - overhead(carrier.range, direction));
  return BytesPerSecond(bits / kBitsPerByte);
}

double symbol_share(const SlotPattern& pattern, Direction direction) {
  const auto symbols = direction == Direction::downlink ? pattern.downlink_symbols() : pattern.uplink_symbols();
  return static_cast<double>(symbols) / static_cast<double>(kSymbolsPerSlot * pattern.slots());
}

int data_elements(const SlotPattern& pattern, std::int64_t slot, Direction direction, const SlotOverhead& overhead) {
  int symbols = 0;
  if (direction == Direction::downlink) {
    symbols = pattern.downlink_symbols(slot) - overhead.control_symbols;
  } else if (pattern.carries_uplink(slot)) {
    symbols = kSymbolsPerSlot;
  }
  return std::max(0, kSubcarriers * symbols - overhead.dmrs_elements);
}

BytesPerSecond slot_exact_rate(const SlotPattern& pattern, const SlotOverhead& overhead, Direction direction,
                               int resource_blocks, ModulationCoding coding, int layers) {
  std::int64_t bits = 0;
  for (std::int64_t slot = 0; slot < pattern.slots(); ++slot) {
    bits += transport_block_bits({data_elements(pattern, slot, direction, overhead), resource_blocks, coding, layers});
  }
  const double seconds = milliseconds(static_cast<double>(pattern.period())) * 1e-3;
  return BytesPerSecond(static_cast<double>(bits) / kBitsPerByte / seconds);
}

}  // namespace orrery
