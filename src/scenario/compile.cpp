#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "orrery/base/nearest_name.h"
#include "orrery/base/random_stream.h"
#include "orrery/scenario/compile_pool.h"
#include "orrery/scenario/compile_prefill.h"
#include "orrery/scenario/system.h"

namespace orrery {
namespace {

std::string folder_of(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

std::string resolve(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).string();
}

const WorkloadProfileRecord* load_profile(const Catalog& catalog, const AnyReference& reference,
                                          std::optional<WorkloadProfileRecord>& profile,
                                          std::vector<ProvenanceItem>& provenance, Diagnostics& diagnostics) {
  auto entry = catalog.load<WorkloadProfileRecord>(reference, diagnostics);
  if (!entry) return nullptr;
  add_provenance(provenance, entry->provenance);
  profile = std::move(entry->record);
  return &*profile;
}

const LengthsRecord* lengths_of(const WorkloadRecord& workload) {
  if (workload.poisson) return &workload.poisson->tokens;
  if (workload.gamma) return &workload.gamma->tokens;
  if (workload.population) return &workload.population->tokens;
  return nullptr;
}

std::optional<SystemService> compile_service(const Named<ServiceRecord>& named, const Node& node,
                                             const ScenarioRecord& scenario, const std::string& folder,
                                             const Catalog& catalog, std::vector<ProvenanceItem>& provenance,
                                             Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  SystemService service;
  service.name = named.name;
  service.record = named.value;
  const WorkloadRecord& workload = service.record.workload;
  check_workload(workload, diagnostics);

  const auto pool = std::find_if(scenario.pools.begin(), scenario.pools.end(),
                                 [&](const auto& p) { return p.name == named.value.pool; });
  service.pool = static_cast<std::size_t>(pool - scenario.pools.begin());
  if (pool == scenario.pools.end()) {
    std::vector<std::string> names;
    for (const auto& p : scenario.pools) names.push_back(p.name);
    std::string hint = did_you_mean(named.value.pool, names);
    if (hint.empty() && !names.empty()) hint = fmt::format("the scenario has: {}", fmt::join(names, ", "));
    diagnostics.error("dangling-reference", node.find("pool")->place,
                      fmt::format("service '{}' goes to a pool '{}' that does not exist", named.name, named.value.pool),
                      std::move(hint));
  } else if (service.record.patience && pool->value.prefilled_by) {
    diagnostics.error(
        "impossible-physics", node.find("patience")->place,
        fmt::format("the prompts of pool '{}' are computed by another one: clients that give up on both are "
                    "not simulated",
                    pool->name),
        "leave patience out, or let one pool compute prompts and answers");
  }
  if (pool != scenario.pools.end() && service.record.adapters &&
      !(pool->value.engine_settings && pool->value.engine_settings->lora)) {
    diagnostics.error(
        "missing-key", node.find("adapters")->place,
        fmt::format("the requests of service '{}' have adapters, and pool '{}' serves none", named.name, pool->name),
        fmt::format("add engine_settings: {{lora: {{max_loras: ..., rank: ...}}}} to pool '{}'", pool->name));
  }
  if (pool != scenario.pools.end() && service.record.priority &&
      !(pool->value.engine_settings && pool->value.engine_settings->scheduling == Scheduling::priority)) {
    diagnostics.error(
        "missing-key", node.find("priority")->place,
        fmt::format("the requests of service '{}' have a priority, and pool '{}' serves first come, first served",
                    named.name, pool->name),
        fmt::format("add engine_settings: {{scheduling: priority}} to pool '{}'", pool->name));
  }
  if (workload.trace) service.trace_path = resolve(folder, workload.trace->file);
  if (workload.profile) {
    load_profile(catalog, workload.profile->profile, service.arrivals_profile, provenance, diagnostics);
    service.lengths_profile = service.arrivals_profile;
  }
  if (const LengthsRecord* lengths = lengths_of(workload); lengths != nullptr && lengths->profile) {
    load_profile(catalog, *lengths->profile, service.lengths_profile, provenance, diagnostics);
  }
  if (service.record.path) {
    service.path = UserPath::compile(*service.record.path, catalog, provenance, diagnostics);
  }
  if (workload.population) {
    if (auto curve = catalog.load<DailyCurveRecord>(workload.population->curve, diagnostics)) {
      add_provenance(provenance, curve->provenance);
      service.daily_curve = std::move(curve->record);
    }
  }
  if (diagnostics.error_count() > errors_before) return std::nullopt;
  if (service.daily_curve) check_demand(workload, *service.daily_curve, diagnostics);
  if (diagnostics.error_count() > errors_before) return std::nullopt;
  return service;
}

}  // namespace

std::shared_ptr<System> compile_system(const Node& node, const std::string& folder, const Catalog& catalog,
                                       Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  const auto scenario = read_record<ScenarioRecord>(node, diagnostics);
  if (!scenario) return nullptr;
  for (const auto& [key, empty] :
       {std::pair{"pools", scenario->pools.empty()}, {"services", scenario->services.empty()}}) {
    if (empty) diagnostics.error("missing-key", node.find(key)->place, fmt::format("'{}' names none", key));
  }

  auto system = std::make_shared<System>();
  system->name = scenario->scenario;
  system->description = scenario->description.value_or("");
  system->seed = scenario->seed;
  system->resolved_yaml = to_yaml(write_record(*scenario));
  const Node& pool_nodes = *node.find("pools");
  const Node& service_nodes = *node.find("services");
  AchievableShareCache shares;
  for (const auto& pool : scenario->pools) {
    auto compiled =
        compile_pool(pool, *pool_nodes.find(pool.name), folder, catalog, shares, system->provenance, diagnostics);
    if (compiled) system->pools.push_back(std::move(*compiled));
  }
  for (SystemPool& pool : system->pools) {
    if (pool.speculation) {
      pool.speculation->setup.seed = RandomStream(scenario->seed, "serving", "speculation").next();
    }
  }
  join_prefill(*scenario, pool_nodes, catalog, *system, diagnostics);
  for (const auto& service : scenario->services) {
    auto compiled = compile_service(service, *service_nodes.find(service.name), *scenario, folder, catalog,
                                    system->provenance, diagnostics);
    if (compiled) system->services.push_back(std::move(*compiled));
  }
  if (diagnostics.error_count() > errors_before) return nullptr;
  return system;
}

std::shared_ptr<const System> load_system(const std::string& scenario_path, const Catalog& catalog,
                                          const LoadOptions& options, Diagnostics& diagnostics) {
  auto node = parse_yaml_file(scenario_path, diagnostics);
  if (!node) return nullptr;
  apply_overrides(*node, options, diagnostics);
  if (diagnostics.has_errors()) return nullptr;
  auto system = compile_system(*node, folder_of(scenario_path), catalog, diagnostics);
  if (!system) return nullptr;
  system->skip_bad_rows = options.skip_bad_rows;
  return system;
}

bool check_file(const std::string& path, const Catalog& catalog, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  const auto node = parse_yaml_file(path, diagnostics);
  if (!node) return false;
  const Node* kind = node->find("kind");
  if (kind == nullptr) {
    compile_system(*node, folder_of(path), catalog, diagnostics);
    return diagnostics.error_count() == errors_before;
  }
  const CatalogKind* row = find_catalog_kind(kind->text);
  if (row == nullptr) {
    std::vector<std::string> names;
    for (const CatalogKind& known : catalog_kinds()) names.emplace_back(known.name);
    diagnostics.error("unknown-name", kind->place,
                      fmt::format("'{}' is not a kind of catalog entry: {}", kind->text, fmt::join(names, ", ")),
                      did_you_mean(kind->text, names));
    return false;
  }
  EntryHeader header;
  row->check(*node, std::filesystem::path(path).stem().string(), catalog, diagnostics, header);
  return diagnostics.error_count() == errors_before;
}

}  // namespace orrery
