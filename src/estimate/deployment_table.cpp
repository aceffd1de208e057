#include "orrery/estimate/deployment_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "orrery/base/unit.h"
#include "orrery/calibration/closed_form.h"
#include "orrery/operators/operand_formats.h"

namespace orrery {
namespace {

constexpr std::array<std::string_view, 7> kNeeded = {
    "gpu", "framework", "model", "isl_tokens", "osl_tokens", "concurrency_requests", "gpus_total"};
constexpr double kMostOfAny = 1e6;           // tokens, users, chips: ten requests for each user are served
constexpr double kUsualShortestShare = 0.8;  // the public benchmark draws 80 to 100 % of the nominal lengths

/// What a published checkpoint really holds, where the label of a run says less. An empty word keeps the label's.
struct CheckpointRule {
  std::string_view model;
  std::string_view label;  ///< of the dense layers
  std::string_view attention;
  std::string_view linear;
  std::string_view experts;
};
constexpr CheckpointRule kCheckpoints[] = {
    // Their fp8 weights carry a scale for every 128 x 128 block.
    {"deepseek-v3", "fp8", "fp8_block", "fp8_block", "fp8_block"},
    {"minimax-m2.5", "fp8", "fp8_block", "fp8_block", "fp8_block"},
    {"qwen3.5-397b-a17b", "fp8", "fp8_block", "fp8_block", "fp8_block"},
    {"qwen3-235b-a22b", "fp8", "fp8_block", "fp8_block", "fp8_block"},
    {"glm-5", "fp8", "fp8_block", "fp8_block", "fp8_block"},
    // The 4-bit checkpoints of these leave the projections around latent attention in bf16.
    {"deepseek-v3", "nvfp4", "bfloat16", "", ""},
    {"kimi-k2.5", "nvfp4", "bfloat16", "", ""},
    {"kimi-k2.5", "int4_wo", "bfloat16", "", ""},
    {"glm-5", "nvfp4", "bfloat16", "", ""},
    // Only the experts are MXFP4.
    {"gpt-oss-120b", "nvfp4", "bfloat16", "bfloat16", "mxfp4"},
};

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash ^ (hash >> 32);
}

std::string word_or(std::string_view word, std::string_view otherwise) {
  return std::string(word.empty() ? otherwise : word);
}

}  // namespace

Result<DeploymentReader> DeploymentReader::make(const MeasurementTable& table, const ChipTable& chips,
                                                const ServingEstimator& estimator) {
  std::vector<std::string_view> missing;
  for (const std::string_view column : kNeeded) {
    if (!table.find_column(column)) missing.push_back(column);
  }
  if (!missing.empty())
    return failure(fmt::format("it has no column {}, which serving needs", fmt::join(missing, ", ")));
  return DeploymentReader(table, chips, estimator);
}

std::string_view DeploymentReader::cell(std::size_t row, std::string_view column) const {
  const auto found = table_.find_column(column);
  return found ? table_.cell(row, *found) : std::string_view();
}

