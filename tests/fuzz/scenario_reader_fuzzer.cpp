// Any text, read as a scenario or as the entry of the catalog that its `kind` names: nothing may crash,
// every finding must print, and a tree must read back from the YAML that it is written as.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "orrery/base/json_writer.h"
#include "orrery/scenario/catalog.h"
#include "orrery/scenario/scenario_record.h"
#include "orrery/schema/node.h"
#include "require.h"

namespace orrery {
namespace {

std::optional<Node> parse(const std::string& text, Diagnostics& diagnostics) {
  return parse_yaml(std::make_shared<SourceText>("input.yaml", text), diagnostics);
}

bool same_tree(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.text != b.text || a.items.size() != b.items.size() ||
      a.entries.size() != b.entries.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.items.size(); ++i) {
    if (!same_tree(a.items[i], b.items[i])) return false;
  }
  for (std::size_t i = 0; i < a.entries.size(); ++i) {
    if (a.entries[i].key != b.entries[i].key || !same_tree(a.entries[i].value, b.entries[i].value)) return false;
  }
  return true;
}

void check_round_trip(const Node& node) {
  Diagnostics diagnostics;
  const auto back = parse(to_yaml(node), diagnostics);
  ORRERY_REQUIRE(back && same_tree(node, *back));
}

/// What is written of a record reads back, and is then written the same.
template <class R>
void check_record(const R& record) {
  const Node written = write_record(record);
  Diagnostics diagnostics;
  const auto again = read_record<R>(written, diagnostics);
  if (again) ORRERY_REQUIRE(same_tree(write_record(*again), write_record(record)));
}

void read_as_entry(const Node& node, const Catalog& catalog, Diagnostics& diagnostics) {
  const Node* kind = node.find("kind");
  const Node* id = node.find("id");
  const CatalogKind* row = kind != nullptr ? find_catalog_kind(kind->text) : nullptr;
  if (row == nullptr) return;
  EntryHeader header;
  const auto seen = row->check(node, id != nullptr ? id->text : "", catalog, diagnostics, header);
  if (seen) check_round_trip(*seen);
}

void print(const Diagnostics& diagnostics) {
  JsonWriter json;
  json.begin_array();
  for (const Diagnostic& diagnostic : diagnostics.sorted()) {
    ORRERY_REQUIRE(!to_text(diagnostic).empty());
    to_json(diagnostic, json);
  }
  json.end_array();
  Diagnostics none;
  ORRERY_REQUIRE(json.text() == "[]\n" || parse_yaml(std::make_shared<SourceText>("found.json", json.text()), none));
}

void read(const std::string& text) {
  Diagnostics diagnostics;
  if (const auto node = parse(text, diagnostics)) {
    ORRERY_REQUIRE(!diagnostics.has_errors());
    check_round_trip(*node);
    if (const auto scenario = read_record<ScenarioRecord>(*node, diagnostics)) check_record(*scenario);
    read_as_entry(*node, Catalog("catalog"), diagnostics);
  } else {
    ORRERY_REQUIRE(diagnostics.has_errors());
  }
  print(diagnostics);
}

}  // namespace
}  // namespace orrery

/// An ORRERY_CHECK that does not hold ends the process with _Exit, which the fuzzer would not notice.
extern "C" void _Exit(int) noexcept { std::abort(); }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  orrery::read(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
