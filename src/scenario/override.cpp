#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "orrery/base/nearest_name.h"
#include "orrery/scenario/system.h"

namespace orrery {
namespace {

std::shared_ptr<const SourceText> source_of(const std::string& path, const std::string& value) {
  return std::make_shared<SourceText>("--set " + path, value);
}

/// One key down, made if it is not there; null with a report when nothing can be below.
Node* step_down(Node& node, const std::string& key, const Place& place, std::string_view path,
                Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::null) node.kind = Node::Kind::mapping;
  if (node.kind == Node::Kind::mapping) {
    if (Node* below = node.find(key)) return below;
    node.entries.push_back({key, place, Node()});
    node.entries.back().value.place = place;
    return &node.entries.back().value;
  }
  if (node.kind == Node::Kind::sequence) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
    if (error == std::errc{} && end == key.data() + key.size() && index < node.items.size()) return &node.items[index];
    diagnostics.error("invalid-override", place,
                      fmt::format("'{}' in '{}' is not a position from 0 to {}", key, path,
                                  node.items.empty() ? 0 : node.items.size() - 1));
    return nullptr;
  }
  diagnostics.error("invalid-override", place, fmt::format("'{}' in '{}' stands below a single value", key, path));
  return nullptr;
}

/// `pools.caht.servers` would make a new pool of one key: name the pools there are instead.
bool names_known_part(const Node& scenario, const Override& change, const Place& place, Diagnostics& diagnostics) {
  const std::size_t first = change.path.find('.');
  const std::size_t second = first == std::string::npos ? first : change.path.find('.', first + 1);
  const std::string list = change.path.substr(0, first);
  if (second == std::string::npos || (list != "pools" && list != "services")) return true;
  const std::string name = change.path.substr(first + 1, second - first - 1);
  const Node* parts = scenario.find(list);
  if (parts == nullptr || parts->find(name) != nullptr) return true;
  std::vector<std::string> names;
  for (const Node::Entry& entry : parts->entries) names.push_back(entry.key);
  std::string hint = did_you_mean(name, names);
  if (hint.empty() && !names.empty()) hint = fmt::format("there: {}", fmt::join(names, ", "));
  diagnostics.error("invalid-override", place, fmt::format("the scenario has no '{}' among its {}", name, list), hint);
  return false;
}

void apply(Node& scenario, const Override& change, Diagnostics& diagnostics) {
  const auto source = source_of(change.path, change.value);
  const Place place{source, 1, 1, std::max(1, static_cast<int>(change.value.size()))};
  auto value = parse_yaml(source, diagnostics);
  if (!value || !names_known_part(scenario, change, place, diagnostics)) return;
  Node* node = &scenario;
  for (std::size_t begin = 0; node != nullptr;) {
    const std::size_t dot = change.path.find('.', begin);
    node = step_down(*node, change.path.substr(begin, dot - begin), place, change.path, diagnostics);
    if (dot == std::string::npos) break;
    begin = dot + 1;
  }
  if (node != nullptr) *node = std::move(*value);
}

/// The service that a --trace without a name means.
std::string only_service(const Node& scenario, const TraceOverride& trace, Diagnostics& diagnostics) {
  const Node* services = scenario.find("services");
  if (services != nullptr && services->entries.size() == 1) return services->entries[0].key;
  std::string names;
  if (services != nullptr) {
    for (const auto& entry : services->entries) names += (names.empty() ? "" : ", ") + entry.key;
  }
  diagnostics.error("invalid-override", {std::make_shared<SourceText>("--trace", trace.file), 1, 1, 1},
                    "the scenario has several services",
                    fmt::format("write --trace SERVICE=FILE with one of: {}", names));
  return {};
}

std::string service_hint(const Node& scenario, const std::string& service) {
  std::vector<std::string> names;
  if (const Node* services = scenario.find("services")) {
    for (const Node::Entry& entry : services->entries) names.push_back(entry.key);
  }
  const std::string hint = did_you_mean(service, names);
  return hint.empty() && !names.empty() ? fmt::format("there: {}", fmt::join(names, ", ")) : hint;
}

}  // namespace

Result<Override> parse_override(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return failure(fmt::format("'{}' does not have the form PATH=VALUE", text));
  }
  Override change{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  if (change.value.empty()) return failure(fmt::format("'{}' gives no value", text));
  if (change.path.front() == '.' || change.path.back() == '.' || change.path.find("..") != std::string::npos) {
    return failure(fmt::format("'{}' is not keys joined by dots", change.path));
  }
  return change;
}

void apply_overrides(Node& scenario, const LoadOptions& options, Diagnostics& diagnostics) {
  for (const TraceOverride& trace : options.traces) {
    const std::string service = trace.service.empty() ? only_service(scenario, trace, diagnostics) : trace.service;
    if (service.empty()) continue;
    std::error_code error;
    const std::string path = std::filesystem::absolute(trace.file, error).string();
    Node file = Node::mapping();
    file.add("file", Node::scalar(path)).place = {std::make_shared<SourceText>("--trace", trace.file), 1, 1, 1};
    Node workload = Node::mapping();
    workload.add("trace", std::move(file));
    if (Node* services = scenario.find("services")) {
      if (Node* node = services->find(service)) {
        if (node->kind == Node::Kind::mapping) {
          if (Node* old = node->find("workload")) {
            workload.place = old->place;
            *old = std::move(workload);
          } else {
            node->add("workload", std::move(workload));
          }
          continue;
        }
      }
    }
    diagnostics.error("invalid-override", {std::make_shared<SourceText>("--trace", trace.file), 1, 1, 1},
                      fmt::format("the scenario has no service '{}'", service), service_hint(scenario, service));
  }
  for (const Override& change : options.overrides) apply(scenario, change, diagnostics);
  if (options.seed) apply(scenario, {"seed", std::to_string(*options.seed)}, diagnostics);
}

}  // namespace orrery
