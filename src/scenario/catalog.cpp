#include "orrery/scenario/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "orrery/base/nearest_name.h"
#include "orrery/chip/calibration_record.h"
#include "orrery/chip/family_record.h"
#include "orrery/chip/server_record.h"
#include "orrery/fleet/daily_curve_record.h"
#include "orrery/memory/device.h"
#include "orrery/model/model_record.h"
#include "orrery/network/access_record.h"
#include "orrery/network/link_record.h"
#include "orrery/network/radio_record.h"
#include "orrery/network/transport_record.h"
#include "orrery/network/wan_record.h"
#include "orrery/scenario/chip_memory.h"
#include "orrery/scenario/site_record.h"
#include "orrery/scenario/workload_record.h"
#include "orrery/serving/engine_record.h"
#include "orrery/serving/framework_record.h"
#include "orrery/serving/policies/batch_policy.h"
#include "orrery/serving/policies/routing_policy.h"

namespace orrery {

// Records without laws of their own.
static void check_physics(const SiteRecord&, Diagnostics&) {}
static void check_physics(const EngineRecord&, Diagnostics&) {}
static void check_physics(const FrameworkRecord&, Diagnostics&) {}
static void check_physics(const TransportRecord&, Diagnostics&) {}

namespace {

template <class R>
struct KindOf;
template <>
struct KindOf<FamilyRecord> : FamilyKind {};
template <>
struct KindOf<ChipRecord> : ChipKind {};
template <>
struct KindOf<CalibrationRecord> : CalibrationKind {};
template <>
struct KindOf<MemoryPartRecord> : MemoryKind {};
template <>
struct KindOf<StandardRecord> : StandardKind {};
template <>
struct KindOf<LinkRecord> : LinkKind {};
template <>
struct KindOf<RadioRecord> : RadioKind {};
template <>
struct KindOf<AccessRecord> : AccessNetworkKind {};
template <>
struct KindOf<TransportRecord> : TransportKind {};
template <>
struct KindOf<WanRecord> : WanKind {};
template <>
struct KindOf<ServerRecord> : ServerKind {};
template <>
struct KindOf<ModelRecord> : ModelKind {};
template <>
struct KindOf<EngineRecord> : EngineKind {};
template <>
struct KindOf<FrameworkRecord> : FrameworkKind {};
template <>
struct KindOf<SiteRecord> : SiteKind {};
template <>
struct KindOf<DailyCurveRecord> : DailyCurveKind {};
template <>
struct KindOf<WorkloadProfileRecord> : WorkloadKind {};

void check_header(const EntryHeader& header, const Node& node, std::string_view kind, std::string_view id,
                  Diagnostics& diagnostics) {
  const auto place_of = [&](std::string_view key) {
    return node.find(key) != nullptr ? node.find(key)->place : node.place;
  };
  if (header.kind != kind) {
    diagnostics.error("kind-mismatch", place_of("kind"),
                      fmt::format("'{}' is not '{}', the kind expected here", header.kind, kind));
  }
  if (header.id != id) {
    diagnostics.error("id-mismatch", place_of("id"),
                      fmt::format("'{}' is not '{}', the name of the file", header.id, id),
                      "an entry's id is its file name without .yaml");
  }
}

template <class R>
void check_names(const R&, const Node&, Diagnostics&) {}
void check_names(const EngineRecord& engine, const Node& node, Diagnostics& diagnostics) {
  if (const BatchPolicy* policy = find_batch_policy(engine.policy); policy != nullptr) {
    const bool by_setting = policy->rules.reservation == Reservation::by_setting;
    if (by_setting && !engine.reserve_full_prompt) {
      diagnostics.error("missing-key", node.place,
                        fmt::format("'reserve_full_prompt' is missing: {} reads it", engine.policy));
    } else if (!by_setting && engine.reserve_full_prompt) {
      diagnostics.error("impossible-physics", node.find("reserve_full_prompt")->place,
                        fmt::format("{} has a rule of its own for what a request must find free", engine.policy),
                        "remove it");
    }
    return;
  }
  std::vector<std::string> names;
  for (const BatchPolicy& policy : batch_policies()) names.emplace_back(policy.name);
  diagnostics.error("unknown-name", node.find("policy")->place,
                    fmt::format("'{}' is not a batching policy: {}", engine.policy, fmt::join(names, ", ")),
                    did_you_mean(engine.policy, names));
}

class CatalogReferences final : public ReferenceChecker {
 public:
  CatalogReferences(const Catalog& catalog, Diagnostics& diagnostics)
      : ReferenceChecker(diagnostics), catalog_(catalog) {}

 protected:
  bool exists(std::string_view kind, const std::string& id) override { return catalog_.contains(kind, id); }
  std::vector<std::string> names(std::string_view kind) override { return catalog_.ids(kind); }

