#include "orrery/schema/types.h"

#include <fmt/format.h>

#include <memory>

#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

bool expect_scalar(const Node& node, std::string_view what, ReadContext& context) {
  if (node.kind == Node::Kind::scalar) return true;
  context.diagnostics.error("wrong-type", node.place,
                            fmt::format("expected {}, found {}", what, kind_phrase(node.kind)));
  return false;
}

bool check_range(double value, const Range& range, const Node& node, ReadContext& context) {
  if (range.contains(value)) return true;
  context.diagnostics.error("out-of-range", node.place,
                            fmt::format("'{}' is outside the range {}", node.text, range.to_text()));
  return false;
}

class TextType final : public Type {
 public:
  bool read(const Node& node, void* value, const Range&, ReadContext& context) const override {
    if (!expect_scalar(node, "a text", context)) return false;
    *static_cast<std::string*>(value) = node.text;
    return true;
  }
  Node write(const void* value) const override { return Node::scalar(*static_cast<const std::string*>(value)); }
  std::string description() const override { return "text"; }
  void schema(JsonWriter& json) const override {
    json.begin_object();
    json.key("type");
    json.begin_array();
    for (const char* type : {"string", "number", "boolean"}) json.value(type);  // an unquoted 2024 is a text too
    json.end_array();
    json.end_object();
  }
};

class BooleanType final : public Type {
 public:
  bool read(const Node& node, void* value, const Range&, ReadContext& context) const override {
    if (!expect_scalar(node, "true or false", context)) return false;
    if (node.text != "true" && node.text != "false") {
      context.diagnostics.error("unknown-name", node.place, fmt::format("'{}' is not true or false", node.text),
                                "write true or false; yes, no, on and off are not accepted");
      return false;
    }
    *static_cast<bool*>(value) = node.text == "true";
    return true;
  }
  Node write(const void* value) const override {
    return Node::scalar(*static_cast<const bool*>(value) ? "true" : "false");
  }
  std::string description() const override { return "true or false"; }
  void schema(JsonWriter& json) const override {
    json.begin_object();
    json.field("type", "boolean");
    json.end_object();
  }
};

/// Whole numbers, signed or not.
template <class Integer>
class IntegerType final : public Type {
 public:
  bool read(const Node& node, void* value, const Range& range, ReadContext& context) const override {
    if (!expect_scalar(node, "a whole number", context)) return false;
    if (std::is_unsigned_v<Integer> && parse_integer(node.text).value_or(0) < 0) {
      context.diagnostics.error("out-of-range", node.place, fmt::format("'{}' must not be negative", node.text));
      return false;
    }
    const auto number = parse(node.text);
    if (!number) {
      context.diagnostics.error("invalid-number", node.place, number.error());
      return false;
    }
    *static_cast<Integer*>(value) = static_cast<Integer>(*number);
    return check_range(static_cast<double>(*number), range, node, context);
  }
  Node write(const void* value) const override {
    return Node::scalar(std::to_string(*static_cast<const Integer*>(value)));
  }
  std::string description() const override { return "whole number"; }
  void schema(JsonWriter& json) const override {
    json.begin_object();
    json.field("type", "integer");
    if constexpr (std::is_unsigned_v<Integer>) json.field("minimum", 0);
    json.end_object();
  }

 private:
  static auto parse(std::string_view text) {
    if constexpr (std::is_unsigned_v<Integer>) {
      return parse_unsigned(text);
    } else {
      return parse_integer(text);
    }
  }
};

class NumberType final : public Type {
 public:
  bool read(const Node& node, void* value, const Range& range, ReadContext& context) const override {
    if (!expect_scalar(node, "a number", context)) return false;
    auto number = parse_number(node.text);
    if (!number) {
      context.diagnostics.error("invalid-number", node.place, number.error());
      return false;
    }
    *static_cast<double*>(value) = *number;
    return check_range(*number, range, node, context);
  }
  Node write(const void* value) const override {
    return Node::scalar(fmt::format("{}", *static_cast<const double*>(value)));
  }
  std::string description() const override { return "number"; }
  void schema(JsonWriter& json) const override {
    json.begin_object();
    json.field("type", "number");
    json.end_object();
  }
};

