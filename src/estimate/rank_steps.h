#pragma once

#include <array>
#include <cstddef>

#include "orrery/estimate/deployment.h"
#include "orrery/model/model_record.h"
#include "orrery/operators/operator_times.h"

namespace orrery {

/// Microseconds of the steps of one attention-data rank of an engine, near one operating point.
struct RankSteps {
  static constexpr std::size_t kGrid = 15;  ///< token counts 1, 2, 4, .. 16384
  std::array<double, kGrid> linear{};       ///< everything that depends on the tokens of a step alone
  double decode_fixed = 0;
  double decode_sequence = 0;
  double decode_token = 0;      ///< per cached token of all decoding sequences
  double prompt_attention = 0;  ///< of one prompt of `prompt_tokens`
  double prompt_tokens = 1;
  double step_overhead = 0;  ///< overheads are the framework's: see FrameworkTimes
  double sequence_overhead = 0;
  double prompt_token_overhead = 0;
  double prompt_factor = 1;  ///< on the time of prompt tokens

  /// Linear between the points of the grid, and beyond its last two.
  double linear_at(double tokens) const;
  /// A step of `decoding` sequences with `cached` tokens in sum, and `prompts` prompts of `chunk_tokens` in sum.
  double step(double decoding, double cached, double prompts, double chunk_tokens) const;
};

/// Where the times are wanted: attention is linearised there.
struct OperatingPoint {
  double sequences = 1;      ///< decoding, of one rank
  double context = 1;        ///< cached tokens of a sequence
  double prompt_tokens = 1;  ///< of one prompt
};

/// Sums the operators of one step, without what a framework adds. Kernels run one after the other; experts take the
/// tokens of all ranks.
/// Approximations: layers of linear attention as element-wise passes over their state; sparse attention as attention
/// over the chosen tokens; sums over the chips of the layout twice a layer, whatever the framework overlaps.
RankSteps rank_steps(const ModelRecord& model, const DeploymentFormats& formats, const ParallelLayout& layout,
                     const OperatingPoint& point, OperatorTimes& times);

}  // namespace orrery
