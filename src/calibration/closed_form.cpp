#include "orrery/calibration/closed_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"
#include "orrery/operators/operand_formats.h"

namespace orrery {
namespace {

constexpr double kHalf = 2;         // bytes of bf16
constexpr double kLogitPasses = 5;  // as in a step: bf16 read, fp32 written and read

/// Reads cells and remembers the first problem, so that an operator reads as its formula.
class Cells {
 public:
  explicit Cells(const CellLookup& lookup) : lookup_(lookup) {}

  /// A number >= `least`; 1 after a problem, so that the caller's arithmetic stays sound.
  double number(std::string_view column, double least = 1) {
    const auto text = lookup_(column);
    if (!text) return fail(fmt::format("{} is missing", column));
    const auto value = parse_number(*text);
    if (!value) return fail(fmt::format("{}: {}", column, value.error()));
    if (!(*value >= least && *value <= kMost)) {
      return fail(fmt::format("{} is {}; it must lie between {} and {:g}", column, *text, least, kMost));
    }
    return *value;
  }
  /// Absent or empty cells are zero.
  double optional_number(std::string_view column) {
    const auto text = lookup_(column);
    return !text || text->empty() ? 0 : number(column, 0);
  }
  OperandFormats formats(std::string_view column) {
    const auto text = lookup_(column);
    if (!text) return fail(fmt::format("{} is missing", column)), OperandFormats{};
    const auto formats = operand_formats(*text);
    if (formats) return *formats;
    const std::string nearest = did_you_mean(*text, operand_format_names());
    return fail(fmt::format("{}: there is no '{}'{}", column, *text, nearest.empty() ? "" : " (" + nearest + ")")),
           OperandFormats{};
  }
  void require(const Result<void>& condition) {
    if (!condition) fail(condition.error());
  }
  const std::optional<std::string>& problem() const { return problem_; }

 private:
  static constexpr double kMost = 1e15;

  double fail(std::string problem) {
    if (!problem_) problem_ = std::move(problem);
    return 1;
  }

