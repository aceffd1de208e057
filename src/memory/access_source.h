#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace orrery {

/// One burst that a unit is asked to read or write, with its place in the unit.
struct MemoryAccess {
  std::int64_t tick = 0;  ///< may not enter before; 0 where only the number outstanding limits
  std::int32_t row = 0;
  std::int32_t column = 0;  ///< burst in the row
  std::uint8_t rank = 0;    ///< rank, or stack id of a stack
  std::uint8_t group = 0;   ///< bank group in the rank
  std::uint8_t bank = 0;    ///< bank in the group
  bool write = false;
};

/// Gives the accesses of one unit in their order.
class AccessSource {
 public:
  virtual ~AccessSource() = default;
  /// Fills `accesses` from the front and returns how many there are; fewer than asked for only at the end.
  virtual std::size_t next(std::span<MemoryAccess> accesses) = 0;
  /// How many of those given so far carry no payload: error correction.
  virtual std::int64_t overhead_bursts() const { return 0; }
};

}  // namespace orrery
