#include "orrery/scenario/compile_speculation.h"

#include <fmt/format.h>

#include "orrery/chip/chip.h"
#include "orrery/model/memory_footprint.h"
#include "orrery/model/step_cost_builder.h"
#include "orrery/scenario/compile_pool.h"

namespace orrery {
namespace {

/// A drafter lies on the chips of the model; its experts, if it has any, as the model's do.
EngineLayout draft_layout(const SystemPool& pool, const ModelRecord& draft) {
  return draft.experts ? pool.layout : EngineLayout{.tensor = pool.layout.tensor};
}

/// One pool's drafter, and where to report.
class DraftLoader {
 public:
  DraftLoader(const SystemPool& pool, const Chip& chip, const Node& node, const Catalog& catalog,
              std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics)
      : pool_(pool),
        chip_(chip),
        record_(*pool.record.engine_settings->speculation),
        node_(node),
        catalog_(catalog),
        provenance_(provenance),
        diagnostics_(diagnostics) {}

  std::optional<SystemSpeculation> load() {
    const std::size_t errors_before = diagnostics_.error_count();
    check_engine();
    SystemSpeculation speculation;
    speculation.setup.tokens = record_.tokens;
    speculation.setup.acceptance = record_.acceptance;
    if (record_.draft_model.has_value() == record_.head_layers.has_value()) {
      report({}, "missing-key",
             fmt::format("exactly one of draft_model and head_layers says who drafts; here are {}",
                         record_.head_layers ? "both" : "none"));
    } else if (record_.head_layers) {
      load_head(speculation);
    } else {
      load_model(speculation);
    }
    if (diagnostics_.error_count() > errors_before) return std::nullopt;
    return speculation;
  }

 private:
  void report(std::string_view key, std::string_view code, std::string message, std::string hint = {}) {
    const Node* at = key.empty() ? nullptr : node_.find(key);
    diagnostics_.error(code, at != nullptr ? at->place : node_.place, std::move(message), std::move(hint));
  }

  void check_engine() {
    if (pool_.layout.lanes() > 1) {
      report({}, "invalid-speculation", "speculation is simulated on engines without stages and groups only",
             "leave pipeline_parallel and data_parallel out");
    }
    if (pool_.limits.async_scheduling) {
      report({}, "invalid-speculation", "speculation is simulated with synchronous scheduling only",
             "write async_scheduling: false beside it");
    }
    if (record_.tokens + 1 > pool_.limits.max_batched_tokens) {
      report("tokens", "invalid-speculation",
             fmt::format("{} drafts and a token are more than the {} tokens of a step", record_.tokens,
                         pool_.limits.max_batched_tokens));
    }
  }

  void load_head(SystemSpeculation& speculation) {
    if (*record_.head_layers > pool_.model.layers) {
      report(
          "head_layers", "invalid-speculation",
          fmt::format("a head of {} layers is deeper than the model of {}", *record_.head_layers, pool_.model.layers));
      return;
    }
    speculation.draft = draft_head(pool_.model, *record_.head_layers);
    speculation.precision = pool_.precision;
    speculation.name = fmt::format("a head of {} layer{}", *record_.head_layers, *record_.head_layers == 1 ? "" : "s");
    const ModelRecord bare = draft_head(pool_.model, 0);  // embedding and LM head, which are the model's
    measure(speculation, &bare);
  }

  void load_model(SystemSpeculation& speculation) {
    const DraftModelRecord& wanted = *record_.draft_model;
    auto entry = catalog_.load<ModelRecord>(wanted.model, diagnostics_);
    if (!entry) return;
    const Place& place = wanted.model.place;
    speculation.draft = std::move(entry->record);
    speculation.name = speculation.draft.header.id;
    speculation.precision = {wanted.precision.weights, wanted.precision.experts.value_or(wanted.precision.weights),
                             wanted.precision.activations, wanted.precision.kv_cache};
    const std::size_t errors_before = diagnostics_.error_count();
    if (speculation.draft.vocabulary != pool_.model.vocabulary) {
      diagnostics_.error("invalid-speculation", place,
                         fmt::format("{} speaks {} tokens, {} speaks {}", speculation.draft.header.id,
                                     speculation.draft.vocabulary, pool_.model.header.id, pool_.model.vocabulary),
                         "a draft is a token of the model: choose a drafter of the same family");
    }
    if (const auto good = check_layout(speculation.draft, draft_layout(pool_, speculation.draft)); !good) {
      diagnostics_.error("invalid-parallelism", place, good.error());
    }
    if (const auto good = check_precision(chip_, speculation.draft, speculation.precision); !good) {
      diagnostics_.error("unsupported-precision", place, good.error());
    }
    if (diagnostics_.error_count() > errors_before) return;
    add_provenance(provenance_, entry->provenance);
    measure(speculation, nullptr);
  }

  void measure(SystemSpeculation& speculation, const ModelRecord* shared) {
    const EngineLayout layout = draft_layout(pool_, speculation.draft);
    const ElementBytes bytes = element_bytes(chip_, speculation.precision);
    Bytes weights = weight_bytes_per_chip(speculation.draft, bytes, layout);
    if (shared != nullptr) weights = weights - weight_bytes_per_chip(*shared, bytes, layout);
    speculation.weights = weights.si();
    speculation.kv_per_token = kv_bytes_per_token(speculation.draft, bytes, layout.tensor).si();
  }

  const SystemPool& pool_;
  const Chip& chip_;
  const SpeculationRecord& record_;
  const Node& node_;
  const Catalog& catalog_;
  std::vector<ProvenanceItem>& provenance_;
  Diagnostics& diagnostics_;
};

}  // namespace

std::optional<SystemSpeculation> load_speculation(const SystemPool& pool, const Chip& chip, const Node& node,
                                                  const Catalog& catalog, std::vector<ProvenanceItem>& provenance,
                                                  Diagnostics& diagnostics) {
  return DraftLoader(pool, chip, node, catalog, provenance, diagnostics).load();
}

void price_speculation(SystemPool& pool, const Chip& chip) {
  SystemSpeculation& speculation = *pool.speculation;
  const StepCostRequest target = step_request(pool, chip);
  StepCostRequest draft{chip,
                        speculation.draft,
                        speculation.precision,
                        draft_layout(pool, speculation.draft),
                        target.links,
                        {target.engine.largest_captured_batch, Seconds(0), Seconds(0), target.engine.hidden_transfers},
                        target.max_batched_tokens,
                        target.max_sequences,
                        target.times,
                        target.expert_skew};
  speculation.setup.cost = build_speculation_cost(target, draft, speculation.setup.tokens + 1);
}

}  // namespace orrery
