#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "example_devices.h"
#include "orrery/memory/access_source.h"

namespace orrery {

/// The seven test devices of section 3.1 of the memory reference.
inline std::vector<DramDevice> test_devices() {
  std::vector<DramDevice> devices;
  for (const std::string_view standard : {"ddr4", "ddr5", "hbm2", "hbm3", "hbm4", "lpddr5", "gddr6"}) {
    devices.push_back(example_device(standard));
  }
  return devices;
}

/// One stack of five that an accelerator has, of 12 dies of 24 Gb: 32 units, 3 stack ids, 24,576 rows.
inline DramDevice odd_device() {
  DramDevice device = example_device("hbm3", 3);
  device.channels = 16;
  device.rows = 24'576;
  return device;
}
constexpr std::int64_t kOddUnits = 160;

/// All accesses of a source, asked for so many at a time.
inline std::vector<MemoryAccess> drained(AccessSource& source, std::size_t at_a_time = 256) {
  std::vector<MemoryAccess> all;
  std::vector<MemoryAccess> some(at_a_time);
  for (;;) {
    const std::size_t count = source.next(some);
    all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
    if (count < some.size()) return all;
  }
}

}  // namespace orrery
