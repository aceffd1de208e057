#include "orrery/scenario/compile_pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "orrery/base/nearest_name.h"
#include "orrery/chip/chip.h"
#include "orrery/chip/family_record.h"
#include "orrery/model/adapter_cost.h"
#include "orrery/model/hugging_face.h"
#include "orrery/model/memory_footprint.h"
#include "orrery/model/step_cost_builder.h"
#include "orrery/scenario/chip_memory.h"
#include "orrery/scenario/compile_speculation.h"

namespace orrery {
namespace {

/// Layers of the stage with most of them.
double stage_share(const SystemPool& pool) {
  const auto layers = static_cast<double>(pool.model.layers);
  return std::ceil(layers / static_cast<double>(pool.layout.pipeline)) / layers;
}

/// A pool under compilation: what is known so far, and where to report.
class PoolCompiler {
 public:
  PoolCompiler(const Named<PoolRecord>& named, const Node& node, const std::string& folder, const Catalog& catalog,
               AchievableShareCache& shares, std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics)
      : record_(named.value),
        node_(node),
        folder_(folder),
        catalog_(catalog),
        shares_(shares),
        provenance_(provenance),
        diagnostics_(diagnostics) {
    pool_.name = named.name;
    pool_.record = named.value;
  }

  std::optional<SystemPool> compile() {
    const std::size_t errors_before = diagnostics_.error_count();
    const bool loaded = load_entries();
    check_routing();
    check_ownership();
    if (!loaded || diagnostics_.error_count() > errors_before) return std::nullopt;

    const Chip chip = compiled_chip(pool_);
    pool_.precision = {record_.precision.weights, record_.precision.experts.value_or(record_.precision.weights),
                       record_.precision.activations, record_.precision.kv_cache};
    lay_out();
    if (const auto good = check_precision(chip, pool_.model, pool_.precision); !good) {
      report("unsupported-precision", "precision", good.error());
    }
    resolve_limits();
    join_pool();
    if (diagnostics_.error_count() > errors_before) return std::nullopt;
    if (record_.engine_settings && record_.engine_settings->speculation) {
      const Node& speculation = *node_.find("engine_settings")->find("speculation");
      pool_.speculation = load_speculation(pool_, chip, speculation, catalog_, provenance_, diagnostics_);
      if (!pool_.speculation) return std::nullopt;
    }
    if (const auto good = check_lora(); !good) report("invalid-adapters", "engine_settings.lora", good.error());
    plan_memory(chip);
    if (diagnostics_.error_count() > errors_before) return std::nullopt;
    pool_.dense_peak = chip.dense_peak(*math_precision(pool_.precision.weights, pool_.precision.activations))->si();
    pool_.overheads = {engine_->largest_captured_batch.value, engine_->step_overhead.value,
                       engine_->request_overhead.value, engine_->hidden_transfers.value};
    calibrate();
    check_expert_skew();
    pool_.cost = build_step_cost(step_request(pool_, chip));
    if (pool_.speculation) price_speculation(pool_, chip);
    if (const LoraRecord* lora = lora_of(record_); lora != nullptr) {
      pool_.adapters = build_adapter_cost(chip, pool_.model, lora->rank, pool_.layout.tensor);
    }
    return std::move(pool_);
  }

 private:
  static const LoraRecord* lora_of(const PoolRecord& record) {
    return record.engine_settings && record.engine_settings->lora ? &*record.engine_settings->lora : nullptr;
  }
  Result<void> check_lora() const {
    if (lora_of(record_) == nullptr) return {};
    if (pool_.layout.lanes() > 1) return failure("adapters are simulated on engines without stages and groups only");
    return check_adapters(pool_.model);
  }