Result<DeploymentRow> DeploymentReader::read(std::size_t row) const {
  if (!table_.is_whole(row)) return failure("it does not have as many cells as the header");
  DeploymentRow result;
  Deployment& d = result.deployment;
  std::string problem;
  const auto fail = [&](std::string text) {
    if (problem.empty()) problem = std::move(text);
  };
  const auto count = [&](std::string_view column, double when_empty) {
    const std::string_view text = cell(row, column);
    if (text.empty() && when_empty > 0) return when_empty;
    const auto number = parse_number(text);
    if (number && *number >= 1 && *number <= kMostOfAny) return *number;
    if (number && *number > kMostOfAny) {
      fail(fmt::format("{} is '{}'; at most {:g} are estimated", column, text, kMostOfAny));
    }
    fail(fmt::format("{} is '{}', not a number from 1 up", column, text));
    return 1.0;
  };
  const auto layout = [&](std::string_view prefix) {
    ParallelLayout one;
    const auto column = [&](std::string_view name) { return count(fmt::format("{}{}", prefix, name), 1); };
    if (cell(row, fmt::format("{}tp", prefix)).empty())
      fail(fmt::format("{}tp is empty: the layout is unknown", prefix));
    one.tensor = column("tp");
    one.attention_data = column("attention_dp");
    one.moe_tensor = column("moe_tp");
    one.moe_expert = column("moe_ep");
    if (prefix.empty()) one.pipeline = column("pp");
    // Some sources leave the experts' layout at one chip where tensor parallelism covers them too.
    if (one.moe_tensor * one.moe_expert == 1) one.moe_tensor = one.tensor;
    return one;
  };

  const std::string_view gpu = cell(row, "gpu");
  const ChipFacts* chip = chips_.find(gpu);
  if (chip == nullptr) return failure(fmt::format("there is no chip '{}'{}", gpu, chips_.hint(gpu)));
  d.chip = chip->id;
  const std::string_view model = cell(row, "model");
  const auto model_id = estimator_.model_id(model);
  if (!model_id) return failure(fmt::format("there is no model '{}'{}", model, estimator_.model_hint(model)));
  d.model = *model_id;
  const std::string_view framework = cell(row, "framework");
  const auto framework_id = estimator_.framework_id(framework);
  if (!framework_id) {
    return failure(fmt::format("there is no framework '{}'{}", framework, estimator_.framework_hint(framework)));
  }
  d.framework = *framework_id;

  const std::string label = word_or(cell(row, "gemm_quant"), "bfloat16");
  d.formats = {label, label, word_or(cell(row, "moe_quant"), label), "bfloat16"};
  const std::string_view precision = cell(row, "precision");
  constexpr std::array<std::string_view, 6> kPrecisions = {"", "unstated", "bf16", "fp8", "fp4", "int4"};
  if (std::find(kPrecisions.begin(), kPrecisions.end(), precision) == kPrecisions.end()) {
    fail(fmt::format("precision is '{}', not one of bf16, fp8, fp4, int4 and unstated", precision));
  }
  if (precision == "fp8" || precision == "fp4") d.formats.kv_cache = "fp8";
  for (const CheckpointRule& rule : kCheckpoints) {
    if (rule.model != d.model || rule.label != label) continue;
    d.formats.attention = word_or(rule.attention, d.formats.attention);
    d.formats.linear = word_or(rule.linear, d.formats.linear);
    d.formats.experts = word_or(rule.experts, d.formats.experts);
  }
  if (d.formats.experts == "mxfp4") {
    d.formats.experts = chip->generation == "blackwell" ? "w4a8_mxfp4_mxfp8" : "w4a16_mxfp4";
  }
  for (const std::string& format : {d.formats.attention, d.formats.linear, d.formats.experts}) {
    const auto operands = operand_formats(format);
    if (!operands) fail(fmt::format("'{}' is not a number format", format));
    if (operands && operands->weights == Precision::compressed) {
      fail("compressed weights have no measured kernels; `orrery run` and `orrery explain` simulate them");
    }
  }

  d.input_tokens = count("isl_tokens", 0);
  d.output_tokens = count("osl_tokens", 0);
  d.concurrency = count("concurrency_requests", 0);
  d.chips = count("gpus_total", 0);
  const std::string_view source = cell(row, "source");
  d.shortest_share = source == "db" || source == "m03" || source == "m04" ? kUsualShortestShare : 1;
  const std::string_view mode = cell(row, "mode");
  if (!mode.empty() && mode != "agg" && mode != "disagg")
    fail(fmt::format("mode is '{}', neither agg nor disagg", mode));
  d.disaggregated = mode == "disagg";
  if (d.disaggregated) {
    d.prefill = layout("prefill_");
    d.engine = layout("decode_");
    d.prefill_engines = count("prefill_workers", 0);
    d.engines = count("decode_workers", 0);
  } else {
    d.engine = layout("");
    if (d.engine.pipeline > 1)
      fail(fmt::format("pp is {:g}: pipeline parallelism is not estimated", d.engine.pipeline));
    d.engines = std::max(1.0, std::floor(d.chips / d.engine.chips()));
    if (d.engine.chips() > d.chips) {
      fail(fmt::format("an engine of {} chips does not fit {} of them", d.engine.chips(), d.chips));
    }
  }
  if (!problem.empty()) return failure(problem);

  const auto optional = [&](std::string_view column) -> std::optional<double> {
    const auto number = parse_number(cell(row, column));
    if (!number || *number <= 0) return std::nullopt;
    return *number;
  };
  result.ttft_ms = optional("ttft_ms");
  result.tpot_ms = optional("tpot_ms");
  const auto flag = [&](std::string_view column, std::string_view good) {
    const std::string_view text = cell(row, column);
    return text.empty() || text == good;
  };
  result.scoreable = flag("config_complete", "1") && flag("spec_decode_suspect", "0") && flag("outlier", "0") &&
                     result.ttft_ms && result.tpot_ms;
  const auto text_of = [](const ParallelLayout& l) {
    return fmt::format("{}/{}/{}/{}/{}", l.tensor, l.pipeline, l.attention_data, l.moe_tensor, l.moe_expert);
  };
  result.key = hash_of(fmt::format("{} {} {} {} {} {} {} {} {}", d.chip, d.framework, d.model, label, d.formats.experts,
                                   d.disaggregated, text_of(d.engine), text_of(d.prefill), d.chips));
  return result;
}

}  // namespace orrery
