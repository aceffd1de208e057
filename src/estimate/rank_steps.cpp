#include "orrery/estimate/rank_steps.h"

#include <algorithm>
#include <cmath>

#include "orrery/model/model_shape.h"

namespace orrery {
namespace {

constexpr double kHalf = 2;        // bytes of bf16
constexpr double kStateBytes = 4;  // recurrent states are kept in fp32
constexpr double kNormPasses = 4;  // read and write of residual and hidden state

/// The operators of one step, by what their time depends on.
class StepOperators {
 public:
  StepOperators(const ModelRecord& model, const DeploymentFormats& formats, const ParallelLayout& layout,
                OperatorTimes& times)
      : model_(model),
        formats_(formats),
        layout_(layout),
        times_(times),
        layers_(layer_counts(model)),
        hidden_(static_cast<double>(model.hidden_size)),
        heads_(static_cast<double>(model.query_heads) / layout.tensor) {}

  /// All that depends on the tokens of the step alone; `sequences` of them reach the output layer.
  double linear(double tokens, double sequences) const {
    double sum = attention_projections(tokens) + mlp(tokens) + linear_attention(tokens);
    sum += times_.gemm("bfloat16", sequences, static_cast<double>(model_.vocabulary) / layout_.tensor, hidden_);
    sum += communication(tokens);
    return sum + 2 * all_layers() * times_.pass_over(kNormPasses * kHalf * tokens * hidden_);
  }

  double decode_attention(double sequences, double context) const {
    if (model_.latent_attention) {
      const double seen = sparse_tokens(context);
      return all_layers() * times_.latent_decode(formats_.kv_cache, heads_, sequences, seen);
    }
    double sum = layers_.full * times_.decode_attention(attention(sequences, context, 0));
    if (layers_.windowed > 0) {
      sum += layers_.windowed * times_.decode_attention(attention(sequences, context, window()));
    }
    return sum;
  }

  double prompt_attention(double tokens) const {
    if (model_.latent_attention) return all_layers() * times_.latent_prompt(formats_.kv_cache, heads_, 1, tokens);
    double sum = layers_.full * times_.prompt_attention(attention(1, tokens, 0));
    if (layers_.windowed > 0) sum += layers_.windowed * times_.prompt_attention(attention(1, tokens, window()));
    return sum;
  }

 private:
  double all_layers() const { return static_cast<double>(model_.layers); }
  double window() const { return model_.sliding_window ? static_cast<double>(model_.sliding_window->tokens) : 0; }
  double sparse_tokens(double context) const {
    return model_.sparse_attention ? std::min(context, static_cast<double>(model_.sparse_attention->tokens)) : context;
  }
  OperatorTimes::AttentionCall attention(double batch, double tokens, double window) const {
    return {formats_.kv_cache,
            batch,
            tokens,
            heads_,
            kv_heads_per_rank(model_, layout_.tensor),
            static_cast<double>(model_.head_size),
            window};
  }
  double projection(double tokens, double n, double k) const { return times_.gemm(formats_.attention, tokens, n, k); }

  double attention_projections(double tokens) const {
    if (!model_.latent_attention) {
      const auto size = static_cast<double>(model_.head_size);
      const double kv = kv_heads_per_rank(model_, layout_.tensor);
      return (layers_.full + layers_.windowed) *
             (projection(tokens, (heads_ + 2 * kv) * size, hidden_) + projection(tokens, hidden_, heads_ * size));
    }
    const LatentAttentionRecord& latent = *model_.latent_attention;
    const auto query_rank = static_cast<double>(latent.query_rank);
    const auto kv_rank = static_cast<double>(latent.kv_rank);
    const auto rope = static_cast<double>(latent.rope_head_size);
    const auto nope = static_cast<double>(latent.nope_head_size);
    const auto value = static_cast<double>(latent.value_head_size);
    double sum = query_rank == 0 ? projection(tokens, heads_ * (nope + rope) + kv_rank + rope, hidden_)
                                 : projection(tokens, query_rank + kv_rank + rope, hidden_) +
                                       projection(tokens, heads_ * (nope + rope), query_rank);
    sum += projection(tokens, heads_ * (nope + value), kv_rank) + projection(tokens, hidden_, heads_ * value);
    return all_layers() * sum;
  }

  /// Sums after attention and after the MLP; with attention-data ranks, tokens travel to their experts and back
  /// instead.
  double communication(double tokens) const {
    const double bytes = tokens * hidden_ * kHalf;
    double sum = 0;
    if (layout_.tensor > 1) sum += all_layers() * times_.all_reduce(layout_.tensor, bytes);
    if (layout_.attention_data == 1) return layout_.tensor > 1 ? 2 * sum : 0;
    const double per_token = model_.experts ? static_cast<double>(model_.experts->per_token) : 1;
    const double ranks = layout_.tensor * layout_.attention_data;
    return sum + all_layers() * times_.exchange(tokens, std::min(per_token, ranks), hidden_);
  }

