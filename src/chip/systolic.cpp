#include "orrery/chip/systolic.h"

#include <algorithm>
#include <cmath>

namespace orrery {

double systolic_clocks(const SystolicArray& array, double arrays, double m, double n, double k, double products) {
  double down = k;
  double across = n;
  double stream = m;
  switch (array.dataflow) {
    case Dataflow::weight_stationary:
      break;
    case Dataflow::output_stationary:
      down = m;
      stream = k;
      break;
    case Dataflow::input_stationary:
      across = m;
      stream = n;
      break;
  }
  const auto rows = static_cast<double>(array.rows.value);
  const auto columns = static_cast<double>(array.columns.value);
  const double folds = products * std::ceil(down / rows) * std::ceil(across / columns);
  const double rounds = std::ceil(folds / arrays);
  const double fill_and_drain = 2 * rows + columns - 2;
  if (!array.double_buffered.value) return rounds * (fill_and_drain + stream);
  return rounds * std::max(stream, rows) + fill_and_drain;
}

}  // namespace orrery
