#pragma once

#include "orrery/operators/operator_form.h"

namespace orrery {

// One function a form, each in the file of its name; table.cpp lists them.
const OperatorForm& gemm_form();
const OperatorForm& gemm_fp8_block_form();
const OperatorForm& gemm_nvfp4_form();
const OperatorForm& gemm_weight_only_form();
const OperatorForm& attention_context_form();
const OperatorForm& attention_generation_form();
const OperatorForm& mla_context_form();
const OperatorForm& mla_generation_form();
const OperatorForm& moe_form();
const OperatorForm& nccl_form();
const OperatorForm& allreduce_form();
const OperatorForm& all2all_form();

}  // namespace orrery
