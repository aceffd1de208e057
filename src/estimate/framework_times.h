#pragma once

#include <array>
#include <string_view>

#include "orrery/estimate/rank_steps.h"
#include "orrery/serving/framework_record.h"

namespace orrery {

/// The constants of a framework in microseconds, as a fit moves them.
struct FrameworkTimes {
  static constexpr std::size_t kCount = 7;
  static constexpr std::array<std::string_view, kCount> kNames = {
      "step_overhead", "layer_overhead",  "sequence_overhead", "prompt_token_overhead",
      "prompt_factor", "request_latency", "user_latency"};

  /// Where nothing is known of a framework, and what a fit is drawn toward: assumed, of the size that kernel launches,
  /// a sampled token and an HTTP server have.
  static constexpr std::array<double, kCount> kPriors = {100, 1, 2, 1, 1.3, 40'000, 200};
  /// What a fit does not go below: a nanosecond, and half of the time that kernels of prompts take by themselves.
  static constexpr std::array<double, kCount> kLeast = {1e-3, 1e-3, 1e-3, 1e-3, 0.5, 1e-3, 1e-3};

  std::array<double, kCount> values{};  ///< in the order of kNames
  bool prompts_pause_decoding = false;

  double request_latency() const { return values[5]; }
  double user_latency() const { return values[6]; }
  /// Adds the framework to the kernels of a step.
  RankSteps on(RankSteps steps, const ModelRecord& model) const {
    steps.step_overhead = values[0] + static_cast<double>(model.layers) * values[1];
    steps.sequence_overhead = values[2];
    steps.prompt_token_overhead = values[3];
    steps.prompt_factor = values[4];
    return steps;
  }
};

FrameworkTimes framework_times(const FrameworkRecord& framework);

}  // namespace orrery
