#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "orrery/calibration/points.h"

namespace orrery {

/// A launch cost and a roofline with two efficiencies: enough to see whether a fit finds what made the data.
class ToyForm final : public OperatorForm {
 public:
  std::string_view kind() const override { return "toy"; }
  std::span<const std::string_view> columns() const override {
    static constexpr std::string_view kColumns[] = {"work", "bytes"};
    return kColumns;
  }
  std::span<const std::string_view> family_columns() const override {
    static constexpr std::string_view kColumns[] = {"dtype"};
    return kColumns;
  }
  std::span<const ConstantSpec> constants(std::string_view) const override {
    static constexpr ConstantSpec kConstants[] = {
        {"fixed", "us", 4, 0.1, 40, "launch", ConstantSpec::Pooling::matrix_class},
        {"peak", "1", 0.6, 0.05, 1.2, "share of the peak", ConstantSpec::Pooling::all},
        {"stream", "1", 0.6, 0.05, 1.2, "share of the bandwidth", ConstantSpec::Pooling::all},
    };
    return kConstants;
  }
  Result<void> accepts(const Shape& shape, std::string_view, const ChipFacts&) const override {
    if (shape[0] > 0 && shape[1] > 0) return {};
    return failure("work and bytes are above 0");
  }
  bool is_cold(const Shape& shape, std::string_view, const ChipFacts& chip) const override {
    return shape[1] > chip.l2_bytes;
  }
  double time_us(const Shape& shape, std::string_view, const ChipFacts& chip, std::span<const double> constants, bool,
                 std::vector<TimeTerm>* terms) const override {
    const double work = 1e6 * shape[0] / (constants[1] * chip.bf16_flops);
    const double bytes = 1e6 * shape[1] / (constants[2] * chip.bandwidth_Bps);
    if (terms != nullptr) *terms = {{"fixed", constants[0]}, {"work", work}, {"bytes", bytes}};
    return constants[0] + std::max(work, bytes);
  }
  double roofline_us(const Shape& shape, std::string_view family, const ChipFacts& chip) const override {
    const double ideal[] = {0, 1, 1};
    return time_us(shape, family, chip, ideal, true, nullptr);
  }
};

inline ChipFacts toy_chip(const std::string& id, double flops, double bandwidth,
                          MatrixClass matrix_class = MatrixClass::async) {
  ChipFacts chip;
  chip.id = id;
  chip.generation = id;
  chip.matrix_class = matrix_class;
  chip.bf16_flops = flops;
  chip.bandwidth_Bps = bandwidth;
  chip.l2_bytes = 1e5;
  return chip;
}

/// Points of a chip as the form itself gives them with `constants`, each off by up to `noise` to either side.
inline PointGroup toy_group(const OperatorForm& form, const ChipFacts& chip, const std::vector<double>& constants,
                            double noise = 0, int count = 400) {
  PointGroup group{"bfloat16", &chip, "toy 1", {}};
  std::uint64_t state = 88172645463325252;
  const auto random = [&] {  // xorshift64, so that the points are the same everywhere
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<double>(state >> 11) / 9007199254740992.0;
  };
  for (int i = 0; i < count; ++i) {
    MeasuredPoint point;
    point.shape[0] = std::pow(10, 6 + 7 * random());
    point.shape[1] = std::pow(10, 3 + 6 * random());
    const double exact = form.time_us(point.shape, group.family, chip, constants, true, nullptr);
    point.measured_us = exact * std::exp(noise * (2 * random() - 1));
    point.cold = form.is_cold(point.shape, group.family, chip);
    point.key = state;
    point.unseen = point.key % 5 == 0;
    group.points.push_back(point);
  }
  return group;
}

}  // namespace orrery
