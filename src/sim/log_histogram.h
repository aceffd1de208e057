#pragma once

#include <cstdint>
#include <vector>

#include "orrery/base/wide_integer.h"

namespace orrery {

/// Counts of non-negative integers in bins of at most 1/128 relative width; count, sum, smallest
/// and largest are exact. Merging and the order of additions change nothing.
class LogHistogram {
 public:
  void add(std::int64_t value, std::int64_t count = 1);
  /// Adds `weight` to each of first, first + step, ..., first + (terms - 1) * step: exactly what
  /// `terms` single additions would give. Pre: first >= 0, step >= 0, terms >= 0.
  void add_ramp(std::int64_t first, std::int64_t step, std::int64_t terms, std::int64_t weight);
  void merge(const LogHistogram& other);

  std::int64_t count() const { return count_; }
  Int128 sum() const { return sum_; }
  double mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }
  std::int64_t smallest() const { return count_ == 0 ? 0 : smallest_; }
  std::int64_t largest() const { return count_ == 0 ? 0 : largest_; }
  /// The value at rank fraction * (count - 1), spread evenly inside its bin; off by at most one bin.
  /// Pre: 0 <= fraction <= 1.
  double quantile(double fraction) const;
  /// The same, by rank among the sorted values. Pre: 0 <= rank <= count - 1.
  double at_rank(double rank) const;

  friend bool operator==(const LogHistogram&, const LogHistogram&) = default;

 private:
  std::int64_t& bin(std::size_t index);

  std::vector<std::int64_t> bins_;
  std::int64_t count_ = 0;
  Int128 sum_ = 0;
  std::int64_t smallest_ = INT64_MAX;
  std::int64_t largest_ = 0;
};

}  // namespace orrery
