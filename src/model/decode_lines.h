#pragma once

#include "orrery/model/step_kernels.h"

namespace orrery {

/// Attention of decoding sequences by the calibrated forms, as the lines of a StepCost.
class DecodeLines {
 public:
  /// Pre: kernels outlive it.
  DecodeLines(const StepKernels& kernels, std::int64_t context_limit);

  bool has_full_layers() const { return kernels_.calibrated_decode(1, 1).has_value(); }
  bool has_window_layers() const { return kernels_.calibrated_window_decode(1, 1).has_value(); }
  std::int64_t octaves() const { return octaves_; }
  /// All full layers, of so many sequences to so many, each octave of the mean context. Pre: has_full_layers(),
  /// first >= 1.
  std::vector<StepCost::DecodeLine> full_layers(std::int64_t first, std::int64_t last) const;
  /// All windowed layers, from half a window on. Pre: has_window_layers(), sequences >= 1.
  StepCost::DecodeLine window_layers(std::int64_t sequences, std::int64_t window_tokens) const;

 private:
  using Knots = std::vector<double>;  ///< ps
  Knots priced_knots(std::int64_t sequences) const;
  void append_lines(std::int64_t sequences, const Knots& knots, std::vector<StepCost::DecodeLine>& lines) const;

  const StepKernels& kernels_;
  std::int64_t octaves_;
};

}  // namespace orrery
