#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/chip/precision.h"

namespace orrery {

/// Formats of weights and activations by a dtype of the data, "bfloat16" or "int4_wo", or by our own names, also
/// "compressed". Nothing when the word is none.
struct OperandFormats {
  Precision weights = Precision::bf16;
  Precision activations = Precision::bf16;
};
std::optional<OperandFormats> operand_formats(std::string_view dtype);

/// The word of the data for such operands, bf16 for both 16-bit formats; nothing where the data has none.
std::optional<std::string_view> operand_format_name(const OperandFormats& formats);
/// All words that operand_formats() knows.
std::vector<std::string> operand_format_names();

}  // namespace orrery