  /// Of the value at a path of keys, or of the last part of the path that is there.
  const Place& place_of(std::string_view path) const {
    const Node* node = &node_;
    for (std::size_t begin = 0; begin < path.size();) {
      const std::size_t end = std::min(path.find('.', begin), path.size());
      const Node* below = node->find(path.substr(begin, end - begin));
      if (below == nullptr) break;
      node = below;
      begin = end + 1;
    }
    return node->place;
  }
  void report(std::string_view code, std::string_view key, std::string message, std::string hint = {}) {
    diagnostics_.error(code, place_of(key), std::move(message), std::move(hint));
  }

  template <class R>
  std::optional<R> load(const AnyReference& reference) {
    auto entry = catalog_.load<R>(reference, diagnostics_);
    if (!entry) return std::nullopt;
    add_provenance(provenance_, entry->provenance);
    return std::move(entry->record);
  }

  std::optional<ModelRecord> load_model() {
    if (!record_.model.id.ends_with(".json")) return load<ModelRecord>(record_.model);
    const std::string path = (std::filesystem::path(folder_) / record_.model.id).string();
    if (std::error_code error; !std::filesystem::exists(path, error)) {
      report("unreadable-file", "model", fmt::format("there is no file '{}'", path));
      return std::nullopt;
    }
    const auto node = parse_yaml_file(path, diagnostics_);
    if (!node) return std::nullopt;
    auto model = read_hugging_face_config(*node, record_.model.id, diagnostics_);
    if (model) check_physics(*model, diagnostics_);
    return model;
  }

  bool load_entries() {
    auto site = load<SiteRecord>(record_.site);
    auto server = load<ServerRecord>(record_.server);
    auto chip = server ? load<ChipRecord>(record_.chip.value_or(server->chip)) : std::nullopt;
    auto family = chip ? load<FamilyRecord>(chip->family) : std::nullopt;
    auto model = load_model();
    engine_ = load<EngineRecord>(record_.engine);
    if (!site || !server || !chip || !family || !model || !engine_) return false;
    pool_.site = std::move(*site);
    pool_.server = std::move(*server);
    pool_.chip = std::move(*chip);
    pool_.family = std::move(*family);
    pool_.model = std::move(*model);
    return attach_memory();
  }

  /// What the chip's memory gives, from its command-level view.
  bool attach_memory() {
    if (!pool_.chip.memory.part) return true;
    const auto memory = load_chip_memory(pool_.chip, catalog_, diagnostics_);
    if (!memory) return false;
    add_provenance(provenance_, memory->provenance);
    pool_.memory_shares = shares_.of(memory->device, memory->units);
    return true;
  }

  void check_routing() {
    pool_.routing = find_routing_policy(record_.routing);
    if (pool_.routing != nullptr) return;
    std::vector<std::string> names;
    for (const RoutingPolicy& policy : routing_policies()) names.emplace_back(policy.name);
    report("unknown-name", "routing",
           fmt::format("'{}' is not a routing policy: {}", record_.routing, fmt::join(names, ", ")),
           did_you_mean(record_.routing, names));
  }

  void check_ownership() {
    const bool owned = record_.ownership == Ownership::owned;
    if (owned && !record_.lifetime) {
      report("missing-key", "ownership", "'lifetime' is missing for servers that are owned",
             "lifetime: over how long the capital price is spread, as in 4 years");
    }
    if (!owned && record_.lifetime) {
      report("impossible-physics", "lifetime", "servers that are rented have no lifetime",
             "remove it, or write ownership: owned");
    }
  }

  void lay_out() {
    pool_.layout = layout_of(record_);
    check_pool_layout(record_, pool_.server, pool_.model,
                      [&](std::string_view code, std::string_view key, std::string message, std::string hint) {
                        report(code, key, std::move(message), std::move(hint));
                      });
    pool_.chips = record_.servers * pool_.server.chips.value;
    pool_.replicas = pool_.chips / pool_.layout.chips() * pool_.layout.lanes();
    constexpr std::int64_t kMostReplicas = UINT16_MAX;
    if (pool_.replicas > kMostReplicas) {
      report("out-of-range", "servers",
             fmt::format("{} replicas in one pool; at most {} are simulated", pool_.replicas, kMostReplicas));
    }
  }

