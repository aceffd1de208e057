#include "orrery/scenario/adapter_draw.h"

#include "orrery/scenario/popularity.h"
#include "orrery/scenario/stream_entity.h"

namespace orrery {
namespace {

/// The finaliser of splitmix64.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

}  // namespace

void draw_adapters(const AdaptersRecord& adapters, std::uint32_t first, std::uint64_t seed, std::string_view stream,
                   RequestTable& requests) {
  const Popularity popularity(adapters.count, adapters.zipf_exponent);
  RandomStream draws(seed, "scenario", "adapters", stream_entity(stream));
  requests.adapters.clear();
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::uint32_t adapter = first + static_cast<std::uint32_t>(popularity.draw(draws));
    requests.adapters.push_back(adapter);
    if (!requests.has_keys()) continue;
    const std::uint64_t end = requests.key_ranges[i].end;
    if (end > key) requests.content_keys[key] = mixed(requests.content_keys[key] ^ mixed(adapter));
    key = end;
  }
}

}  // namespace orrery