class QuantityType final : public Type {
 public:
  explicit QuantityType(const Dimension& dimension) : dimension_(dimension) {}

  bool read(const Node& node, void* value, const Range& range, ReadContext& context) const override {
    if (!expect_scalar(node, "a quantity, such as 1.5 " + example_unit(dimension_), context)) return false;
    auto si = parse_quantity(node.text, dimension_);
    if (!si) {
      context.diagnostics.error(code(si.error().kind), node.place, si.error().message, si.error().hint);
      return false;
    }
    *static_cast<double*>(value) = *si;  // a Quantity is one double
    return check_range(*si, range, node, context);
  }
  Node write(const void* value) const override {
    return Node::scalar(format_quantity(*static_cast<const double*>(value), dimension_, kExactDigits));
  }
  std::string description() const override { return "quantity, as in " + example_unit(dimension_); }
  void schema(JsonWriter& json) const override {
    json.begin_object();
    json.field("type", "string");
    const std::string number = "[-+]?[0-9.]+([eE][-+]?[0-9]+)?\\s*";
    json.field("pattern", fmt::format("^\\s*({0}[A-Za-z$/]|\\$\\s*{0}(/|$))", number));
    json.field("description", "a number and a unit, as in 1.5 " + example_unit(dimension_));
    json.end_object();
  }

 private:
  static constexpr int kExactDigits = 15;

  static std::string_view code(UnitError::Kind kind) {
    switch (kind) {
      case UnitError::Kind::not_a_number:
        return "invalid-number";
      case UnitError::Kind::missing_unit:
        return "missing-unit";
      case UnitError::Kind::unknown_unit:
        return "unknown-unit";
      case UnitError::Kind::wrong_dimension:
        return "wrong-unit";
    }
    return "";
  }

  Dimension dimension_;
};
static_assert(sizeof(Seconds) == sizeof(double));

class ReferenceType final : public Type {
 public:
  explicit ReferenceType(std::string_view kind) : kind_(kind) {}

  bool read(const Node& node, void* value, const Range&, ReadContext& context) const override {
    if (!expect_scalar(node, "the " + description(), context)) return false;
    *static_cast<AnyReference*>(value) = {node.text, node.place};
    return true;
  }
  Node write(const void* value) const override { return Node::scalar(static_cast<const AnyReference*>(value)->id); }
  std::string description() const override {
    const bool vowel = std::string_view("aeiou").find(kind_.front()) != std::string_view::npos;
    return fmt::format("id of {} {}", vowel ? "an" : "a", kind_);
  }
  void schema(JsonWriter& json) const override {
    json.begin_object();
    json.field("type", "string");
    json.field("description", description());
    json.end_object();
  }
  void walk(void* value, const std::string& path, RecordWalker& walker) const override {
    walker.reference(path, kind_, *static_cast<AnyReference*>(value));
  }

 private:
  std::string_view kind_;
};

}  // namespace

const Type& text_type() {
  static const TextType type;
  return type;
}
const Type& boolean_type() {
  static const BooleanType type;
  return type;
}
const Type& integer_type() {
  static const IntegerType<std::int64_t> type;
  return type;
}
const Type& unsigned_type() {
  static const IntegerType<std::uint64_t> type;
  return type;
}
const Type& number_type() {
  static const NumberType type;
  return type;
}

std::unique_ptr<const Type> make_quantity_type(const Dimension& dimension) {
  return std::make_unique<QuantityType>(dimension);
}
std::unique_ptr<const Type> make_reference_type(std::string_view kind) { return std::make_unique<ReferenceType>(kind); }

bool EnumTypeBase::read(const Node& node, void* value, const Range&, ReadContext& context) const {
  if (!expect_scalar(node, description(), context)) return false;
  std::vector<std::string> names;
  for (const auto& row : words_.rows) {
    if (row.name == node.text) {
      set(value, row.value);
      return true;
    }
    names.emplace_back(row.name);
  }
  std::string hint = did_you_mean(node.text, names);
  context.diagnostics.error("unknown-name", node.place,
                            fmt::format("'{}' is not one of: {}", node.text, fmt::join(names, ", ")), hint);
  return false;
}