  std::optional<LinkRecord> load_link(const std::optional<Reference<LinkKind>>& reference, LinkReach reach) {
    if (!reference) return std::nullopt;
    auto link = load<LinkRecord>(*reference);
    if (!link || link->reach == reach) return link;
    const bool is_network = reach == LinkReach::network;
    diagnostics_.error(
        "impossible-physics", reference->place,
        fmt::format("{} joins {}", link->header.id,
                    is_network ? "the chips of one server, not servers" : "servers, not the chips of one"),
        is_network ? "choose a link of reach network" : "choose a link of reach node");
    return std::nullopt;
  }

  void join_pool() {
    const bool talks = pool_.layout.chips() > 1;
    const auto link = load_link(talks ? pool_.server.link : std::nullopt, LinkReach::node);
    const auto network = load_link(record_.network, LinkReach::network);
    pool_.links = join_chips(pool_.layout, pool_.server, link, network);
  }

  /// Kernel times that were measured on the chip, or on one of the same compute units.
  void calibrate() {
    std::string measured = pool_.chip.header.id;
    if (!catalog_.contains(CalibrationKind::kName, measured)) {
      if (!pool_.chip.kernels_of) return;
      measured = pool_.chip.kernels_of->id;
    }
    auto entry = catalog_.load<CalibrationRecord>(AnyReference{measured, place_of("server")}, diagnostics_);
    if (!entry) return;
    add_provenance(provenance_, entry->provenance);
    pool_.times.emplace(chip_facts(pool_.chip, pool_.memory_shares), entry->record);
  }

  void check_expert_skew() {
    if (!record_.expert_skew) return;
    if (!pool_.model.experts) {
      report("impossible-physics", "expert_skew", fmt::format("{} has no experts", pool_.model.header.id), "remove it");
    } else if (ExpertsShape shape{.tokens = 1,
                                  .hidden_size = 1,
                                  .intermediate_size = 1,
                                  .count = 1,
                                  .per_token = 1,
                                  .weights = pool_.precision.experts,
                                  .activations = pool_.precision.activations};
               !pool_.times || !pool_.times->experts(shape, *record_.expert_skew)) {
      report("impossible-physics", "expert_skew",
             fmt::format("experts in these formats were not measured on {}, and its closed form lets tokens choose at "
                         "random",
                         pool_.chip.header.id),
             "remove it");
    }
  }

  void resolve_limits() {
    const EngineSettings settings = record_.engine_settings.value_or(EngineSettings{});
    const auto& small = engine_->small_chips;
    const bool is_small = small && pool_.chip.memory.capacity.value < small->below_memory.value;
    EngineLimits& limits = pool_.limits;
    limits.max_sequences =
        settings.max_num_seqs.value_or(is_small ? small->max_num_seqs.value : engine_->max_num_seqs.value);
    limits.max_sequences = std::max<std::int64_t>(1, limits.max_sequences / pool_.layout.pipeline);
    limits.max_batched_tokens = settings.max_num_batched_tokens.value_or(
        is_small ? small->max_num_batched_tokens.value : engine_->max_num_batched_tokens.value);
    limits.block_size = engine_->block_size.value;
    limits.reserve_full_prompt = !engine_->reserve_full_prompt || engine_->reserve_full_prompt->value;
    limits.chunked_prefill = settings.chunked_prefill.value_or(engine_->chunked_prefill.value);
    limits.rules = find_batch_policy(engine_->policy)->rules;
    limits.prefix_caching = settings.prefix_caching.value_or(engine_->prefix_caching.value);
    limits.async_scheduling = settings.async_scheduling.value_or(engine_->async_scheduling.value);
    limits.long_prefill_token_threshold =
        settings.long_prefill_token_threshold.value_or(engine_->long_prefill_token_threshold.value);
    limits.by_priority = settings.scheduling == Scheduling::priority;
    if (settings.lora) limits.max_adapters = settings.lora->max_loras;
    if (settings.speculation) limits.draft_tokens = settings.speculation->tokens;
    limits.context_limit = settings.max_model_len.value_or(pool_.model.context_limit);
    if (limits.context_limit > pool_.model.context_limit) {
      report("out-of-range", "engine_settings.max_model_len",
             fmt::format("max_model_len {} is longer than the model's context of {}", limits.context_limit,
                         pool_.model.context_limit));
    }
    check_policy(limits);
    if (limits.by_priority) check_priorities(limits);
    if (limits.max_batched_tokens < limits.max_sequences) {
      report("impossible-physics", "engine_settings.max_num_batched_tokens",
             fmt::format(
                 "max_num_batched_tokens {} is less than max_num_seqs {}: a step could not give every request a token",
                 limits.max_batched_tokens, limits.max_sequences));
    }
  }

