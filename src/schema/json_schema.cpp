#include <algorithm>

#include "orrery/base/json_writer.h"
#include "orrery/schema/type.h"
#include "orrery/schema/type_graph.h"

namespace orrery {
namespace {

/// The type's own schema with the field's help as its description.
void write_property(const Field& field, JsonWriter& json) {
  json.key(field.key);
  json.begin_object();
  json.field("description", std::string(field.help) + " (" + field.type->description() + ")");
  json.key("allOf");
  json.begin_array();
  field.type->schema(json);
  json.end_array();
  json.end_object();
}

void write_record_schema(const RecordType& record, JsonWriter& json) {
  json.begin_object();
  json.field("type", "object");
  json.field("description", record.help);
  json.field("additionalProperties", false);
  json.key("required");
  json.begin_array();
  for (const Field& field : record.fields) {
    if (field.required) json.value(field.key);
  }
  json.end_array();
  json.key("properties");
  json.begin_object();
  for (const Field& field : record.fields) write_property(field, json);
  json.end_object();
  json.end_object();
}

}  // namespace

std::string json_schema(const RecordType& record, std::string_view title) {
  JsonWriter json;
  json.begin_object();
  json.field("$schema", "https://json-schema.org/draft/2020-12/schema");
  json.field("title", title);
  json.field("$ref", "#/$defs/" + std::string(record.name));
  json.key("$defs");
  json.begin_object();
  for (const RecordType* reached : records_reached_from(record)) {
    json.key(reached->name);
    write_record_schema(*reached, json);
  }
  json.end_object();
  json.end_object();
  return json.text();
}

}  // namespace orrery
