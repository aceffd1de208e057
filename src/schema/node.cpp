#include "orrery/schema/node.h"

#include <algorithm>

#include "orrery/base/json_writer.h"
#include "orrery/base/result.h"
#include "orrery/base/utf8.h"

namespace orrery {

Node::Node() = default;
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;
Node::~Node() = default;

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

Node& Node::add(std::string key, Node value) {
  ORRERY_CHECK(kind == Kind::mapping && std::as_const(*this).find(key) == nullptr);
  entries.push_back({std::move(key), {}, std::move(value)});
  return entries.back().value;
}

std::string_view kind_phrase(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::mapping:
      return "a mapping";
  }
  return "";
}

namespace {

constexpr char32_t kByteOrderMark = 0xFEFF;  // as the first of a file, it would be taken away
constexpr char32_t kLineSeparator = 0x2028;
constexpr char32_t kParagraphSeparator = 0x2029;

/// Whether a plain scalar could not hold it, since it means something there.
bool needs_quotes(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':') return true;
  const bool is_negative = text.front() == '-' && text.size() > 1 && text[1] >= '0' && text[1] <= '9';
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`~").find(text.front()) != std::string_view::npos && !is_negative)
    return true;
  if (text == "null" || text == "Null" || text == "NULL" || text.starts_with("...")) return true;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return true;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = utf8_character(text, i);
    if (is_control(character.code) || character.code == kByteOrderMark || character.code == kLineSeparator ||
        character.code == kParagraphSeparator) {
      return true;
    }
    i += character.bytes;
  }
  return false;
}

enum class Style { block, flow };

void append_scalar(std::string& out, std::string_view text, Style style = Style::block) {
  const bool ends_flow = style == Style::flow && text.find_first_of(",[]{}:") != std::string_view::npos;
  if (!needs_quotes(text) && !ends_flow) {
    out += text;
    return;
  }
  JsonWriter json;  // a JSON string is a YAML double-quoted scalar
  json.value(text);
  out += json.text();
}

bool is_list_of_scalars(const Node& node) {
  return node.kind == Node::Kind::sequence && !node.items.empty() &&
         std::all_of(node.items.begin(), node.items.end(),
                     [](const Node& item) { return item.kind == Node::Kind::scalar; });
}

/// Appends "[1, 2, 3]" to a line that is begun; what does not fit goes on in lines indented by `indent`.
void append_flow(std::string& out, const Node& list, std::size_t indent) {
  constexpr std::size_t kWidth = 110;
  std::size_t line_start = out.rfind('\n') + 1;  // 0 where there is none
  out += '[';
  for (const Node& item : list.items) {
    const bool first = &item == &list.items.front();
    std::string text;
    append_scalar(text, item.text, Style::flow);
    text += &item == &list.items.back() ? ']' : ',';
    if (!first && out.size() - line_start + 1 + text.size() > kWidth) {
      out += '\n';
      line_start = out.size();
      out.append(indent, ' ');
    } else if (!first) {
      out += ' ';
    }
    out += text;
  }
  out += '\n';
}

/// Whether a value goes on in lines of its own below its key.
bool is_block(const Node& node) {
  return (node.kind == Node::Kind::mapping && !node.entries.empty()) ||
         (node.kind == Node::Kind::sequence && !node.items.empty() && !is_list_of_scalars(node));
}

/// A value that is not a block, and the end of its line. `indent` is where a long list goes on.
void append_line(std::string& out, const Node& node, std::size_t indent) {
  if (is_list_of_scalars(node)) {
    append_flow(out, node, indent);
    return;
  }
  switch (node.kind) {
    case Node::Kind::null:
      out += "null";
      break;
    case Node::Kind::scalar:
      append_scalar(out, node.text);
      break;
    case Node::Kind::sequence:
      out += "[]";
      break;
    case Node::Kind::mapping:
      out += "{}";
      break;
  }
  out += '\n';
}

/// Pre: is_block(node).
void append_block(std::string& out, const Node& node, std::size_t indent) {
  constexpr std::size_t kStep = 2;
  const std::string margin(indent, ' ');
  for (const Node::Entry& entry : node.entries) {
    out += margin;
    append_scalar(out, entry.key);
    out += ':';
    if (is_block(entry.value)) {
      out += '\n';
      append_block(out, entry.value, indent + kStep);
    } else {
      out += ' ';
      append_line(out, entry.value, indent + kStep);
    }
  }
  for (const Node& item : node.items) {
    out += margin + "- ";
    if (is_block(item)) {
      std::string below;
      append_block(below, item, indent + kStep);
      out += std::string_view(below).substr(indent + kStep);  // its first line goes on in this one
    } else {
      append_line(out, item, indent + kStep);
    }
  }
}

}  // namespace

std::string to_yaml(const Node& node) {
  std::string out;
  if (is_block(node)) {
    append_block(out, node, 0);
  } else {
    append_line(out, node, 2);
  }
  return out;
}

void to_json(const Node& node, JsonWriter& json) {
  switch (node.kind) {
    case Node::Kind::null:
      json.null();
      break;
    case Node::Kind::scalar:
      json.value(node.text);
      break;
    case Node::Kind::sequence:
      json.begin_array();
      for (const Node& item : node.items) to_json(item, json);
      json.end_array();
      break;
    case Node::Kind::mapping:
      json.begin_object();
      for (const Node::Entry& entry : node.entries) {
        json.key(entry.key);
        to_json(entry.value, json);
      }
      json.end_object();
      break;
  }
}

}  // namespace orrery