  /// What the batching policy leaves no room for.
  void check_policy(const EngineLimits& limits) {
    const std::string& policy = engine_->policy;
    if (limits.rules.whole_batches && (limits.chunked_prefill || limits.long_prefill_token_threshold > 0)) {
      report("impossible-physics", "engine_settings",
             fmt::format("the requests of a batch of policy {} begin in one step: their prompts are not cut", policy),
             "chunked_prefill: false, and no long_prefill_token_threshold");
    }
    const bool takes_back = limits.rules.reservation != Reservation::answer;
    if (!limits.chunked_prefill && takes_back && limits.max_batched_tokens < limits.context_limit) {
      report(
          "impossible-physics", "engine_settings",
          fmt::format("a prompt, or what was lost by a preemption, must fit one step without chunked_prefill, and {} "
                      "tokens of a step are fewer than a context of {}",
                      limits.max_batched_tokens, limits.context_limit),
          "raise max_num_batched_tokens to max_model_len, lower that, or allow chunked_prefill");
    }
    if (limits.rules.reservation == Reservation::by_setting) return;
    std::string_view what;
    if (record_.prefilled_by) what = "prompts from another pool";
    if (pool_.layout.lanes() > 1) what = "data_parallel";
    if (limits.max_adapters > 0) what = "adapters";
    if (limits.draft_tokens > 0) what = "speculation";
    if (what.empty()) return;
    report("impossible-physics", "engine",
           fmt::format("{} is simulated with engines of policy vllm-v1 only, and this one has {}", what, policy));
  }

  /// What priorities are not simulated with, beside pools whose prompts are computed apart.
  void check_priorities(const EngineLimits& limits) {
    const std::string_view key = "engine_settings.scheduling";
    if (limits.rules.reservation != Reservation::by_setting) {
      report("impossible-physics", key,
             fmt::format("priorities are simulated with engines of policy vllm-v1 only, and this one has {}",
                         engine_->policy),
             "leave scheduling out, or choose another engine");
    }
    if (limits.max_adapters > 0) {
      report("impossible-physics", key, "priorities are not simulated together with adapters",
             "leave scheduling out, or lora");
    }
    if (limits.draft_tokens > 0) {
      report("impossible-physics", key, "priorities are not simulated together with speculation",
             "leave scheduling out, or speculation");
    }
  }

