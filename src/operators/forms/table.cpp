#include <algorithm>

#include "orrery/base/unit.h"
#include "orrery/operators/forms/forms.h"

namespace orrery {

std::span<const OperatorForm* const> operator_forms() {
  static const std::vector<const OperatorForm*> kForms = {
      &gemm_form(),
      &gemm_fp8_block_form(),
      &gemm_nvfp4_form(),
      &gemm_weight_only_form(),
      &attention_context_form(),
      &attention_generation_form(),
      &mla_context_form(),
      &mla_generation_form(),
      &moe_form(),
      &nccl_form(),
      &allreduce_form(),
      &all2all_form(),
  };
  return kForms;
}

const OperatorForm* find_operator_form(std::string_view kind) {
  const auto forms = operator_forms();
  const auto found = std::find_if(forms.begin(), forms.end(), [&](const auto* form) { return form->kind() == kind; });
  return found == forms.end() ? nullptr : *found;
}

Constants specified_priors(const OperatorForm& form, std::string_view family) {
  Constants priors;
  for (const ConstantSpec& spec : form.constants(family)) priors.push_back(spec.prior);
  return priors;
}

Result<double> OperatorForm::number_of(std::string_view, std::string_view text) const { return parse_number(text); }

}  // namespace orrery
