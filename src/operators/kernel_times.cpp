#include "orrery/operators/kernel_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/operators/forms/mla_shape.h"
#include "orrery/operators/kernel_names.h"
#include "orrery/operators/operand_formats.h"

namespace orrery {
namespace {

constexpr double kMicrosecond = 1e-6;

double whole(double count) { return std::max(1.0, std::round(count)); }

}  // namespace

KernelTimes::KernelTimes(ChipFacts facts, const CalibrationRecord& measured) : facts_(std::move(facts)) {
  if (facts_.matrix_class == MatrixClass::systolic) return;
  const Predictor predictor({{facts_.id, measured}});
  for (const std::string& dtype : operand_format_names()) {
    if (operand_format_name(*operand_formats(dtype)) != dtype) continue;  // another word for the same formats
    add(gemm_kind(dtype), dtype, dtype, predictor);
    add("moe", dtype, fmt::format("{}/{}", dtype, experts_kernel(facts_.generation, dtype)), predictor);
  }
  for (const std::string dtype : {"bfloat16", "fp8"}) {
    add("attention_generation", dtype, dtype, predictor);
    add("mla_generation", dtype, dtype, predictor);
  }
}

void KernelTimes::add(std::string_view kind, std::string dtype, std::string name, const Predictor& measured) {
  const OperatorForm* form = find_operator_form(kind);
  ORRERY_CHECK(form != nullptr);
  if (form->constants(name).empty()) return;
  Served served = measured.serve(*form, name, facts_);
  if (served.basis != Basis::fitted) return;
  families_.push_back({form, std::move(dtype), std::move(name), std::move(served.constants)});
}

const KernelTimes::Family* KernelTimes::find(std::string_view kind, std::string_view dtype) const {
  const auto family = std::find_if(families_.begin(), families_.end(),
                                   [&](const Family& one) { return one.dtype == dtype && one.form->kind() == kind; });
  return family == families_.end() ? nullptr : &*family;
}

std::optional<double> KernelTimes::controller_factor(std::string_view kind, const OperandFormats& formats) const {
  const auto dtype = operand_format_name(formats);
  if (!dtype) return std::nullopt;
  const Family* family = find(kind == "gemm" ? gemm_kind(*dtype) : kind, *dtype);
  if (family == nullptr) return std::nullopt;
  const auto specs = family->form->constants(family->name);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].name == "controller_factor") return family->constants[i];
  }
  return std::nullopt;
}

std::optional<Seconds> KernelTimes::time(std::string_view kind, std::string_view dtype, const Shape& shape) const {
  const Family* family = find(kind, dtype);
  if (family == nullptr || !family->form->accepts(shape, family->name, facts_)) return std::nullopt;
  const double us = family->form->time_us(shape, family->name, facts_, family->constants, /*benchmark_hot=*/false);
  return Seconds(us * kMicrosecond);
}

std::optional<Seconds> KernelTimes::gemm(const GemmShape& shape) const {
  const auto dtype = operand_format_name({shape.weights, shape.activations});
  if (!dtype) return std::nullopt;
  return time(gemm_kind(*dtype), *dtype, Shape{whole(shape.m), whole(shape.n), whole(shape.k)});
}

std::optional<Seconds> KernelTimes::experts(const ExpertsShape& shape, double skew) const {
  const auto dtype = operand_format_name({shape.weights, shape.activations});
  if (!dtype) return std::nullopt;
  return time("moe", *dtype,
              Shape{whole(shape.tokens), shape.hidden_size, shape.intermediate_size, shape.per_token, shape.count,
                    /*moe_tp=*/1, shape.expert_parallel, skew, shape.gemms_per_expert});
}

std::optional<Seconds> KernelTimes::decode_attention(const AttentionShape& shape, double sequences, double tokens,
                                                     double window_tokens) const {
  const auto dtype = operand_format_name({shape.kv_cache, shape.kv_cache});
  if (!dtype) return std::nullopt;
  return time("attention_generation", *dtype,
              Shape{whole(sequences), whole(tokens), whole(shape.query_heads), whole(shape.kv_heads), shape.head_size,
                    window_tokens});
}

/// Of heads as wide as the measured ones only.
std::optional<Seconds> KernelTimes::decode_attention(const LatentAttentionShape& shape, double sequences,
                                                     double tokens) const {
  const auto dtype = operand_format_name({shape.kv_cache, shape.kv_cache});
  if (!dtype || shape.kv_rank != latent::kRank || shape.rope_head_size != latent::kRope) return std::nullopt;
  return time("mla_generation", *dtype, Shape{whole(shape.query_heads), whole(sequences), whole(tokens)});
}

}  // namespace orrery
