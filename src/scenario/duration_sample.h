#pragma once

#include <cstdint>
#include <vector>

#include "orrery/scenario/results.h"
#include "orrery/sim/log_histogram.h"

namespace orrery {

/// Gathers durations and summarises them: exactly up to a million, by histogram above.
class DurationSample {
 public:
  void add(std::int64_t ps);
  /// Reorders the sample. In seconds.
  Distribution summary();

 private:
  static constexpr std::size_t kExactLimit = 1'000'000;

  std::vector<std::int64_t> values_;
  LogHistogram histogram_;
};

Distribution summarize(const LogHistogram& histogram);

}  // namespace orrery
