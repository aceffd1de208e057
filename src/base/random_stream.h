#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace orrery {

/// A reproducible stream of random draws, named by (seed, layer, purpose, entity).
///
/// Counter-based (Philox4x32-10): two streams never share a state, so that a new consumer moves no
/// other stream, and no draw depends on threads or on the order of events.
/// The distributions are our own, since those of the standard library differ between vendors.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::string_view layer, std::string_view purpose, std::uint64_t entity = 0);

  std::uint64_t next() {
    if (used_ == block_.size()) refill();
    return block_[used_++];
  }
  /// Uniform in the open interval (0, 1).
  double uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53; }
  /// Exponential with mean 1.
  double exponential();
  /// Standard normal (Box-Muller, the first of each pair).
  double normal();
  /// Gamma with the given shape (> 0) and mean 1. Source: Marsaglia and Tsang, ACM TOMS 26 (2000).
  double gamma(double shape);
  /// Poisson with the given mean (>= 0). Counts exponential gaps in chunks of mean at most 16,
  /// so that the cost grows with the mean.
  std::int64_t poisson(double mean);

 private:
  void refill();

  std::uint64_t key_;
  std::uint64_t counter_ = 0;
  std::array<std::uint64_t, 2> block_{};
  std::size_t used_ = 2;
};

/// Philox4x32-10 of one counter under one key; exposed for the known-answer test.
std::array<std::uint32_t, 4> philox_block(const std::array<std::uint32_t, 4>& counter,
                                          const std::array<std::uint32_t, 2>& key);

}  // namespace orrery
