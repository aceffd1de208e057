#pragma once

#include <cstdint>
#include <string_view>

namespace orrery {

/// The entity of the random streams of a workload: their name, hashed. Source: FNV-1a, 64 bits.
constexpr std::uint64_t stream_entity(std::string_view stream) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : stream) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace orrery
