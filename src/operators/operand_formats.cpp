#include "orrery/operators/operand_formats.h"

namespace orrery {
namespace {

struct NamedFormats {
  std::string_view name;
  OperandFormats formats;
};
constexpr NamedFormats kFormats[] = {
    {"bfloat16", {Precision::bf16, Precision::bf16}},
    {"bf16", {Precision::bf16, Precision::bf16}},
    {"float16", {Precision::fp16, Precision::fp16}},
    {"fp16", {Precision::fp16, Precision::fp16}},
    {"fp8", {Precision::fp8, Precision::fp8}},
    {"fp8_block", {Precision::fp8_block, Precision::fp8_block}},
    {"int8", {Precision::int8, Precision::int8}},
    {"sq", {Precision::int8, Precision::int8}},
    {"int8_wo", {Precision::int8, Precision::bf16}},
    {"int4_wo", {Precision::int4, Precision::bf16}},
    {"nvfp4", {Precision::nvfp4, Precision::nvfp4}},
    {"mxfp4", {Precision::mxfp4, Precision::mxfp4}},
    {"w4a16_mxfp4", {Precision::mxfp4, Precision::bf16}},
    {"w4a8_mxfp4_mxfp8", {Precision::mxfp4, Precision::fp8}},
    {"compressed", {Precision::compressed, Precision::bf16}},
};

}  // namespace

std::optional<OperandFormats> operand_formats(std::string_view dtype) {
  for (const NamedFormats& row : kFormats) {
    if (row.name == dtype) return row.formats;
  }
  return std::nullopt;
}

std::optional<std::string_view> operand_format_name(const OperandFormats& formats) {
  const auto wide = [](Precision precision) { return precision == Precision::fp16 ? Precision::bf16 : precision; };
  for (const NamedFormats& row : kFormats) {
    if (row.formats.weights == wide(formats.weights) && row.formats.activations == wide(formats.activations)) {
      return row.name;
    }
  }
  return std::nullopt;
}

std::vector<std::string> operand_format_names() {
  std::vector<std::string> names;
  for (const NamedFormats& row : kFormats) names.emplace_back(row.name);
  return names;
}

}  // namespace orrery
