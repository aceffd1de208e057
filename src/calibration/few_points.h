#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "orrery/calibration/fit.h"

namespace orrery {

/// The points to measure first on a new chip: half of them spread over the range of times that `prior`
/// predicts, half chosen so that together they tell most of the constants. Their measured times play no part.
std::vector<MeasuredPoint> few_points_of(const OperatorForm& form, std::string_view family, const ChipFacts& chip,
                                         std::span<const MeasuredPoint> points, const Constants& prior,
                                         std::size_t count);

/// The points whose keys are not among those of `left_out`.
std::vector<MeasuredPoint> without_points(std::span<const MeasuredPoint> points,
                                          std::span<const MeasuredPoint> left_out);

}  // namespace orrery
