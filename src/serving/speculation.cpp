#include "orrery/serving/speculation.h"

#include <algorithm>
#include <cmath>

#include "orrery/base/random_stream.h"

namespace orrery {

std::int64_t Speculation::accepted(std::uint32_t request, std::int64_t position, std::int64_t drafts) const {
  if (drafts <= 0 || acceptance <= 0) return 0;
  if (acceptance >= 1) return drafts;
  // "draft", so that no other stream of the seed has this counter.
  const std::array<std::uint32_t, 4> counter = {request, static_cast<std::uint32_t>(position), 0x64726166U, 0x74U};
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  const std::array<std::uint32_t, 4> block = philox_block(counter, key);
  const std::uint64_t bits = (static_cast<std::uint64_t>(block[1]) << 32) | block[0];
  const double uniform = (static_cast<double>(bits >> 11) + 0.5) * 0x1p-53;
  const double taken = std::floor(std::log(uniform) / std::log(acceptance));
  return taken >= static_cast<double>(drafts) ? drafts : static_cast<std::int64_t>(taken);
}

}  // namespace orrery
