#include "orrery/estimate/estimator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"
#include "orrery/calibration/closed_form.h"
#include "orrery/model/memory_footprint.h"
#include "orrery/model/model_shape.h"
#include "orrery/operators/operand_formats.h"
#include "orrery/scenario/read_predictor.h"

namespace orrery {
namespace {

constexpr double kMicrosecond = 1e-6;
constexpr double kMillisecond = 1e3;   // in microseconds
constexpr double kMemoryShare = 0.95;  // of a chip's memory that an engine may be told to take
constexpr double kWorkspace = 2e9;     // bytes of context, graphs and activations; assumed
constexpr std::uint64_t kSeed = 1;

template <class Record>
std::optional<std::string> id_of(const std::map<std::string, Record, std::less<>>& records, std::string_view name) {
  for (const auto& [id, record] : records) {
    if (id == name) return id;
    if (std::find(record.aliases.begin(), record.aliases.end(), name) != record.aliases.end()) return id;
  }
  return std::nullopt;
}

template <class Record>
std::string hint_of(const std::map<std::string, Record, std::less<>>& records, std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [id, record] : records) {
    names.push_back(id);
    names.insert(names.end(), record.aliases.begin(), record.aliases.end());
  }
  const std::string nearest = did_you_mean(std::string(name), names);
  return nearest.empty() ? "" : fmt::format(" ({})", nearest);
}

template <class Record>
std::map<std::string, Record, std::less<>> read_all(const Catalog& catalog, std::string_view kind,
                                                    Diagnostics& diagnostics) {
  std::map<std::string, Record, std::less<>> records;
  for (const std::string& id : catalog.ids(kind)) {
    auto entry = catalog.load<Record>(AnyReference{id, {}}, diagnostics);
    if (entry) records.emplace(id, std::move(entry->record));
  }
  return records;
}

double format_bytes(std::string_view dtype) {
  const auto formats = operand_formats(dtype);
  ORRERY_CHECK(formats.has_value());
  return bytes_per_element(formats->weights);
}

/// Weights of one chip of a layout: experts over theirs, everything else over the tensor-parallel group.
double weights_per_chip(const ModelRecord& model, const DeploymentFormats& formats, const ParallelLayout& layout) {
  double routed = 0;
  if (model.experts) {
    routed = layer_counts(model).experts * static_cast<double>(model.experts->count) * 3 *
             static_cast<double>(model.hidden_size) * static_cast<double>(model.experts->intermediate_size);
  }
  const double others = parameter_count(model) - routed;
  return (others * format_bytes(formats.attention) / layout.tensor +
          routed * format_bytes(formats.experts) / (layout.moe_tensor * layout.moe_expert)) /
         layout.pipeline;
}

Result<void> check_layout(const ModelRecord& model, const ParallelLayout& layout) {
  const auto heads = static_cast<double>(model.query_heads);
  if (std::fmod(heads, layout.tensor) != 0) {
    return failure(
        fmt::format("{} query heads of {} do not divide among {} chips", heads, model.header.id, layout.tensor));
  }
  if (!model.experts) return {};
  const auto experts = static_cast<double>(model.experts->count);
  if (layout.moe_expert > experts) {
    return failure(
        fmt::format("{} experts of {} cannot be spread over {} chips", experts, model.header.id, layout.moe_expert));
  }
  return {};
}

/// Tokens of KV cache of one rank. Fails where the weights leave no room for one request.
Result<double> cache_tokens(const Chip& chip, const ModelRecord& model, const DeploymentFormats& formats,
                            const ParallelLayout& layout, double longest) {
  const double memory = kMemoryShare * chip.usable_memory().si();
  const double weights = weights_per_chip(model, formats, layout);
  if (weights > memory) {
    return failure(fmt::format("does not fit: {} of weights on each {} of {}", to_text(Bytes(weights), 3), chip.id(),
                               to_text(chip.usable_memory(), 3)));
  }
  ElementBytes bytes;
  bytes.kv_cache = format_bytes(formats.kv_cache);
  const double per_token =
      kv_bytes_per_token(model, bytes, static_cast<std::int64_t>(layout.tensor)).si() / layout.pipeline;
  const double tokens = std::max(0.0, memory - weights - kWorkspace) / per_token;
  if (tokens < longest) {
    return failure(
        fmt::format("does not fit: beside {} of weights each {} has room for {:.0f} tokens of KV cache, and a "
                    "request holds {:.0f}",
                    to_text(Bytes(weights), 3), chip.id(), tokens, longest));
  }
  return tokens;
}

/// Prompts computed by engines of their own: a closed network of two stations.
/// Source: mean value analysis with Schweitzer's approximation; every prefill rank serves prompts one after the other.
MeanTimes disaggregated_times(const PreparedDeployment& prepared, const FrameworkTimes& framework) {
  constexpr int kIterations = 200;
  constexpr double kFirstRound = 0.05;  // a tenth of the requests start together and wait for half of the others
  const RankSteps decode = framework.on(prepared.steps, *prepared.model);
  const RankSteps prefill = framework.on(prepared.prefill_steps, *prepared.model);
  const double mean_share = (1 + prepared.loop.shortest_share) / 2;
  const double input = mean_share * prepared.loop.input_tokens;
  const double output = std::max(1.0, mean_share * prepared.loop.output_tokens);
  const double service = prefill.step(0, 0, 1, input);
  const double users = prepared.concurrency;
  const double servers = prepared.prefill_ranks;
  double waiting = 0;
  double response = service;
  double step = 0;
  for (int i = 0; i < kIterations; ++i) {
    const double decoding = std::max(users - waiting, 1.0) / prepared.ranks;
    step = decode.step(std::max(1.0, decoding), decoding * (input + output / 2), 0, 0);
    response = service * std::max(1.0, 1 + (waiting * (users - 1) / users - servers) / servers);
    waiting = 0.5 * waiting + 0.5 * users * response / (response + output * step);
  }
  const double first_round = kFirstRound * users * service / servers;
  return {(response + first_round + framework.request_latency() + users * framework.user_latency()) / kMillisecond,
          step / kMillisecond};
}

}  // namespace

