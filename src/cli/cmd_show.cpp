#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/file.h"
#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"
#include "orrery/cli/catalog_names.h"
#include "orrery/cli/command.h"

namespace orrery {
namespace {

int print_node(const Node& node, bool json, const Program& program) {
  if (!json) return program.print(to_yaml(node));
  JsonWriter writer;
  to_json(node, writer);
  return program.print(writer.text());
}

int show_entry(const CatalogKind& kind, const std::string& id, const Catalog& catalog, bool json,
               const Program& program) {
  Diagnostics diagnostics;
  EntryHeader header;
  const auto node = parse_yaml_file(catalog.path_of(kind.name, id), diagnostics);
  const auto shown = node ? kind.check(*node, id, catalog, diagnostics, header) : std::nullopt;
  if (!shown) return program.report(diagnostics, json);
  return print_node(*shown, json, program);
}

int show_scenario(const std::string& id, const Catalog& catalog, bool json, const Program& program) {
  const std::string path = fmt::format("{}/{}.yaml", Program::scenarios_folder(catalog), id);
  if (!json) {  // with its comments
    const auto text = read_file(path);
    return text ? program.print(*text) : program.fail(fmt::format("cannot read {}: {}", path, text.error()));
  }
  Diagnostics diagnostics;
  const auto node = parse_yaml_file(path, diagnostics);
  return node ? print_node(*node, json, program) : program.report(diagnostics, json);
}

int show_policy(const std::string& id, const ListedKind& kind, const Catalog& catalog, bool json,
                const Program& program) {
  for (const NamedThing& thing : things_of(kind, catalog)) {
    if (thing.id != id) continue;
    Node node = Node::mapping();
    node.add("id", Node::scalar(thing.id));
    node.add("what", Node::scalar(thing.name));
    return print_node(node, json, program);
  }
  return kFailed;
}

}  // namespace

int command_show(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const std::string word = *arguments.get("KIND");
  const std::string id = *arguments.get("ID");
  const bool json = arguments.has("--json");
  std::vector<std::string> names;
  for (const ListedKind& kind : listed_kinds(*catalog)) {
    names.push_back(kind.name);
    if (kind.name != word) continue;
    const std::vector<std::string> ids = kind.ids();
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
      const std::string nearest = did_you_mean(id, ids);
      return program.refuse(fmt::format("there is no {} '{}'", word, id),
                            nearest.empty() ? fmt::format("`orrery list {}` prints the ids", word) : nearest);
    }
    if (const CatalogKind* catalog_kind = find_catalog_kind(word)) {
      return show_entry(*catalog_kind, id, *catalog, json, program);
    }
    return word == "scenario" ? show_scenario(id, *catalog, json, program)
                              : show_policy(id, kind, *catalog, json, program);
  }
  return refuse_kind(program, word, names);
}

}  // namespace orrery
