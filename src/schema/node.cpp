#include "orrery/schema/node.h"

#include <algorithm>
#include <cctype>

#include "orrery/base/json_writer.h"
#include "orrery/base/result.h"

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
    case Node::Kind::null: return "nothing";
    case Node::Kind::scalar: return "a single value";
    case Node::Kind::sequence: return "a list";
    case Node::Kind::mapping: return "a mapping";
  }
  return "";
}

namespace {

bool needs_quotes(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ') return true;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`~").find(text.front()) != std::string_view::npos) {
    const bool plain_dash = text.front() == '-' && text.size() > 1 && text[1] != ' ';
    if (!plain_dash) return true;
  }
  if (text == "null" || text == "Null" || text == "NULL") return true;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos || text.back() == ':') {
    return true;
  }
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }) ||
         text.find("\xef\xbb\xbf") != std::string_view::npos;  // as the first of a file, it would be taken away
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

void append_block(std::string& out, const Node& node, std::size_t indent) {
  const std::string margin(indent, ' ');
  for (const Node::Entry& entry : node.entries) {
    out += margin;
    append_scalar(out, entry.key);
    out += ':';
    const bool block = (entry.value.kind == Node::Kind::mapping && !entry.value.entries.empty()) ||
                       (entry.value.kind == Node::Kind::sequence && !entry.value.items.empty());
    if (is_list_of_scalars(entry.value)) {
      out += ' ';
      append_flow(out, entry.value, indent + 2);
    } else if (block) {
      out += '\n';
      append_block(out, entry.value, indent + 2);
    } else if (entry.value.kind == Node::Kind::scalar) {
      out += ' ';
      append_scalar(out, entry.value.text);
      out += '\n';
    } else {
      out += entry.value.kind == Node::Kind::mapping ? " {}\n" : entry.value.kind == Node::Kind::sequence ? " []\n" : "\n";
    }
  }
  for (const Node& item : node.items) {
    std::string text;
    if (item.kind == Node::Kind::scalar) {
      append_scalar(text, item.text);
      text += '\n';
    } else if (is_list_of_scalars(item)) {
      append_flow(text, item, indent + 2);
    } else {
      append_block(text, item, indent + 2);
      text.erase(0, std::min(text.size(), indent + 2));
    }
    out += margin + "- " + text;
  }
}

}  // namespace

std::string to_yaml(const Node& node) {
  std::string out;
  append_block(out, node, 0);
  return out;
}

void to_json(const Node& node, JsonWriter& json) {
  switch (node.kind) {
    case Node::Kind::null: json.null(); break;
    case Node::Kind::scalar: json.value(node.text); break;
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