Node EnumTypeBase::write(const void* value) const {
  for (const auto& row : words_.rows) {
    if (row.value == get(value)) return Node::scalar(std::string(row.name));
  }
  return Node::scalar("?");
}

std::string EnumTypeBase::description() const {
  std::string text = "one of";
  for (const auto& row : words_.rows) text += fmt::format("{} {}", &row == &words_.rows.front() ? "" : ",", row.name);
  return text;
}

void EnumTypeBase::schema(JsonWriter& json) const {
  json.begin_object();
  json.key("enum");
  json.begin_array();
  for (const auto& row : words_.rows) json.value(row.name);
  json.end_array();
  json.end_object();
}

bool expect_kind(const Node& node, Node::Kind kind, ReadContext& context) {
  if (node.kind == kind) return true;
  context.diagnostics.error("wrong-type", node.place,
                            fmt::format("expected {}, found {}", kind_phrase(kind), kind_phrase(node.kind)));
  return false;
}

namespace {

const std::vector<std::string>& sourced_keys() {
  static const std::vector<std::string> keys = {"value", "status", "source", "note"};
  return keys;
}

}  // namespace

bool read_sourced(const Node& node, const Type& inner, void* value, Attribution& attribution, const Range& range,
                  ReadContext& context) {
  attribution.place = node.place;
  if (node.kind != Node::Kind::mapping) return inner.read(node, value, range, context);
  bool good = true;
  const Node* value_node = nullptr;
  for (const Node::Entry& entry : node.entries) {
    if (entry.key == "value") {
      value_node = &entry.value;
    } else if (entry.key == "status") {
      good &= type_of<Status>().read(entry.value, &attribution.status.emplace(), {}, context);
    } else if (entry.key == "source") {
      good &= text_type().read(entry.value, &attribution.source, {}, context);
      attribution.source_place = entry.value.place;
    } else if (entry.key == "note") {
      good &= text_type().read(entry.value, &attribution.note, {}, context);
    } else {
      context.diagnostics.error("unknown-key", entry.place,
                                fmt::format("'{}' is not a field of a sourced value", entry.key),
                                did_you_mean(entry.key, sourced_keys()));
      good = false;
    }
  }
  if (value_node == nullptr) {
    context.diagnostics.error("missing-key", node.place, "'value' is missing from a sourced value");
    return false;
  }
  attribution.place = value_node->place;
  return inner.read(*value_node, value, range, context) && good;
}

Node write_sourced(Node value, const Attribution& attribution) {
  if (!attribution.status && attribution.source.empty() && attribution.note.empty()) return value;
  Node node = Node::mapping();
  node.add("value", std::move(value));
  if (attribution.status) node.add("status", Node::scalar(std::string(enum_name(*attribution.status))));
  if (!attribution.source.empty()) node.add("source", Node::scalar(attribution.source));
  if (!attribution.note.empty()) node.add("note", Node::scalar(attribution.note));
  return node;
}

void sourced_schema(JsonWriter& json, const Type& inner) {
  json.begin_object();
  json.key("anyOf");
  json.begin_array();
  inner.schema(json);
  json.begin_object();
  json.field("type", "object");
  json.field("additionalProperties", false);
  json.key("required");
  json.begin_array();
  json.value("value");
  json.end_array();
  json.key("properties");
  json.begin_object();
  json.key("value");
  inner.schema(json);
  json.key("status");
  type_of<Status>().schema(json);
  for (const char* key : {"source", "note"}) {
    json.key(key);
    text_type().schema(json);
  }
  json.end_object();
  json.end_object();
  json.end_array();
  json.end_object();
}

void list_schema(JsonWriter& json, const Type& item) {
  json.begin_object();
  json.field("type", "array");
  json.key("items");
  item.schema(json);
  json.end_object();
}

void named_list_schema(JsonWriter& json, const Type& item) {
  json.begin_object();
  json.field("type", "object");
  json.key("additionalProperties");
  item.schema(json);
  json.end_object();
}

void write_schema_reference(JsonWriter& json, std::string_view name) {
  json.begin_object();
  json.field("$ref", fmt::format("#/$defs/{}", name));
  json.end_object();
}

}  // namespace orrery
