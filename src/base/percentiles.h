#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace orrery {

/// Percentiles of ascending fractions by selection, without sorting what lies between them; reorders the values.
/// Linear interpolation between order statistics, as numpy does by default. Pre: the values are not empty.
template <class T>
class Percentiles {
 public:
  explicit Percentiles(std::vector<T>& values) : values_(values), from_(values.begin()) {}

  /// Pre: between 0 and 1, and no smaller than the fraction before.
  double at(double fraction) {
    const double rank = fraction * static_cast<double>(values_.size() - 1);
    const auto below = static_cast<std::ptrdiff_t>(rank);
    const auto position = values_.begin() + below;
    std::nth_element(from_, position, values_.end());
    from_ = position;
    const auto low = static_cast<double>(*position);
    const auto next = position + 1;
    const double high = next == values_.end() ? low : static_cast<double>(*std::min_element(next, values_.end()));
    return low + (rank - static_cast<double>(below)) * (high - low);
  }

 private:
  std::vector<T>& values_;
  typename std::vector<T>::iterator from_;
};

}  // namespace orrery
