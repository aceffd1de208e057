#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "orrery/sim/log_histogram.h"

namespace orrery {

/// Latencies in ticks: exact counts below kExact, bins of at most 1/128 above. Adding costs one store.
class LatencyCounts {
 public:
  static constexpr std::int64_t kExact = 8192;

  LatencyCounts() : exact_(kExact) {}
  void add(std::int64_t ticks) {
    sum_ += ticks;
    if (ticks < kExact) [[likely]] {
      ++exact_[static_cast<std::size_t>(ticks)];
    } else {
      long_.add(ticks);
    }
  }
  /// As `count` single additions.
  void add(std::int64_t ticks, std::int64_t count) {
    sum_ += ticks * count;
    if (ticks < kExact) {
      exact_[static_cast<std::size_t>(ticks)] += count;
    } else {
      long_.add(ticks, count);
    }
  }
  void merge(const LatencyCounts& other) {
    for (std::size_t i = 0; i < exact_.size(); ++i) exact_[i] += other.exact_[i];
    long_.merge(other.long_);
    sum_ += other.sum_;
  }

  std::int64_t count() const {
    std::int64_t count = long_.count();
    for (const std::int64_t one : exact_) count += one;
    return count;
  }
  std::int64_t sum() const { return sum_; }
  double mean() const { return count() == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count()); }
  std::int64_t largest() const {
    if (long_.count() > 0) return long_.largest();
    for (std::size_t i = exact_.size(); i-- > 0;) {
      if (exact_[i] > 0) return static_cast<std::int64_t>(i);
    }
    return 0;
  }
  /// The smallest latency that at least `fraction` of all do not exceed; 0 when there are none.
  double quantile(double fraction) const {
    const std::int64_t all = count();
    const auto wanted =
        std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(fraction * static_cast<double>(all))));
    std::int64_t seen = 0;
    for (std::size_t i = 0; i < exact_.size(); ++i) {
      seen += exact_[i];
      if (all > 0 && seen >= wanted) return static_cast<double>(i);
    }
    return long_.count() == 0 ? 0 : long_.at_rank(static_cast<double>(wanted - seen - 1));
  }

  friend bool operator==(const LatencyCounts&, const LatencyCounts&) = default;

 private:
  std::vector<std::int64_t> exact_;
  LogHistogram long_;
  std::int64_t sum_ = 0;
};

}  // namespace orrery
