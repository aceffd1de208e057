#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "orrery/chip/chip.h"
#include "orrery/operators/predictor.h"

namespace orrery {

/// Microseconds of single operators on one chip, by the calibrated forms, operands cold.
/// Whatever a form refuses is remembered as a problem, and counts nothing.
class OperatorTimes {
 public:
  /// Pre: all outlive it.
  OperatorTimes(const Chip& chip, const ChipFacts& facts, const Predictor& predictor)
      : chip_(chip), facts_(facts), predictor_(predictor) {}

  double gemm(std::string_view dtype, double m, double n, double k);
  struct ExpertsCall {
    std::string_view dtype;
    double tokens, hidden, width, per_token, count, moe_tensor, moe_expert;
  };
  double experts(const ExpertsCall& call);
  struct AttentionCall {
    std::string_view kv_cache;
    double batch, tokens, query_heads, kv_heads, head_size, window;
  };
  double decode_attention(const AttentionCall& call);
  double prompt_attention(const AttentionCall& call);
  double latent_decode(std::string_view kv_cache, double heads, double batch, double tokens);
  double latent_prompt(std::string_view kv_cache, double heads, double batch, double tokens);
  double all_reduce(double ranks, double bytes);
  /// Tokens to the chips of their experts, in fp8, and back, in bf16. `copies` of each token travel.
  double exchange(double tokens, double copies, double hidden);
  double pass_over(double bytes);

  /// Forgets basis and problem.
  void start() {
    basis_ = Basis::fitted;
    problem_.clear();
  }
  /// The weakest basis of what was asked since.
  Basis basis() const { return basis_; }
  /// The first refusal; empty when there was none.
  const std::string& problem() const { return problem_; }

 private:
  double time(std::string_view kind, std::string family, const Shape& shape);

  const Chip& chip_;
  const ChipFacts& facts_;
  const Predictor& predictor_;
  std::map<std::pair<std::string_view, std::string>, Served, std::less<>> served_;
  Basis basis_ = Basis::fitted;
  std::string problem_;
};

}  // namespace orrery