FrameworkTimes framework_times(const FrameworkRecord& framework) {
  const auto us = [](const Sourced<Seconds>& time) { return time.value.si() / kMicrosecond; };
  FrameworkTimes times;
  times.values = {us(framework.step_overhead),         us(framework.layer_overhead),  us(framework.sequence_overhead),
                  us(framework.prompt_token_overhead), framework.prompt_factor.value, us(framework.request_latency),
                  us(framework.user_latency)};
  times.prompts_pause_decoding = framework.prompts_pause_decoding.value;
  return times;
}

ServingEstimator ServingEstimator::read(const Catalog& catalog, const ChipTable& chips, std::string without_chip,
                                        Diagnostics& diagnostics) {
  ServingEstimator estimator(chips);
  estimator.predictor_ = std::make_unique<Predictor>(read_predictor(catalog, std::move(without_chip), diagnostics));
  estimator.models_ = read_all<ModelRecord>(catalog, ModelKind::kName, diagnostics);
  estimator.frameworks_ = read_all<FrameworkRecord>(catalog, FrameworkKind::kName, diagnostics);
  return estimator;
}

ServingEstimator& EstimatorsWithout::chip(const std::string& id) {
  const auto known = by_chip_.find(id);
  if (known != by_chip_.end()) return known->second;
  return by_chip_.emplace(id, ServingEstimator::read(catalog_, chips_, id, diagnostics_)).first->second;
}

