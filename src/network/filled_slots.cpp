#include "orrery/network/filled_slots.h"

#include "orrery/base/random_stream.h"

namespace orrery {

FilledSlots::FilledSlots(double load, std::uint64_t seed)
    : load_(load), key_(RandomStream(seed, "network", "filled slots").next()) {
  ORRERY_CHECK(load >= 0 && load < 1);
}

double FilledSlots::draw(std::int64_t slot, Direction direction) const {
  const auto number = static_cast<std::uint64_t>(slot);
  const auto half = [](std::uint64_t x, int shift) { return static_cast<std::uint32_t>(x >> shift); };
  const auto words = philox_block({half(number, 0), half(number, 32), direction == Direction::uplink ? 1U : 0U, 0},
                                  {half(key_, 0), half(key_, 32)});
  return words[0] * 0x1p-32;
}

}  // namespace orrery
