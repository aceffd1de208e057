#include "orrery/cli/catalog_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "orrery/base/nearest_name.h"
#include "orrery/serving/policies/batch_policy.h"
#include "orrery/serving/policies/routing_policy.h"

namespace orrery {
namespace {

std::vector<std::string> policy_ids() {
  std::vector<std::string> names;
  for (const RoutingPolicy& policy : routing_policies()) names.emplace_back(policy.name);
  for (const BatchPolicy& policy : batch_policies()) names.emplace_back(policy.name);
  return names;
}

std::vector<NamedThing> policies() {
  std::vector<NamedThing> things;
  for (const RoutingPolicy& policy : routing_policies()) {
    things.push_back({std::string(policy.name), fmt::format("routing: {}", policy.help), ""});
  }
  for (const BatchPolicy& policy : batch_policies()) {
    things.push_back({std::string(policy.name), fmt::format("batching: {}", policy.help), ""});
  }
  return things;
}

std::string text_of(const Node& node, std::string_view key) {
  const Node* value = node.find(key);
  return value != nullptr && value->kind == Node::Kind::scalar ? value->text : std::string();
}

/// What a file says of itself; `check` is the command that reports what is wrong with it.
NamedThing thing_in(const std::string& path, std::string id, bool is_scenario) {
  Diagnostics ignored;
  const auto node = parse_yaml_file(path, ignored);
  if (!node || node->kind != Node::Kind::mapping) return {std::move(id), "(cannot be read: see `orrery check`)", ""};
  if (!is_scenario) return {std::move(id), text_of(*node, "name"), text_of(*node, "status")};
  std::string description = text_of(*node, "description");
  description.erase(std::min(description.size(), description.find('\n')));
  return {std::move(id), std::move(description), ""};
}

}  // namespace

std::vector<std::string> shipped_scenarios(const Catalog& catalog) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(Program::scenarios_folder(catalog), error)) {
    if (file.path().extension() == ".yaml") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<ListedKind> listed_kinds(const Catalog& catalog) {
  std::vector<ListedKind> kinds;
  for (const CatalogKind& kind : catalog_kinds()) {
    kinds.push_back(
        {std::string(kind.name), std::string(kind.help), [&catalog, &kind] { return catalog.ids(kind.name); }});
  }
  kinds.push_back({"policy", "routing and batching policies", policy_ids});
  kinds.push_back(
      {"scenario", "shipped scenarios, for run and init", [&catalog] { return shipped_scenarios(catalog); }});
  return kinds;
}

std::vector<NamedThing> things_of(const ListedKind& kind, const Catalog& catalog) {
  if (kind.name == "policy") return policies();
  std::vector<NamedThing> things;
  const bool is_scenario = kind.name == "scenario";
  for (std::string& id : kind.ids()) {
    const std::string path = is_scenario ? fmt::format("{}/{}.yaml", Program::scenarios_folder(catalog), id)
                                         : catalog.path_of(kind.name, id);
    things.push_back(thing_in(path, std::move(id), is_scenario));
  }
  return things;
}

int refuse_kind(const Program& program, const std::string& word, const std::vector<std::string>& kinds) {
  const std::string nearest = did_you_mean(word, kinds);
  return program.refuse(fmt::format("'{}' is not a kind", word),
                        nearest.empty() ? fmt::format("the kinds are {}", fmt::join(kinds, ", ")) : nearest);
}

}  // namespace orrery
