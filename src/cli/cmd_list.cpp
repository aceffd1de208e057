#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/json_writer.h"
#include "orrery/cli/catalog_names.h"
#include "orrery/cli/command.h"
#include "orrery/report/human_text.h"

namespace orrery {
namespace {

int print_kinds(const std::vector<ListedKind>& kinds, bool json, const Program& program) {
  JsonWriter writer;
  writer.begin_array();
  TextTable table({"kind", "what", "entries"}, 2);
  for (const ListedKind& kind : kinds) {
    const std::size_t count = kind.ids().size();
    table.add({kind.name, kind.help, std::to_string(count)});
    writer.begin_object();
    writer.field("kind", kind.name);
    writer.field("help", kind.help);
    writer.field("entries", count);
    writer.end_object();
  }
  writer.end_array();
  return program.print(json ? writer.text() : table.render(program.surroundings().style));
}

int print_things(const std::vector<NamedThing>& things, bool json, const Program& program) {
  constexpr std::size_t kWidth = 100;
  constexpr std::size_t kStatusWidth = 11;
  JsonWriter writer;
  writer.begin_array();
  const bool statuses = std::any_of(things.begin(), things.end(), [](const auto& t) { return !t.status.empty(); });
  std::size_t id_width = 0;
  for (const NamedThing& thing : things) id_width = std::max(id_width, text_width(thing.id));
  const std::size_t name_width =
      std::max<std::size_t>(20, kWidth - std::min(kWidth, id_width + 2 + (statuses ? kStatusWidth : 0)));
  TextTable table(statuses ? std::vector<std::string>{"id", "name", "status"} : std::vector<std::string>{"id", "what"},
                  3);
  for (const NamedThing& thing : things) {
    const std::string name = clipped_text(plain_text(thing.name), name_width);
    table.add(statuses ? std::vector<std::string>{thing.id, name, plain_text(thing.status)}
                       : std::vector<std::string>{thing.id, name});
    writer.begin_object();
    writer.field("id", thing.id);
    writer.field("name", thing.name);
    if (!thing.status.empty()) writer.field("status", thing.status);
    writer.end_object();
  }
  writer.end_array();
  return program.print(json ? writer.text() : table.render(program.surroundings().style));
}

}  // namespace

int command_list(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const std::vector<ListedKind> kinds = listed_kinds(*catalog);
  const bool json = arguments.has("--json");
  const auto word = arguments.get("KIND");
  if (!word) return print_kinds(kinds, json, program);
  std::vector<std::string> names;
  for (const ListedKind& kind : kinds) {
    if (kind.name == *word) return print_things(things_of(kind, *catalog), json, program);
    names.push_back(kind.name);
  }
  return refuse_kind(program, *word, names);
}

}  // namespace orrery
