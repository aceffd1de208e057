#include "orrery/model/step_cost_builder.h"

#include <fmt/format.h>

#include <cmath>

#include "orrery/model/captured_batch.h"
#include "orrery/model/decode_lines.h"
#include "orrery/model/step_kernels.h"

namespace orrery {
namespace {

constexpr double kPicosecondsPerSecond = 1e12;

double to_ps(Seconds time) { return time.si() * kPicosecondsPerSecond; }
std::int64_t to_whole_ps(Seconds time) { return std::llround(to_ps(time)); }

StepWork work_of(const KernelCost& cost) {
  return {cost.flops.si(), cost.memory_bytes.si(), cost.link_bytes.si(), cost.dynamic_energy.si()};
}

StepCost::ChunkAttention chunk_attention(const ContextAttentionCost& cost, double layers, std::int64_t window_tokens) {
  StepCost::ChunkAttention chunk;
  chunk.tile_ps = layers * to_ps(cost.tile.time);
  chunk.tile_row_ps = layers * to_ps(cost.tile_row_time);
  chunk.token_ps = layers * to_ps(cost.per_token.time);
  chunk.context_ps = layers * to_ps(cost.per_cached_token.time);
  chunk.window_tokens = window_tokens;
  chunk.tile_work = layers * work_of(cost.tile);
  chunk.token_work = layers * work_of(cost.per_token);
  chunk.context_work = layers * work_of(cost.per_cached_token);
  return chunk;
}

/// Decoding sequences by the closed forms: layers that the calibrated ones do not speak of.
void fill_linear_decode(const StepKernels& kernels, const DecodeLines& lines, StepCost& cost) {
  const LayerCounts& layers = kernels.layers();
  const DecodeAttentionCost& decode = kernels.decode_attention();
  const DecodeAttentionCost& indexer = kernels.decode_indexer();
  const DecodeAttentionCost& state = kernels.state_update();
  const double full = lines.has_full_layers() ? 0 : layers.full;
  const double windowed = lines.has_window_layers() ? 0 : layers.windowed;
  const auto sum = [&](double cached, auto part) {
    return cached * decode.*part + layers.indexed * indexer.*part + layers.linear * state.*part;
  };
  cost.decode_fixed_ps = to_whole_ps(sum(full + windowed, &DecodeAttentionCost::fixed).time);
  cost.decode_sequence_ps = to_whole_ps(sum(full + windowed, &DecodeAttentionCost::per_sequence).time);
  cost.context_token_ps =
      to_whole_ps(full * decode.per_context_token.time + layers.indexed * indexer.per_context_token.time);
  cost.window_token_ps = to_whole_ps(windowed * decode.per_context_token.time);
  cost.decode_launch_ps = to_whole_ps(sum(layers.cached(), &DecodeAttentionCost::fixed).time);
  cost.decode_sequence_work = work_of(sum(layers.cached(), &DecodeAttentionCost::per_sequence));
  cost.context_token_work =
      work_of(layers.full * decode.per_context_token + layers.indexed * indexer.per_context_token);
  cost.window_token_work = work_of(layers.windowed * decode.per_context_token);
}

void fill_lines(const DecodeLines& lines, std::int64_t most_sequences, StepCost& cost) {
  cost.octaves = lines.octaves();
  if (lines.has_full_layers()) {
    cost.lines.resize(static_cast<std::size_t>(cost.octaves));  // of no sequences
    const std::vector<StepCost::DecodeLine> full = lines.full_layers(1, most_sequences);
    cost.lines.insert(cost.lines.end(), full.begin(), full.end());
  }
  if (lines.has_window_layers()) {
    cost.window_lines.resize(1);
    for (std::int64_t n = 1; n <= most_sequences; ++n) {
      cost.window_lines.push_back(lines.window_layers(n, cost.window_tokens));
    }
  }
}

void fill_prompts(const StepKernels& kernels, StepCost& cost) {
  const LayerCounts& layers = kernels.layers();
  const ContextAttentionCost& context = kernels.context_attention();
  const ContextAttentionCost& context_indexer = kernels.context_indexer();
  cost.prefill_fixed_ps =
      to_whole_ps(layers.cached() * context.fixed.time + layers.indexed * context_indexer.fixed.time +
                  layers.linear * kernels.state_update().fixed.time);
  cost.full_layers = layers.indexed > 0 ? chunk_attention(context_indexer, layers.indexed, 0)
                                        : chunk_attention(context, layers.full, 0);
  cost.window_layers = chunk_attention(context, layers.windowed, cost.window_tokens);
  // Tokens of a chunk read and write the state as they do their own keys: in proportion to their number.
  const KernelCost state_token = layers.linear * kernels.state_prompt_token();
  cost.full_layers.token_ps += to_ps(state_token.time);
  cost.full_layers.token_work += work_of(state_token);
}

/// The attention of steps of up to `most_sequences` decoding ones.
StepCost attention_cost(const StepCostRequest& request, const StepKernels& kernels, std::int64_t most_sequences) {
  const DecodeLines lines(kernels, request.model.context_limit);
  StepCost cost;
  cost.window_tokens = window_tokens(request.model);
  fill_linear_decode(kernels, lines, cost);
  fill_lines(lines, most_sequences, cost);
  fill_prompts(kernels, cost);
  return cost;
}

Seconds host_time(const EngineOverheads& engine, double sequences) {
  return engine.step_overhead + sequences * engine.request_overhead;
}

/// What a step of so many tokens computes: captured sizes, and above kExactTokens whole tiles of rows.
constexpr std::int64_t kExactTokens = 512;
constexpr std::int64_t kRowsOfTile = 16;  // of the smallest matrix instruction
std::int64_t padded(const StepCostRequest& request, std::int64_t tokens) {
  const std::int64_t largest =
      largest_captured(request.engine.largest_captured_batch, request.max_sequences, request.max_batched_tokens);
  const std::int64_t padded = padded_tokens(tokens, largest);
  return padded <= kExactTokens ? padded : (padded + kRowsOfTile - 1) / kRowsOfTile * kRowsOfTile;
}

}  // namespace

Result<void> check_precision(const Chip& chip, const ModelRecord& model, const ModelPrecision& precision) {
  if (auto supported = chip.supports(precision.weights, precision.activations); !supported) return supported;
  if (model.experts) {
    if (auto supported = chip.supports(precision.experts, precision.activations); !supported) return supported;
  }
  if (auto supported = chip.supports_kv_cache(precision.kv_cache); !supported) return supported;
  if (model.latent_attention) return chip.supports_latent_attention();
  return {};
}

StepCost build_step_cost(const StepCostRequest& request) {
  const StepKernels kernels(request);
  StepCost cost = attention_cost(request, kernels, request.max_sequences);

  const auto sum_into = [](KernelCost& sum) {
    return [&sum](KernelKind, double repeats, const KernelCost& kernel) { sum += repeats * kernel; };
  };
  cost.tokens_ps.assign(static_cast<std::size_t>(request.max_batched_tokens) + 1, 0);
  cost.tokens_work.resize(cost.tokens_ps.size());
  std::int64_t last_size = 0;
  KernelCost last_sum;
  for (std::int64_t tokens = 1; tokens <= request.max_batched_tokens; ++tokens) {
    const std::int64_t size = padded(request, tokens);
    if (size != last_size) {
      last_size = size;
      last_sum = {};
      kernels.for_each_token_kernel(static_cast<double>(size), sum_into(last_sum));
    }
    cost.tokens_ps[static_cast<std::size_t>(tokens)] = to_whole_ps(last_sum.time);
    cost.tokens_work[static_cast<std::size_t>(tokens)] = work_of(last_sum);
  }
  cost.sequences_ps.assign(static_cast<std::size_t>(request.max_sequences) + 1, 0);
  cost.sequences_work.resize(cost.sequences_ps.size());
  for (std::int64_t n = 1; n <= request.max_sequences; ++n) {
    const auto sequences = static_cast<double>(n);
    KernelCost sum;
    kernels.for_each_sequence_kernel(sequences, sum_into(sum));
    cost.sequences_ps[static_cast<std::size_t>(n)] = to_whole_ps(sum.time + host_time(request.engine, sequences));
    cost.sequences_work[static_cast<std::size_t>(n)] = work_of(sum);
  }
  return cost;
}

namespace {

template <class Sink>
void add_decode_parts(const StepCostRequest& request, const StepKernels& kernels, const StepLoad& load, Sink&& sink) {
  const DecodeLines lines(kernels, request.model.context_limit);
  const LayerCounts& layers = kernels.layers();
  const DecodeAttentionCost& decode = kernels.decode_attention();
  const auto decoding = static_cast<double>(load.decoding);
  const auto add = [&](double repeats, std::int64_t tokens, const std::optional<StepCost::DecodeLine>& line) {
    KernelCost cost = repeats * decode.at(decoding, static_cast<double>(tokens));
    if (line) cost.time = Seconds(static_cast<double>(line->at(tokens)) / kPicosecondsPerSecond);
    if (repeats > 0) sink(KernelKind::decode_attention, 1, cost);
  };
  std::optional<StepCost::DecodeLine> full;
  if (lines.has_full_layers()) {
    StepCost octaves;
    octaves.octaves = lines.octaves();
    full = lines.full_layers(
        load.decoding, load.decoding)[static_cast<std::size_t>(octaves.octave_of(load.decoding, load.context_tokens))];
  }
  std::optional<StepCost::DecodeLine> windowed;
  if (lines.has_window_layers()) windowed = lines.window_layers(load.decoding, window_tokens(request.model));
  add(layers.full, load.context_tokens, full);
  add(layers.windowed, load.window_tokens, windowed);
  sink(KernelKind::linear_attention, layers.linear, kernels.state_update().at(decoding, 0));
  sink(KernelKind::indexer, layers.indexed,
       kernels.decode_indexer().at(decoding, static_cast<double>(load.context_tokens)));
}

}  // namespace

std::vector<StepPart> explain_step(const StepCostRequest& request, const StepLoad& load) {
  const StepKernels kernels(request);
  std::vector<StepPart> parts;
  for (const auto& row : EnumNames<KernelKind>::kRows) parts.push_back({row.value, {}});
  const auto sink = [&](KernelKind kind, double repeats, const KernelCost& kernel) {
    parts[static_cast<std::size_t>(kind)].cost += repeats * kernel;
  };
  kernels.for_each_token_kernel(static_cast<double>(padded(request, load.tokens)), sink);
  if (load.sequences > 0) {
    const auto sequences = static_cast<double>(load.sequences);
    kernels.for_each_sequence_kernel(sequences, sink);
    KernelCost host;
    host.time = host_time(request.engine, sequences);
    sink(KernelKind::host, 1, host);
  }
  if (load.decoding > 0) add_decode_parts(request, kernels, load, sink);
  if (!load.chunks.empty()) {
    const StepCost attention = attention_cost(request, kernels, /*most_sequences=*/0);
    StepCost::PrefillLoad prefill;
    for (const auto& [cached, tokens] : load.chunks) attention.add_chunk(prefill, cached, tokens);
    const StepWork work = attention.prefill_work(prefill);
    KernelCost cost;
    cost.time =
        Seconds(static_cast<double>(attention.prefill_fixed_of(load.decoding) + attention.prefill_ps(prefill)) * 1e-12);
    cost.flops = Flops(work.flops);
    cost.memory_bytes = Bytes(work.memory_bytes);
    cost.dynamic_energy = Joules(work.dynamic_joules);
    sink(KernelKind::prefill_attention, 1, cost);
  }
  std::erase_if(parts, [](const StepPart& part) { return part.cost.time == Seconds(0); });
  return parts;
}

}  // namespace orrery
