#pragma once

#include <vector>

#include "orrery/base/quantity.h"
#include "orrery/base/random_stream.h"

namespace orrery {

/// A delay as a mixture of lognormal parts, each with a constant below it: what access networks and long paths look
/// like.
class DelayMixture {
 public:
  struct Part {
    double share = 1;  ///< they are scaled to a sum of 1
    Seconds constant;
    Seconds median;    ///< of what is above the constant
    double sigma = 0;  ///< of its logarithm; at 0 it is the median
  };
  /// Pre: at least one part of a share > 0; nothing is negative.
  explicit DelayMixture(std::vector<Part> parts);

  Seconds mean() const;
  double share_up_to(Seconds delay) const;
  /// Pre: 0 < fraction < 1.
  Seconds percentile(double fraction) const;
  /// Takes three draws of the stream.
  Seconds draw(RandomStream& stream) const;

 private:
  std::vector<Part> parts_;
};

}  // namespace orrery