std::optional<std::string> ServingEstimator::model_id(std::string_view name) const { return id_of(models_, name); }
std::optional<std::string> ServingEstimator::framework_id(std::string_view name) const {
  return id_of(frameworks_, name);
}
std::string ServingEstimator::model_hint(std::string_view name) const { return hint_of(models_, name); }
std::string ServingEstimator::framework_hint(std::string_view name) const { return hint_of(frameworks_, name); }

Result<PreparedDeployment> ServingEstimator::prepare(const Deployment& d) {
  const ChipFacts* facts = chips_.find(d.chip);
  ORRERY_CHECK(facts != nullptr);
  const Chip* chip = chips_.chip(*facts);
  if (chip == nullptr) return failure(fmt::format("the family of {} cannot be read", d.chip));
  const ModelRecord& model = models_.at(d.model);
  if (auto good = check_layout(model, d.engine); !good) return failure(good.error());
  const auto cache = cache_tokens(*chip, model, d.formats, d.engine, d.input_tokens + d.output_tokens);
  if (!cache) return failure(cache.error());
  OperatorTimes& times = times_.try_emplace(d.chip, *chip, *facts, *predictor_).first->second;
  times.start();

  PreparedDeployment prepared;
  prepared.model = &model;
  prepared.ranks = d.engines * d.engine.attention_data;
  prepared.concurrency = d.concurrency;
  const double mean_share = (1 + d.shortest_share) / 2;
  OperatingPoint point;
  point.sequences = std::max(1.0, d.concurrency / prepared.ranks);
  point.context = mean_share * (d.input_tokens + d.output_tokens / 2);
  point.prompt_tokens = std::max(1.0, mean_share * d.input_tokens);
  prepared.steps = rank_steps(model, d.formats, d.engine, point, times);
  prepared.loop.users = static_cast<std::int64_t>(std::llround(point.sequences));
  prepared.loop.input_tokens = d.input_tokens;
  prepared.loop.output_tokens = d.output_tokens;
  prepared.loop.shortest_share = d.shortest_share;
  prepared.loop.cache_tokens = *cache;
  if (d.disaggregated) {
    if (auto good = check_layout(model, d.prefill); !good) return failure(good.error());
    prepared.prefill_steps = rank_steps(model, d.formats, d.prefill, point, times);
    prepared.prefill_ranks = d.prefill_engines * d.prefill.attention_data;
  }
  if (!times.problem().empty()) return failure(times.problem());
  prepared.basis = times.basis();
  return prepared;
}

MeanTimes mean_times(const PreparedDeployment& prepared, const FrameworkTimes& framework) {
  if (prepared.prefill_ranks > 0) return disaggregated_times(prepared, framework);
  ClosedLoop loop = prepared.loop;
  loop.prompts_pause_decoding = framework.prompts_pause_decoding;
  const LoopTimes times = run_closed_loop(framework.on(prepared.steps, *prepared.model), loop, kSeed);
  return {
      (times.ttft_us + framework.request_latency() + prepared.concurrency * framework.user_latency()) / kMillisecond,
      times.tpot_us / kMillisecond};
}

Result<ServingEstimate> ServingEstimator::estimate(const Deployment& deployment) {
  const auto prepared = prepare(deployment);
  if (!prepared) return failure(prepared.error());
  const FrameworkRecord& record = frameworks_.at(deployment.framework);
  const MeanTimes times = mean_times(*prepared, framework_times(record));
  const EstimateBand& band = prepared->basis == Basis::fitted ? record.measured_chip : record.other_chip;
  ServingEstimate estimate;
  estimate.ttft_ms = times.ttft_ms;
  estimate.ttft_low_ms = band.ttft_low * times.ttft_ms;
  estimate.ttft_high_ms = band.ttft_high * times.ttft_ms;
  estimate.tpot_ms = times.tpot_ms;
  estimate.tpot_low_ms = band.tpot_low * times.tpot_ms;
  estimate.tpot_high_ms = band.tpot_high * times.tpot_ms;
  estimate.basis = prepared->basis;
  return estimate;
}

}  // namespace orrery
