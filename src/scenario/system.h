#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orrery/chip/chip.h"
#include "orrery/chip/family_record.h"
#include "orrery/chip/server_record.h"
#include "orrery/fleet/daily_curve_record.h"
#include "orrery/memory/achievable.h"
#include "orrery/model/adapter_cost.h"
#include "orrery/model/model_record.h"
#include "orrery/model/step_cost_builder.h"
#include "orrery/network/collectives.h"
#include "orrery/scenario/catalog.h"
#include "orrery/scenario/pool_layout.h"
#include "orrery/scenario/scenario_record.h"
#include "orrery/scenario/user_path.h"
#include "orrery/serving/kv_exchange.h"
#include "orrery/serving/pool.h"
#include "orrery/serving/speculation.h"

namespace orrery {

/// How the memory of one chip of a replica is used. Bytes.
struct MemoryPlan {
  double usable = 0;  ///< capacity less what the driver keeps, times the engine's share
  double weights = 0;
  double activations = 0;  ///< peak of one step, logits included
  double framework = 0;
  double kv_per_token = 0;
  std::int64_t kv_blocks = 0;
};

/// How the prompts of a pool come from another one.
struct SystemPrefill {
  std::size_t pool = 0;
  TransferPath path;
  JoulesPerByte energy_per_byte;
};

/// The drafter of a pool.
struct SystemSpeculation {
  std::string name;
  ModelRecord draft;
  ModelPrecision precision;
  double weights = 0;  ///< bytes per chip, beside the model's
  double kv_per_token = 0;
  Speculation setup;
};

/// One pool of a scenario, bound to its catalog entries and compiled for simulation.
struct SystemPool {
  std::string name;
  PoolRecord record;
  SiteRecord site;
  ServerRecord server;
  EngineLayout layout;
  PoolLinks links;
  ChipRecord chip;
  AchievableShares memory_shares;  ///< all 1 where the chip does not name the part of its memory
  FamilyRecord family;
  ModelRecord model;
  ModelPrecision precision;
  std::optional<KernelTimes> times;  ///< calibrated; nothing where neither the chip nor one of its kind was measured
  EngineOverheads overheads;
  EngineLimits limits;
  MemoryPlan memory;
  StepCost cost;
  double dense_peak = 0;      ///< FLOP/s of one chip in the precision of the linear layers
  std::int64_t replicas = 0;  ///< lanes of all engines
  std::int64_t chips = 0;
  const RoutingPolicy* routing = nullptr;
  std::optional<AdapterCost> adapters;  ///< its requests may have some
  std::optional<SystemSpeculation> speculation;
  std::optional<SystemPrefill> prefill;     ///< another pool computes its prompts
  std::optional<std::size_t> prefills_for;  ///< it computes the prompts of another pool, and serves nobody else
};

/// The chip that prices the pool's kernels.
inline Chip compiled_chip(const SystemPool& pool) {
  return Chip(pool.chip, pool.family, std::nullopt, pool.memory_shares);
}

/// What the pool's step costs are built from. Pre: `chip` is made of the pool's chip and family, and outlives it.
inline StepCostRequest step_request(const SystemPool& pool, const Chip& chip) {
  return {chip,
          pool.model,
          pool.precision,
          pool.layout,
          pool.links.view(),
          pool.overheads,
          pool.limits.max_batched_tokens,
          pool.limits.max_sequences,
          pool.times ? &*pool.times : nullptr,
          pool.record.expert_skew.value_or(StepCostRequest::kServedSkew)};
}

struct SystemService {
  std::string name;
  ServiceRecord record;
  std::size_t pool = 0;
  std::string trace_path;  ///< resolved against the scenario's folder
  std::optional<WorkloadProfileRecord> arrivals_profile;
  std::optional<WorkloadProfileRecord> lengths_profile;
  std::shared_ptr<const UserPath> path;         ///< null: users are where the server is
  std::optional<DailyCurveRecord> daily_curve;  ///< of a population
};

/// A scenario, compiled. Immutable: any number of runs may share one.
struct System {
  std::string name;
  std::string description;
  std::uint64_t seed = 0;
  bool skip_bad_rows = false;
  std::string resolved_yaml;  ///< the scenario as run, overrides included
  std::vector<SystemPool> pools;
  std::vector<SystemService> services;
  std::vector<ProvenanceItem> provenance;
};

/// One `--set PATH=VALUE`.
struct Override {
  std::string path;
  std::string value;
};
/// One `--trace`: an empty service means the only one.
struct TraceOverride {
  std::string service;
  std::string file;
};

struct LoadOptions {
  std::vector<Override> overrides;
  std::vector<TraceOverride> traces;
  std::optional<std::uint64_t> seed;
  bool skip_bad_rows = false;
};

/// Splits "PATH=VALUE"; fails with the reason.
Result<Override> parse_override(std::string_view text);

/// Puts the overrides into the tree of a scenario, as if they stood in the file. Reports
/// invalid-override and whatever the values are not as YAML.
void apply_overrides(Node& scenario, const LoadOptions& options, Diagnostics& diagnostics);

/// Reads, checks and compiles a scenario; null with every problem reported.
std::shared_ptr<const System> load_system(const std::string& scenario_path, const Catalog& catalog,
                                          const LoadOptions& options, Diagnostics& diagnostics);

/// The same from a tree. `folder` is where relative paths start.
std::shared_ptr<System> compile_system(const Node& scenario, const std::string& folder, const Catalog& catalog,
                                       Diagnostics& diagnostics);

}  // namespace orrery
