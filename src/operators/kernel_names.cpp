#include "orrery/operators/kernel_names.h"

namespace orrery {
namespace {

struct ExpertsKernel {
  std::string_view generation;
  std::string_view dtype;
  std::string_view kernel;
};
constexpr ExpertsKernel kExpertsKernels[] = {
    {"blackwell", "nvfp4", "vllm_compressedtensorsw4a4nvfp4moe_flashinfer_trtllm_trtllmnvfp4expertsmonolithic"},
    {"blackwell", "fp8_block", "vllm_fp8moe_flashinfer_trtllm_trtllmfp8expertsmonolithic"},
    {"blackwell", "fp8", "vllm_modeloptfp8moe_flashinfer_trtllm_trtllmfp8expertsmonolithic"},
    {"blackwell", "bfloat16", "vllm_unquantizedfusedmoe_flashinfer_trtllm_trtllmbf16experts"},
    {"blackwell", "w4a8_mxfp4_mxfp8", "vllm_mxfp4moe_flashinfer_trtllm_mxfp4_mxfp8_trtllmmxfp4expertsmodular"},
    {"", "int4_wo", "vllm_compressedtensorswna16marlinmoe_marlin_marlinexperts"},
    {"", "fp8_block", "vllm_fp8moe_triton_tritonexperts"},
    {"", "fp8", "vllm_modeloptfp8moe_flashinfer_cutlass_flashinferexperts"},
    {"", "bfloat16", "vllm_unquantizedfusedmoe_triton_tritonexperts"},
    {"", "w4a16_mxfp4", "vllm_gptossmxfp4moe_triton_oaitritonmxfp4expertsmonolithic"},
};

}  // namespace

std::string_view experts_kernel(std::string_view generation, std::string_view dtype) {
  for (const ExpertsKernel& row : kExpertsKernels) {
    if ((row.generation.empty() || row.generation == generation) && row.dtype == dtype) return row.kernel;
  }
  return "";
}

std::string_view gemm_kind(std::string_view dtype) {
  if (dtype == "fp8_block") return "gemm_fp8_block";
  if (dtype == "nvfp4") return "gemm_nvfp4";
  if (dtype == "int4_wo" || dtype == "int8_wo") return "gemm_weight_only";
  return "gemm";
}

}  // namespace orrery
