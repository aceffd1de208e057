#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "orrery/base/random_stream.h"

namespace orrery {

/// Draws one of `count` things, of which the k-th is k to the power of -exponent as popular as the first (Zipf); 0: all
/// alike. Pre: count >= 1.
class Popularity {
 public:
  Popularity(std::int64_t count, double exponent) {
    double sum = 0;
    for (std::int64_t k = 1; k <= count; ++k) up_to_.push_back(sum += std::pow(static_cast<double>(k), -exponent));
  }
  std::size_t draw(RandomStream& stream) const {
    const auto chosen = std::upper_bound(up_to_.begin(), up_to_.end() - 1, stream.uniform() * up_to_.back());
    return static_cast<std::size_t>(chosen - up_to_.begin());
  }

 private:
  std::vector<double> up_to_;  ///< popularities, summed
};

}  // namespace orrery
