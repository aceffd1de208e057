#pragma once

#include <functional>
#include <span>
#include <vector>

namespace orrery {

/// A minimum without derivatives, and what it costs.
struct Minimum {
  std::vector<double> at;
  double value = 0;
};

/// The least value of `function` near `start`, by the Sbplx method of NLopt. Deterministic. `steps` are the
/// first steps in each direction. Ends after `most_calls` calls, or when no coordinate moves by more
/// than `tolerance`.
/// Source: T. H. Rowan, Functional Stability Analysis of Numerical Algorithms (1990), as in NLopt 2.7.
Minimum minimise(const std::function<double(std::span<const double>)>& function, std::vector<double> start,
                 std::span<const double> steps, int most_calls, double tolerance);

}  // namespace orrery
