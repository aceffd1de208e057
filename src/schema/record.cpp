#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/nearest_name.h"
#include "orrery/schema/type.h"

namespace orrery {

std::string Range::to_text() const {
  const auto show = [&](double value) {
    return dimension == Dimension{} ? fmt::format("{}", value) : format_quantity(value, dimension);
  };
  if (high == std::numeric_limits<double>::infinity()) return "at least " + show(low);
  return show(low) + " to " + show(high);
}

std::vector<std::string> RecordType::keys() const {
  std::vector<std::string> names;
  for (const Field& field : fields) names.emplace_back(field.key);
  return names;
}

bool RecordType::read(const Node& node, void* record, ReadContext& context) const {
  if (place_offset >= 0) *reinterpret_cast<Place*>(static_cast<char*>(record) + place_offset) = node.place;
  if (node.kind != Node::Kind::mapping) {
    context.diagnostics.error("wrong-type", node.place,
                              fmt::format("expected a mapping ({}), found {}", name, kind_phrase(node.kind)));
    return false;
  }
  KeyPlaces* places = nullptr;
  if (key_places_offset >= 0) places = reinterpret_cast<KeyPlaces*>(static_cast<char*>(record) + key_places_offset);
  bool good = true;
  for (const Field& field : fields) {
    const Node* value = node.find(field.key);
    if (value != nullptr && value->kind == Node::Kind::null && context.ignore_unknown_keys) value = nullptr;
    if (value != nullptr) {
      if (places != nullptr) places->emplace_back(field.key, value->place);
      good &= field.type->read(*value, field.in(record), field.range, context);
    } else if (field.required) {
      context.diagnostics.error("missing-key", node.place, fmt::format("'{}' is missing from {}", field.key, name),
                                fmt::format("{}: {} ({})", field.key, field.help, field.type->description()));
      good = false;
    }
  }
  if (context.ignore_unknown_keys) return good;
  for (const Node::Entry& entry : node.entries) {
    const bool known = std::any_of(fields.begin(), fields.end(), [&](const Field& f) { return f.key == entry.key; });
    if (known) continue;
    std::string hint = did_you_mean(entry.key, keys());
    if (hint.empty()) hint = fmt::format("known here: {}", fmt::join(keys(), ", "));
    context.diagnostics.error("unknown-key", entry.place, fmt::format("'{}' is not a field of {}", entry.key, name),
                              hint);
    good = false;
  }
  return good;
}

Node RecordType::write(const void* record) const {
  Node node = Node::mapping();
  for (const Field& field : fields) {
    const void* value = field.in(record);
    if (!field.required && field.type->is_absent(value)) continue;
    node.add(std::string(field.key), field.type->write(value));
  }
  return node;
}

void RecordType::walk(void* record, const std::string& path, RecordWalker& walker) const {
  for (const Field& field : fields) {
    const std::string below = path.empty() ? std::string(field.key) : path + "." + std::string(field.key);
    field.type->walk(field.in(record), below, walker);
  }
}

}  // namespace orrery
