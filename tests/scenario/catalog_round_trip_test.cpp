// What is read of the catalog and of the shipped scenarios is written, read and written again without change.
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "orrery/scenario/catalog.h"
#include "orrery/scenario/scenario_record.h"
#include "orrery/schema/type_graph.h"

namespace orrery {
namespace {

const std::string kRoot = ORRERY_SOURCE_DIR;

std::optional<Node> parse_text(const std::string& text, const std::string& name) {
  Diagnostics diagnostics;
  auto node = parse_yaml(std::make_shared<SourceText>(name, text), diagnostics);
  for (const Diagnostic& one : diagnostics.sorted()) ADD_FAILURE() << to_text(one);
  return node;
}

/// The entry as a reader sees it, with every status and source filled in.
std::optional<Node> seen(const CatalogKind& kind, const std::string& id, const Node& node, const Catalog& catalog) {
  Diagnostics diagnostics;
  EntryHeader header;
  auto written = kind.check(node, id, catalog, diagnostics, header);
  for (const Diagnostic& one : diagnostics.sorted()) ADD_FAILURE() << to_text(one);
  return written;
}

TEST(CatalogRoundTrip, EveryEntryIsWrittenAsItReads) {
  const Catalog catalog(kRoot + "/catalog");
  int entries = 0;
  for (const CatalogKind& kind : catalog_kinds()) {
    for (const std::string& id : catalog.ids(kind.name)) {
      SCOPED_TRACE(catalog.path_of(kind.name, id));
      ++entries;
      Diagnostics diagnostics;
      const auto node = parse_yaml_file(catalog.path_of(kind.name, id), diagnostics);
      ASSERT_TRUE(node);
      const auto first = seen(kind, id, *node, catalog);
      ASSERT_TRUE(first);
      const std::string text = to_yaml(*first);
      const auto again = parse_text(text, id);
      ASSERT_TRUE(again);
      EXPECT_EQ(to_yaml(*again), text);
      const auto second = seen(kind, id, *again, catalog);
      ASSERT_TRUE(second);
      EXPECT_EQ(to_yaml(*second), text);
    }
  }
  EXPECT_GT(entries, 50);
}

TEST(CatalogRoundTrip, EveryShippedScenarioIsWrittenAsItReads) {
  int scenarios = 0;
  for (const auto& file : std::filesystem::directory_iterator(kRoot + "/scenarios")) {
    if (file.path().extension() != ".yaml") continue;
    SCOPED_TRACE(file.path().string());
    ++scenarios;
    Diagnostics diagnostics;
    const auto node = parse_yaml_file(file.path().string(), diagnostics);
    ASSERT_TRUE(node);
    const auto first = read_record<ScenarioRecord>(*node, diagnostics);
    ASSERT_TRUE(first);
    const std::string text = to_yaml(write_record(*first));
    const auto again = parse_text(text, "again.yaml");
    ASSERT_TRUE(again);
    const auto second = read_record<ScenarioRecord>(*again, diagnostics);
    ASSERT_TRUE(second);
    EXPECT_EQ(to_yaml(write_record(*second)), text);
  }
  EXPECT_GT(scenarios, 0);
}

/// Collects what every "$ref" of a schema names.
void collect_references(const Node& node, std::vector<std::string>& names) {
  for (const Node& item : node.items) collect_references(item, names);
  for (const Node::Entry& entry : node.entries) {
    if (entry.key == "$ref") names.push_back(entry.value.text);
    collect_references(entry.value, names);
  }
}

void expect_sound_schema(const RecordType& record) {
  SCOPED_TRACE(record.name);
  const auto schema = parse_text(json_schema(record, "title"), "schema.json");  // JSON is YAML
  ASSERT_TRUE(schema);
  std::vector<std::string> references;
  collect_references(*schema, references);
  EXPECT_FALSE(references.empty());
  for (const std::string& reference : references) {
    ASSERT_TRUE(reference.starts_with("#/$defs/")) << reference;
    EXPECT_NE(schema->find("$defs")->find(reference.substr(8)), nullptr) << reference;
  }
  for (const RecordType* reached : records_reached_from(record)) {
    const Node* properties = schema->find("$defs")->find(reached->name)->find("properties");
    ASSERT_EQ(properties->entries.size(), reached->fields.size());
    for (const Field& field : reached->fields) EXPECT_NE(properties->find(field.key), nullptr) << field.key;
  }
}

TEST(CatalogRoundTrip, TheSchemaOfEveryKindHoldsEveryKey) {
  for (const CatalogKind& kind : catalog_kinds()) expect_sound_schema(kind.record());
  expect_sound_schema(record_type<ScenarioRecord>());
}

/// Records of one name would overwrite each other in a schema's $defs.
TEST(CatalogRoundTrip, NoTwoRecordsShareAName) {
  std::vector<const RecordType*> all = records_reached_from(record_type<ScenarioRecord>());
  for (const CatalogKind& kind : catalog_kinds()) {
    for (const RecordType* record : records_reached_from(kind.record())) all.push_back(record);
  }
  for (const RecordType* a : all) {
    for (const RecordType* b : all) EXPECT_TRUE(a == b || a->name != b->name) << a->name;
  }
}

}  // namespace
}  // namespace orrery
