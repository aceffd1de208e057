#pragma once

#include "orrery/base/result.h"
#include "orrery/schema/enum_names.h"

namespace orrery {

/// Number formats of weights, activations and KV-cache entries.
enum class Precision { bf16, fp16, fp8, fp8_block, int8, int4, nvfp4, mxfp4, compressed };

template <>
struct EnumNames<Precision> {
  static constexpr EnumRow<Precision> kRows[] = {
      {Precision::bf16, "bf16", "bfloat16, 2 bytes"},
      {Precision::fp16, "fp16", "IEEE half, 2 bytes"},
      {Precision::fp8, "fp8", "8-bit float, one scale per tensor or token"},
      {Precision::fp8_block, "fp8_block",
       "8-bit float, one scale per 128 x 128 weights or 128 activations, as DeepSeek's"},
      {Precision::int8, "int8", "8-bit integer, one scale per channel"},
      {Precision::int4, "int4", "4-bit integer, one 16-bit scale per group of 128"},
      {Precision::nvfp4, "nvfp4", "4-bit float, one fp8 scale per 16"},
      {Precision::mxfp4, "mxfp4", "4-bit float, one 8-bit scale per 32"},
      {Precision::compressed, "compressed", "the chip's own compression, of weights or KV cache; needs one"},
  };
};

/// Bytes per element, scales included. Pre: not `compressed`, whose size is the chip's (Chip::weight_bytes).
/// Source: the formats' definitions; int4 with 32 bits of scale and zero point per 128 weights.
constexpr double bytes_per_element(Precision precision) {
  switch (precision) {
    case Precision::bf16:
    case Precision::fp16:
      return 2;
    case Precision::fp8:
    case Precision::int8:
      return 1;
    case Precision::fp8_block:
      return 1 + 4.0 / (128 * 128);
    case Precision::int4:
      return 0.5 + 4.0 / 128;
    case Precision::nvfp4:
      return 0.5 + 1.0 / 16;
    case Precision::mxfp4:
      return 0.5 + 1.0 / 32;
    case Precision::compressed:
      break;
  }
  ORRERY_CHECK(!"compressed numbers have the size that their chip gives them");
  return 0;
}

}  // namespace orrery
