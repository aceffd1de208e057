#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "example_record.h"
#include "orrery/schema/type_graph.h"
#include "yaml_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The schema, read back: JSON is YAML.
Node example_schema() {
  Diagnostics diagnostics;
  auto node = parse_text(json_schema(record_type<ExampleRecord>(), "Orrery example"), diagnostics, "schema.json");
  EXPECT_THAT(findings(diagnostics), IsEmpty());
  return node ? std::move(*node) : Node::mapping();
}

const Node& at(const Node& node, std::initializer_list<std::string_view> keys) {
  static const Node kNothing;
  const Node* below = &node;
  for (std::string_view key : keys) {
    below = below->find(key);
    if (below == nullptr) {
      ADD_FAILURE() << "no '" << key << "'";
      return kNothing;
    }
  }
  return *below;
}

std::vector<std::string> texts(const Node& list) {
  std::vector<std::string> all;
  for (const Node& item : list.items) all.push_back(item.text);
  return all;
}

/// The schema of a field's value: {"description": ..., "allOf": [schema]}.
const Node& value_of(const Node& schema, std::string_view record, std::string_view key) {
  return at(schema, {"$defs", record, "properties", key, "allOf"}).items.at(0);
}

TEST(JsonSchema, TheDocumentNamesItsDialectAndItsRoot) {
  const Node schema = example_schema();
  EXPECT_EQ(at(schema, {"$schema"}).text, "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(at(schema, {"title"}).text, "Orrery example");
  EXPECT_EQ(at(schema, {"$ref"}).text, "#/$defs/Example");
}

TEST(JsonSchema, PropertiesAndRequiredAreTheFieldsOfEveryRecord) {
  const Node schema = example_schema();
  const auto records = records_reached_from(record_type<ExampleRecord>());
  ASSERT_EQ(records.size(), 2);
  EXPECT_EQ(at(schema, {"$defs"}).entries.size(), records.size());
  for (const RecordType* record : records) {
    const Node& definition = at(schema, {"$defs", record->name});
    EXPECT_EQ(at(definition, {"type"}).text, "object");
    EXPECT_EQ(at(definition, {"additionalProperties"}).text, "false");
    std::vector<std::string> required;
    for (const Field& field : record->fields) {
      if (field.required) required.emplace_back(field.key);
    }
    EXPECT_EQ(texts(at(definition, {"required"})), required);
    std::vector<std::string> properties;
    for (const auto& entry : at(definition, {"properties"}).entries) properties.push_back(entry.key);
    EXPECT_EQ(properties, record->keys());
  }
}

TEST(JsonSchema, EveryReferenceLeadsToADefinition) {
  const std::string text = json_schema(record_type<ExampleRecord>(), "Orrery example");
  const Node schema = example_schema();
  const std::regex reference("\"#/\\$defs/([A-Za-z]+)\"");
  int found = 0;
  for (std::sregex_iterator it(text.begin(), text.end(), reference), end; it != end; ++it, ++found) {
    EXPECT_NE(at(schema, {"$defs"}).find((*it)[1].str()), nullptr) << (*it)[1];
  }
  EXPECT_EQ(found, 4);  // the root, part, parts, by_name
}

TEST(JsonSchema, EveryTypeOfValueIsDescribed) {
  const Node schema = example_schema();
  EXPECT_THAT(texts(at(value_of(schema, "Example", "text"), {"type"})), ElementsAre("string", "number", "boolean"));
  EXPECT_EQ(at(value_of(schema, "Example", "flag"), {"type"}).text, "boolean");
  EXPECT_EQ(at(value_of(schema, "Example", "count"), {"type"}).text, "integer");
  EXPECT_EQ(at(value_of(schema, "Example", "seed"), {"minimum"}).text, "0");
  EXPECT_EQ(at(value_of(schema, "Example", "ratio"), {"type"}).text, "number");
  EXPECT_THAT(texts(at(value_of(schema, "Example", "colour"), {"enum"})), ElementsAre("red", "green", "blue"));
  EXPECT_EQ(at(value_of(schema, "Example", "bandwidth"), {"type"}).text, "string");
  EXPECT_EQ(at(value_of(schema, "Example", "thing"), {"type"}).text, "string");
  EXPECT_EQ(at(value_of(schema, "Example", "part"), {"$ref"}).text, "#/$defs/Part");
  EXPECT_EQ(at(value_of(schema, "Example", "list"), {"items", "type"}).text, "integer");
  EXPECT_EQ(at(value_of(schema, "Example", "parts"), {"items", "$ref"}).text, "#/$defs/Part");
  EXPECT_EQ(at(value_of(schema, "Example", "by_name"), {"additionalProperties", "$ref"}).text, "#/$defs/Part");
}

TEST(JsonSchema, ASourcedValueIsPlainOrLong) {
  const Node schema = example_schema();
  const Node& choices = at(value_of(schema, "Example", "factor"), {"anyOf"});
  ASSERT_EQ(choices.items.size(), 2);
  EXPECT_EQ(at(choices.items[0], {"type"}).text, "number");
  EXPECT_EQ(at(choices.items[1], {"type"}).text, "object");
  EXPECT_EQ(at(choices.items[1], {"additionalProperties"}).text, "false");
  EXPECT_THAT(texts(at(choices.items[1], {"required"})), ElementsAre("value"));
  std::vector<std::string> keys;
  for (const auto& entry : at(choices.items[1], {"properties"}).entries) keys.push_back(entry.key);
  EXPECT_THAT(keys, ElementsAre("value", "status", "source", "note"));
}

TEST(JsonSchema, TheHelpOfAFieldIsItsDescription) {
  const Node schema = example_schema();
  EXPECT_EQ(at(schema, {"$defs", "Example", "properties", "bandwidth", "description"}).text,
            "How fast (quantity, as in TB/s)");
}

TEST(JsonSchema, ThePatternOfQuantitiesAgreesWithTheReader) {
  const Node schema = example_schema();
  const std::regex pattern(at(value_of(schema, "Example", "bandwidth"), {"pattern"}).text);
  for (const char* good : {"3.35 TB/s", "3TB/s", "1e3 GB/s", "1.5e+3 GB/s", " 5 GB/s", "+5 GB/s", ".5 TB/s"}) {
    EXPECT_TRUE(parse_quantity(good, dimension_of(BytesPerSecond()))) << good;
    EXPECT_TRUE(std::regex_search(good, pattern)) << good;
  }
  EXPECT_TRUE(std::regex_search("$2.10/h", pattern));
  EXPECT_TRUE(std::regex_search("$70000", pattern));
  EXPECT_FALSE(std::regex_search("$70000x", pattern));
  for (const char* bad : {"3.35", "TB/s", "", "nan TB/s", "-", "1,000 GB/s"}) {
    EXPECT_FALSE(parse_quantity(bad, dimension_of(BytesPerSecond()))) << bad;
    EXPECT_FALSE(std::regex_search(bad, pattern)) << bad;
  }
}

}  // namespace
}  // namespace orrery
