#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "orrery/base/result.h"
#include "orrery/memory/access_source.h"
#include "orrery/memory/address_mapping.h"
#include "orrery/memory/device.h"

namespace orrery {

/// Draw `index` of a stream of numbers that every simulator can repeat. Source: Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", OOPSLA 2014.
constexpr std::uint64_t splitmix64(std::uint64_t index) {
  std::uint64_t x = index + 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}
/// Where a seed starts in that stream; seed 0 starts at its beginning.
constexpr std::uint64_t splitmix64_start(std::uint64_t seed) { return seed == 0 ? 0 : splitmix64(seed); }

/// When the bursts of a source may enter: burst k at tick floor(k x burst_ticks / load), or at once without a load.
class EntryTicks {
 public:
  /// `load` is a fraction of the peak. Pre: check() accepts it.
  EntryTicks(std::int32_t burst_ticks, std::optional<double> load)
      : burst_ticks_(burst_ticks), load_(load.value_or(0)) {}

  /// Fails, with the reason, where `bursts` could not be counted in ticks.
  static Result<void> check(std::int32_t burst_ticks, std::optional<double> load, double bursts);
  /// `first` is the number of the first of the accesses.
  void set(std::int64_t first, std::span<MemoryAccess> accesses) const;

 private:
  std::int32_t burst_ticks_;
  double load_;  // 0 where all may enter at once
};

struct PatternOptions {
  std::int64_t blocks = 0;                    ///< > 0; of 64 B, or of one burst where that is longer
  std::optional<double> load = std::nullopt;  ///< of the peak, > 0; burst k may enter at tick floor(k x burst / load)
  std::uint64_t seed = 0;                     ///< of random blocks; 0 gives those of the reference
  std::int64_t stride = 1;                    ///< blocks from one of `strided` to the next, > 0
};

/// An order in which the blocks of one unit are asked for.
struct AccessPattern {
  std::string_view name;
  std::string_view help;
  /// Pre: what make_access_pattern checks.
  std::unique_ptr<AccessSource> (*make)(const DramDevice& device, const AddressMapping& mapping,
                                        const PatternOptions& options);
};
std::span<const AccessPattern> access_patterns();

/// The accesses of a pattern; `mapping` places the bursts of one unit, and is copied.
/// Fails, with the reason: no such pattern, options out of range. Pre: mapping.units() == 1.
Result<std::unique_ptr<AccessSource>> make_access_pattern(std::string_view name, const DramDevice& device,
                                                          const AddressMapping& mapping, const PatternOptions& options);

}  // namespace orrery
