#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/chip/kernel_shape.h"
#include "orrery/operators/operand_formats.h"
#include "orrery/operators/predictor.h"

namespace orrery {

/// Times of the kernels of one chip by the calibrated forms, operands cold: what simulations use in place of the
/// chip's own closed forms. Nothing where no measurement speaks of a kernel: number formats and widths of heads that
/// nobody measured on this chip, chips of class systolic, compressed operands. Immutable.
/// Valid: chips that were measured, and chips of the same compute units and kind of memory. Others have the closed
/// forms of their family, which hold what is known of their memory; a class of chips does not.
class KernelTimes {
 public:
  /// `measured` is the calibration of the chip, or of another one of the same compute units.
  KernelTimes(ChipFacts facts, const CalibrationRecord& measured);

  std::optional<Seconds> gemm(const GemmShape& shape) const;
  /// `skew`: exponent of the experts' popularity, see ExpertRouting.
  std::optional<Seconds> experts(const ExpertsShape& shape, double skew) const;
  /// One new token for each of `sequences`, with `tokens` cached, the new one included; a window of 0 means none.
  std::optional<Seconds> decode_attention(const AttentionShape& shape, double sequences, double tokens,
                                          double window_tokens) const;
  std::optional<Seconds> decode_attention(const LatentAttentionShape& shape, double sequences, double tokens) const;

  /// What kernels of these operands get of what the memory gives them. `kind` is that of an operator form: "gemm",
  /// "attention_generation" or "mla_generation".
  std::optional<double> controller_factor(std::string_view kind, const OperandFormats& formats) const;

 private:
  struct Family {
    const OperatorForm* form = nullptr;
    std::string dtype;
    std::string name;
    Constants constants;
  };
  void add(std::string_view kind, std::string dtype, std::string name, const Predictor& measured);
  const Family* find(std::string_view kind, std::string_view dtype) const;
  std::optional<Seconds> time(std::string_view kind, std::string_view dtype, const Shape& shape) const;

  ChipFacts facts_;
  std::vector<Family> families_;
};

}  // namespace orrery