 private:
  const Catalog& catalog_;
};

/// What can only be checked together with the entries that an entry refers to.
template <class R>
void check_with_others(const R&, const Catalog&, Diagnostics&) {}
void check_with_others(const MemoryPartRecord& part, const Catalog& catalog, Diagnostics& diagnostics) {
  if (const auto standard = catalog.load<StandardRecord>(part.standard, diagnostics)) {
    compile_device(standard->record, part, {}, diagnostics);
  }
}
void check_with_others(const ChipRecord& chip, const Catalog& catalog, Diagnostics& diagnostics) {
  if (chip.memory.part) load_chip_memory(chip, catalog, diagnostics);
}

template <class R>
std::optional<Node> check_entry(const Node& node, std::string_view id, const Catalog& catalog, Diagnostics& diagnostics,
                                EntryHeader& header) {
  auto entry = read_entry<R>(node, KindOf<R>::kName, id, diagnostics);
  if (!entry) return std::nullopt;
  CatalogReferences checker(catalog, diagnostics);
  const std::size_t errors_before = diagnostics.error_count();
  record_type<R>().walk(&entry->record, "", checker);
  if (diagnostics.error_count() == errors_before) check_with_others(entry->record, catalog, diagnostics);
  header = entry->record.header;
  return write_record(entry->record);
}

constexpr CatalogKind kKinds[] = {
    {"chip", "chip", "accelerators", record_type<ChipRecord>, check_entry<ChipRecord>},
    {"memory", "memory", "memory parts: stacks, packages, modules", record_type<MemoryPartRecord>,
     check_entry<MemoryPartRecord>},
    {"standard", "memory/standards", "DRAM standards: commands and the rules between them", record_type<StandardRecord>,
     check_entry<StandardRecord>},
    {"family", "family", "kernel efficiencies of a chip family", record_type<FamilyRecord>, check_entry<FamilyRecord>},
    {"calibration", "calibration", "operator constants fitted to measured chips", record_type<CalibrationRecord>,
     check_entry<CalibrationRecord>},
    {"link", "link", "what joins chips and servers, with its collectives", record_type<LinkRecord>,
     check_entry<LinkRecord>},
    {"radio", "radio", "cells of mobile networks", record_type<RadioRecord>, check_entry<RadioRecord>},
    {"access", "access", "home Wi-Fi and fixed lines", record_type<AccessRecord>, check_entry<AccessRecord>},
    {"wan", "wan", "round trips between regions", record_type<WanRecord>, check_entry<WanRecord>},
    {"transport", "transport", "how requests and token streams are carried", record_type<TransportRecord>,
     check_entry<TransportRecord>},
    {"server", "server", "servers with their chips, power and price", record_type<ServerRecord>,
     check_entry<ServerRecord>},
    {"model", "model", "language models", record_type<ModelRecord>, check_entry<ModelRecord>},
    {"engine", "engine", "serving engines", record_type<EngineRecord>, check_entry<EngineRecord>},
    {"framework", "framework", "what serving frameworks add to their kernels", record_type<FrameworkRecord>,
     check_entry<FrameworkRecord>},
    {"site", "site", "places with electricity price and carbon", record_type<SiteRecord>, check_entry<SiteRecord>},
    {"daily-curve", "daily-curve", "how demand follows the hours of the day", record_type<DailyCurveRecord>,
     check_entry<DailyCurveRecord>},
    {"workload", "workload", "profiles of public traces", record_type<WorkloadProfileRecord>,
     check_entry<WorkloadProfileRecord>},
};

}  // namespace

std::span<const CatalogKind> catalog_kinds() { return kKinds; }

const CatalogKind* find_catalog_kind(std::string_view name) {
  const auto* found =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const auto& kind) { return kind.name == name; });
  return found == std::end(kKinds) ? nullptr : found;
}

/// Of a kind that no row names, a folder of that name.
static std::string_view folder_of(std::string_view kind) {
  const CatalogKind* row = find_catalog_kind(kind);
  return row == nullptr ? kind : row->folder;
}

std::vector<std::string> Catalog::ids(std::string_view kind) const {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(fmt::format("{}/{}", root_, folder_of(kind)), error)) {
    if (file.path().extension() == ".yaml") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Catalog::path_of(std::string_view kind, const std::string& id) const {
  return fmt::format("{}/{}/{}.yaml", root_, folder_of(kind), id);
}

bool Catalog::contains(std::string_view kind, const std::string& id) const {
  std::error_code error;
  return !id.empty() && id.find('/') == std::string::npos && std::filesystem::is_regular_file(path_of(kind, id), error);
}

template <class R>
std::optional<CatalogEntry<R>> read_entry(const Node& node, std::string_view kind, std::string_view id,
                                          Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  auto record = read_record<R>(node, diagnostics);
  if (!record) return std::nullopt;
  CatalogEntry<R> entry{std::move(*record), {}};
  check_header(entry.record.header, node, kind, id, diagnostics);
  resolve_attribution(entry.record.header, record_type<R>(), &entry.record, diagnostics, entry.provenance);
  check_names(entry.record, node, diagnostics);
  check_physics(entry.record, diagnostics);
  if (diagnostics.error_count() > errors_before) return std::nullopt;
  return entry;
}

template <class R>
std::optional<CatalogEntry<R>> Catalog::load(const AnyReference& reference, Diagnostics& diagnostics) const {
  constexpr std::string_view kKind = KindOf<R>::kName;
  if (!contains(kKind, reference.id)) {
    AnyReference copy = reference;
    CatalogReferences(*this, diagnostics).reference("", kKind, copy);
    return std::nullopt;
  }
  const auto node = parse_yaml_file(path_of(kKind, reference.id), diagnostics);
  if (!node) return std::nullopt;
  return read_entry<R>(*node, kKind, reference.id, diagnostics);
}

template std::optional<CatalogEntry<FamilyRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<ChipRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<CalibrationRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<MemoryPartRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<StandardRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<LinkRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<RadioRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<AccessRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<TransportRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<WanRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<ServerRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<ModelRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<FrameworkRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<EngineRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<SiteRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<DailyCurveRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;
template std::optional<CatalogEntry<WorkloadProfileRecord>> Catalog::load(const AnyReference&, Diagnostics&) const;

}  // namespace orrery
