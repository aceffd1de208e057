#pragma once

#include <string_view>

namespace orrery {

/// The kind of table that a dtype's products are in: gemm, gemm_fp8_block, gemm_nvfp4 or gemm_weight_only.
std::string_view gemm_kind(std::string_view dtype);

/// The kernel that frameworks pick for routed experts, by generation of the chip and dtype; empty where nobody measured
/// one: the form falls back to a kernel of the same kind.
/// Source: the kernels that vLLM 0.24 chose in the measured tables.
std::string_view experts_kernel(std::string_view generation, std::string_view dtype);

}  // namespace orrery