  double linear_attention(double tokens) const {
    if (!model_.linear_attention) return 0;
    const LinearAttentionRecord& linear = *model_.linear_attention;
    const double keys = static_cast<double>(linear.key_heads * linear.key_head_size) / layout_.tensor;
    const double values = static_cast<double>(linear.value_heads * linear.value_head_size) / layout_.tensor;
    const double state = values * static_cast<double>(linear.key_head_size);
    const double layers = all_layers() - layers_.full - layers_.windowed;
    return layers * (projection(tokens, 2 * keys + 2 * values, hidden_) + projection(tokens, hidden_, values) +
                     times_.pass_over(2 * kStateBytes * state * std::min(tokens, kMostStates)));
  }

  double gated_mlp(double tokens, double width) const {
    if (width == 0) return 0;
    return times_.gemm(formats_.linear, tokens, 2 * width, hidden_) +
           times_.gemm(formats_.linear, tokens, hidden_, width) + times_.pass_over(3 * kHalf * tokens * width);
  }

  double mlp(double tokens) const {
    double sum = layers_.dense * gated_mlp(tokens, static_cast<double>(model_.intermediate_size) / layout_.tensor);
    if (!model_.experts) return sum;
    const ExpertsRecord& experts = *model_.experts;
    const double shared = static_cast<double>(experts.shared_intermediate_size) / layout_.tensor;
    const OperatorTimes::ExpertsCall call{formats_.experts,
                                          tokens * layout_.attention_data,
                                          hidden_,
                                          static_cast<double>(experts.intermediate_size),
                                          static_cast<double>(experts.per_token),
                                          static_cast<double>(experts.count),
                                          layout_.moe_tensor,
                                          layout_.moe_expert};
    sum += layers_.experts * (times_.gemm("bfloat16", tokens, static_cast<double>(experts.count), hidden_) +
                              times_.experts(call) + gated_mlp(tokens, shared));
    return sum;
  }

  /// Prompts update the state once a chunk of 64 tokens, so that larger steps do not read it more often than this.
  static constexpr double kMostStates = 512;

  const ModelRecord& model_;
  const DeploymentFormats& formats_;
  const ParallelLayout& layout_;
  OperatorTimes& times_;
  LayerCounts layers_;
  double hidden_;
  double heads_;
};

}  // namespace

double RankSteps::linear_at(double tokens) const {
  const double position = std::log2(std::max(tokens, 1.0));
  const auto low = std::min(static_cast<std::size_t>(position), kGrid - 2);
  const double below = std::exp2(static_cast<double>(low));
  return linear[low] + (linear[low + 1] - linear[low]) * (tokens - below) / below;
}

double RankSteps::step(double decoding, double cached, double prompts, double chunk_tokens) const {
  double time = linear_at(decoding + chunk_tokens) + step_overhead + sequence_overhead * (decoding + prompts);
  if (decoding > 0) time += decode_fixed + decoding * decode_sequence + cached * decode_token;
  constexpr std::size_t kLargeStep = 13;  // 8192 tokens: beyond fixed costs
  const double linear_rate = linear[kLargeStep] / std::exp2(static_cast<double>(kLargeStep));
  return time + chunk_tokens * (prompt_factor * prompt_attention / prompt_tokens + (prompt_factor - 1) * linear_rate +
                                prompt_token_overhead);
}

RankSteps rank_steps(const ModelRecord& model, const DeploymentFormats& formats, const ParallelLayout& layout,
                     const OperatingPoint& point, OperatorTimes& times) {
  constexpr double kMostSequences = 256;  // of larger steps most tokens are of prompts
  const StepOperators operators(model, formats, layout, times);
  RankSteps steps;
  for (std::size_t i = 0; i < RankSteps::kGrid; ++i) {
    const double tokens = std::exp2(static_cast<double>(i));
    steps.linear[i] = operators.linear(tokens, tokens <= kMostSequences ? tokens : 1);
  }
  // A plane through the operating point and through half its sequences and half its context.
  const double n = std::max(point.sequences, 2.0);
  const double k = point.context;
  const double at = operators.decode_attention(n, k);
  const double half_context = operators.decode_attention(n, k / 2);
  const double half_sequences = operators.decode_attention(n / 2, k);
  steps.decode_token = std::max(0.0, (at - half_context) / (n * k / 2));
  steps.decode_sequence = std::max(0.0, (at - half_sequences) / (n / 2) - k * steps.decode_token);
  steps.decode_fixed = std::max(0.0, at - n * (steps.decode_sequence + k * steps.decode_token));
  steps.prompt_tokens = point.prompt_tokens;
  steps.prompt_attention = operators.prompt_attention(point.prompt_tokens);
  return steps;
}

}  // namespace orrery
