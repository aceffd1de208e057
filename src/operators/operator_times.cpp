#include "orrery/operators/operator_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/operators/kernel_names.h"

namespace orrery {
namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kMostRanksMeasured = 8;

double whole(double count) { return std::max(1.0, std::round(count)); }

}  // namespace

double OperatorTimes::time(std::string_view kind, std::string family, const Shape& shape) {
  const OperatorForm* form = find_operator_form(kind);
  ORRERY_CHECK(form != nullptr);
  if (const auto accepted = form->accepts(shape, family, facts_); !accepted) {
    if (problem_.empty()) problem_ = fmt::format("{} {}: {}", kind, family, accepted.error());
    return 0;
  }
  auto found = served_.find(std::pair(kind, family));
  if (found == served_.end()) {
    Served served = predictor_.serve(*form, family, facts_);
    found = served_.emplace(std::pair(form->kind(), family), std::move(served)).first;
  }
  basis_ = std::max(basis_, found->second.basis);
  return form->time_us(shape, family, facts_, found->second.constants, /*benchmark_hot=*/false);
}

double OperatorTimes::gemm(std::string_view dtype, double m, double n, double k) {
  return time(gemm_kind(dtype), std::string(dtype), Shape{whole(m), whole(n), whole(k)});
}

/// Source: the skew of served traffic as the tables draw it, power_law_1.2 (assumed for any traffic).
double OperatorTimes::experts(const ExpertsCall& call) {
  constexpr double kSkew = 1.2;
  constexpr double kGated = 3;
  const std::string family = fmt::format("{}/{}", call.dtype, experts_kernel(facts_.generation, call.dtype));
  return time("moe", family,
              Shape{whole(call.tokens), call.hidden, call.width, call.per_token, call.count, call.moe_tensor,
                    call.moe_expert, kSkew, kGated});
}

double OperatorTimes::decode_attention(const AttentionCall& c) {
  return time("attention_generation", std::string(c.kv_cache),
              Shape{whole(c.batch), whole(c.tokens), whole(c.query_heads), whole(c.kv_heads), c.head_size, c.window});
}

double OperatorTimes::prompt_attention(const AttentionCall& c) {
  return time(
      "attention_context", std::string(c.kv_cache),
      Shape{whole(c.batch), whole(c.tokens), 0, whole(c.query_heads), whole(c.kv_heads), c.head_size, c.window});
}

double OperatorTimes::latent_decode(std::string_view kv_cache, double heads, double batch, double tokens) {
  return time("mla_generation", std::string(kv_cache), Shape{whole(heads), whole(batch), whole(tokens)});
}

double OperatorTimes::latent_prompt(std::string_view kv_cache, double heads, double batch, double tokens) {
  return time("mla_context", std::string(kv_cache), Shape{whole(heads), whole(batch), whole(tokens), 0});
}

/// Valid: one server; larger groups are priced as eight ranks.
double OperatorTimes::all_reduce(double ranks, double bytes) {
  return time("allreduce", "vllm_graph", Shape{std::min(ranks, kMostRanksMeasured), whole(bytes)});
}

/// Source: the low-latency form of DeepEP, between its fits on H100 and B200 (operator reference, 10.3): dispatch and
/// combine have fixed costs of 20 and 31 us together, and move 48 to 67 % of the link.
/// Valid: fitted on H100 and B200 with eight ranks; larger NVLink domains are assumed alike.
double OperatorTimes::exchange(double tokens, double copies, double hidden) {
  constexpr double kFixed = 25;  // us, dispatch and combine
  constexpr double kLinkShare = 0.55;
  constexpr double kBytes = 1 + 4.0 / 128 + 2;  // fp8 with scales there, bf16 back
  if (!(facts_.link_Bps > 0)) {
    if (problem_.empty()) problem_ = fmt::format("{} has no link to other chips", facts_.id);
    return 0;
  }
  return kFixed + tokens * copies * hidden * kBytes / (kLinkShare * facts_.link_Bps * kMicrosecond);
}

double OperatorTimes::pass_over(double bytes) { return chip_.elementwise(Bytes(bytes)).time.si() / kMicrosecond; }

}  // namespace orrery