  /// Source: vLLM's own arithmetic: what is left of its share of memory after weights, the peak of a
  /// profiling step and captured graphs becomes KV blocks.
  void plan_memory(const Chip& chip) {
    const EngineLayout& layout = pool_.layout;
    const EngineSettings settings = record_.engine_settings.value_or(EngineSettings{});
    const double share = settings.gpu_memory_utilization.value_or(engine_->gpu_memory_utilization.value);
    MemoryPlan& plan = pool_.memory;
    plan.usable = (chip.usable_memory() * share).si();
    const ElementBytes bytes = element_bytes(chip, pool_.precision);
    plan.weights = weight_bytes_per_chip(pool_.model, bytes, layout).si();
    plan.activations =
        (activation_bytes_per_token(pool_.model, layout.tensor) * static_cast<double>(pool_.limits.max_batched_tokens) +
         stage_share(pool_) * state_bytes_per_sequence(pool_.model, layout.tensor) *
             static_cast<double>(pool_.limits.max_sequences) +
         logits_bytes(pool_.model, pool_.limits.max_sequences))
            .si();
    plan.framework = engine_->framework_memory.value.si();
    plan.kv_per_token = (stage_share(pool_) * kv_bytes_per_token(pool_.model, bytes, layout.tensor)).si();
    if (const LoraRecord* lora = lora_of(record_); lora != nullptr && check_lora()) {
      plan.weights +=
          static_cast<double>(lora->max_loras) * adapter_bytes_per_rank(pool_.model, lora->rank, layout.tensor).si();
    }
    if (pool_.speculation) {
      plan.weights += pool_.speculation->weights;
      plan.kv_per_token += pool_.speculation->kv_per_token;
    }
    if (plan.weights > plan.usable) {
      report("model-does-not-fit", "model",
             fmt::format("{} of weights per chip{}, and {} to hold them ({:g} % of the memory)",
                         to_text(Bytes(plan.weights), 3),
                         settings.lora || settings.speculation ? ", adapters and drafter included" : "",
                         to_text(Bytes(plan.usable), 3), 100 * share),
             "use more chips per replica (tensor_parallel), a chip with more memory, or narrower weights");
      return;
    }
    const double left = plan.usable - plan.weights - plan.activations - plan.framework;
    const double block = plan.kv_per_token * static_cast<double>(pool_.limits.block_size);
    if (settings.kv_blocks && block * static_cast<double>(*settings.kv_blocks) > chip.usable_memory().si()) {
      report("impossible-physics", "engine_settings.kv_blocks",
             fmt::format("{} KV blocks take {} of each chip's {}", *settings.kv_blocks,
                         to_text(Bytes(block * static_cast<double>(*settings.kv_blocks)), 3),
                         to_text(chip.usable_memory(), 3)),
             "give the number that the engine reported, of blocks of this size");
      return;
    }
    const auto of_engine = settings.kv_blocks.value_or(left > 0 ? static_cast<std::int64_t>(left / block) : 0);
    plan.kv_blocks = of_engine / layout.pipeline;  // lanes of a pipeline have equal parts
    if (plan.kv_blocks < 2) {
      report("kv-cannot-fit", "model",
             fmt::format("no room for KV blocks: of {} per chip, weights take {}, activations {} and the engine {}",
                         to_text(Bytes(plan.usable), 3), to_text(Bytes(plan.weights), 3),
                         to_text(Bytes(plan.activations), 3), to_text(Bytes(plan.framework), 3)),
             "use more chips per replica (tensor_parallel), narrower weights, or fewer max_num_batched_tokens");
      return;
    }
    pool_.limits.usable_blocks = plan.kv_blocks - 1;  // V-30: block 0 is never handed out
  }

  const PoolRecord& record_;
  const Node& node_;
  const std::string& folder_;
  const Catalog& catalog_;
  AchievableShareCache& shares_;
  std::vector<ProvenanceItem>& provenance_;
  Diagnostics& diagnostics_;
  SystemPool pool_;
  std::optional<EngineRecord> engine_;
};

}  // namespace

std::optional<SystemPool> compile_pool(const Named<PoolRecord>& pool, const Node& node, const std::string& folder,
                                       const Catalog& catalog, AchievableShareCache& shares,
                                       std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics) {
  return PoolCompiler(pool, node, folder, catalog, shares, provenance, diagnostics).compile();
}

void add_provenance(std::vector<ProvenanceItem>& all, const std::vector<ProvenanceItem>& items) {
  if (items.empty()) return;
  const bool is_known =
      std::any_of(all.begin(), all.end(), [&](const auto& item) { return item.path == items[0].path; });
  if (!is_known) all.insert(all.end(), items.begin(), items.end());
}

}  // namespace orrery