  const CellLookup& lookup_;
  std::optional<std::string> problem_;
};

using Price = KernelCost (*)(const Chip& chip, Cells& cells);

/// Turns a formula that reads cells into one that fails with the first problem.
template <Price Formula>
Result<KernelCost> checked(const Chip& chip, const CellLookup& lookup) {
  Cells cells(lookup);
  const KernelCost cost = Formula(chip, cells);
  if (cells.problem()) return failure(*cells.problem());
  return cost;
}

KernelCost price_gemm(const Chip& chip, Cells& cells) {
  const OperandFormats formats = cells.formats("dtype");
  const GemmShape shape{cells.number("m"), cells.number("n"), cells.number("k"), formats.weights, formats.activations};
  cells.require(chip.supports(formats.weights, formats.activations));
  return cells.problem() ? KernelCost{} : chip.gemm(shape);
}

KernelCost price_experts(const Chip& chip, Cells& cells) {
  const OperandFormats formats = cells.formats("dtype");
  ExpertsShape shape;
  shape.tokens = cells.number("tokens");
  shape.hidden_size = cells.number("hidden");
  shape.intermediate_size = cells.number("inter") / cells.number("moe_tp");
  shape.count = cells.number("experts");
  shape.per_token = cells.number("topk");
  shape.gemms_per_expert = cells.number("gemms_per_expert");
  shape.expert_parallel = cells.number("moe_ep");
  shape.weights = formats.weights;
  shape.activations = formats.activations;
  cells.require(chip.supports(formats.weights, formats.activations));
  return cells.problem() ? KernelCost{} : chip.experts(shape);
}

AttentionShape attention_shape(const Chip& chip, Cells& cells) {
  const Precision cache = cells.formats("kv_cache_dtype").weights;
  cells.require(chip.supports_kv_cache(cache));
  return {cells.number("q_heads"), cells.number("kv_heads"), cells.number("head_dim"), cache};
}

KernelCost price_decode(const Chip& chip, Cells& cells) {
  const AttentionShape shape = attention_shape(chip, cells);
  const double batch = cells.number("batch");
  const double window = cells.optional_number("window_tokens");
  double tokens = cells.number("kv_tokens");
  if (window > 0) tokens = std::min(tokens, window);
  return cells.problem() ? KernelCost{} : chip.decode_attention(shape).at(batch, batch * tokens);
}

KernelCost price_context(const Chip& chip, Cells& cells) {
  const AttentionShape shape = attention_shape(chip, cells);
  const double batch = cells.number("batch");
  const double tokens = cells.number("query_tokens");
  const double cached = cells.optional_number("prefix_tokens");
  const double window = cells.optional_number("window_tokens");
  return cells.problem() ? KernelCost{} : chip.context_attention(shape).at(batch, cached, tokens, window);
}

/// Source: DeepSeek-V3, the model that the tables measure.
LatentAttentionShape latent_shape(const Chip& chip, Cells& cells) {
  const Precision cache = cells.formats("kv_cache_dtype").weights;
  cells.require(chip.supports_kv_cache(cache));
  cells.require(chip.supports_latent_attention());
  return {cells.number("q_heads"), 512, 128, 64, 128, cache};
}

KernelCost price_latent_decode(const Chip& chip, Cells& cells) {
  const LatentAttentionShape shape = latent_shape(chip, cells);
  const double batch = cells.number("batch");
  const double tokens = cells.number("kv_tokens");
  return cells.problem() ? KernelCost{} : chip.decode_attention(shape).at(batch, batch * tokens);
}

KernelCost price_latent_context(const Chip& chip, Cells& cells) {
  const LatentAttentionShape shape = latent_shape(chip, cells);
  const double batch = cells.number("batch");
  const double tokens = cells.number("query_tokens");
  const double cached = cells.optional_number("prefix_tokens");
  return cells.problem() ? KernelCost{} : chip.context_attention(shape).at(batch, cached, tokens);
}

KernelCost price_all_reduce(const Chip& chip, Cells& cells) {
  const double ranks = cells.number("num_gpus", 2);
  const Bytes bytes(cells.number("message_bytes"));
  const auto interconnect = chip.interconnect(ranks);
  if (!interconnect) cells.require(failure(fmt::format("{} has no link to other chips", chip.id())));
  return cells.problem() ? KernelCost{} : kernel_cost(interconnect->all_reduce(bytes));
}

KernelCost price_elementwise(const Chip& chip, Cells& cells) { return chip.elementwise(Bytes(cells.number("bytes"))); }

KernelCost price_embedding(const Chip& chip, Cells& cells) {
  return chip.elementwise(Bytes(2 * kHalf * cells.number("tokens") * cells.number("hidden")));
}

KernelCost price_output_layer(const Chip& chip, Cells& cells) {
  const OperandFormats formats = cells.formats("dtype");
  const GemmShape shape{cells.number("batch"), cells.number("vocabulary"), cells.number("hidden"), formats.weights,
                        formats.activations};
  cells.require(chip.supports(formats.weights, formats.activations));
  return cells.problem() ? KernelCost{} : chip.gemm(shape);
}

KernelCost price_sampling(const Chip& chip, Cells& cells) {
  return chip.elementwise(Bytes(kLogitPasses * kHalf * cells.number("batch") * cells.number("vocabulary")));
}

constexpr std::string_view kGemmColumns[] = {"m", "n", "k", "dtype"};
constexpr std::string_view kContextColumns[] = {"batch",    "query_tokens", "prefix_tokens", "q_heads",
                                                "kv_heads", "head_dim",     "window_tokens", "kv_cache_dtype"};
constexpr std::string_view kDecodeColumns[] = {"batch",    "kv_tokens",     "q_heads",       "kv_heads",
                                               "head_dim", "window_tokens", "kv_cache_dtype"};
constexpr std::string_view kLatentContextColumns[] = {"q_heads", "batch", "query_tokens", "prefix_tokens",
                                                      "kv_cache_dtype"};
constexpr std::string_view kLatentDecodeColumns[] = {"q_heads", "batch", "kv_tokens", "kv_cache_dtype"};
constexpr std::string_view kExpertsColumns[] = {"tokens", "hidden",           "inter", "topk", "experts", "moe_tp",
                                                "moe_ep", "gemms_per_expert", "dtype"};
constexpr std::string_view kAllReduceColumns[] = {"num_gpus", "message_bytes"};
constexpr std::string_view kElementwiseColumns[] = {"bytes"};
constexpr std::string_view kEmbeddingColumns[] = {"tokens", "hidden"};
constexpr std::string_view kOutputColumns[] = {"batch", "vocabulary", "hidden", "dtype"};
constexpr std::string_view kSamplingColumns[] = {"batch", "vocabulary"};

constexpr ClosedForm kForms[] = {
    {"gemm", kGemmColumns, "a dense product", checked<price_gemm>},
    {"gemm_fp8_block", kGemmColumns, "a dense product with block scales", checked<price_gemm>},
    {"gemm_nvfp4", kGemmColumns, "a dense product of 4-bit floats", checked<price_gemm>},
    {"gemm_weight_only", kGemmColumns, "a dense product with narrow weights", checked<price_gemm>},
    {"attention_context", kContextColumns, "attention of prompts", checked<price_context>},
    {"attention_generation", kDecodeColumns, "attention of one new token per sequence", checked<price_decode>},
    {"mla_context", kLatentContextColumns, "latent attention of prompts", checked<price_latent_context>},
    {"mla_generation", kLatentDecodeColumns, "latent attention of one new token", checked<price_latent_decode>},
    {"moe", kExpertsColumns, "routed experts", checked<price_experts>},
    {"allreduce", kAllReduceColumns, "a sum over the chips of a server", checked<price_all_reduce>},
    {"elementwise", kElementwiseColumns, "a pass over memory: norm, activation, residual", checked<price_elementwise>},
    {"embedding", kEmbeddingColumns, "rows of the input embedding", checked<price_embedding>},
    {"output_layer", kOutputColumns, "logits of one token per sequence", checked<price_output_layer>},
    {"sampling", kSamplingColumns, "choosing one token per sequence from its logits", checked<price_sampling>},
};

}  // namespace

std::span<const ClosedForm> closed_forms() { return kForms; }

const ClosedForm* find_closed_form(std::string_view kind) {
  const auto* found = std::find_if(std::begin(kForms), std::end(kForms), [&](const auto& f) { return f.kind == kind; });
  return found == std::end(kForms) ? nullptr : found;
}

}  // namespace orrery
