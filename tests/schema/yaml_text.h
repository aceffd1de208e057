#pragma once

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orrery/base/diagnostic.h"
#include "orrery/schema/visit.h"

namespace orrery {

/// One line per finding, as in "2:5+8 unknown-key: message | hint": line, column, length, code.
/// A whole file has line 0.
inline std::vector<std::string> findings(const Diagnostics& diagnostics) {
  std::vector<std::string> lines;
  for (const Diagnostic& d : diagnostics.sorted()) {
    std::string line = fmt::format("{}:{}+{} {}: {}", d.place.line, d.place.column, d.place.length, d.code, d.message);
    if (!d.hint.empty()) line += " | " + d.hint;
    for (const DiagnosticNote& note : d.notes) {
      line += fmt::format(" ({}:{} {})", note.place.line, note.place.column, note.message);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

inline std::optional<Node> parse_text(std::string text, Diagnostics& diagnostics, std::string name = "test.yaml") {
  return parse_yaml(std::make_shared<SourceText>(std::move(name), std::move(text)), diagnostics);
}

/// The findings of reading a text as YAML.
inline std::vector<std::string> parse_findings(std::string text, std::string name = "test.yaml") {
  Diagnostics diagnostics;
  const auto node = parse_text(std::move(text), diagnostics, std::move(name));
  auto lines = findings(diagnostics);
  if (node.has_value() != lines.empty()) lines.emplace_back("a tree must come back just when nothing is wrong");
  return lines;
}

/// The tree of a text without problems.
inline Node good_tree(std::string text) {
  Diagnostics diagnostics;
  auto node = parse_text(std::move(text), diagnostics);
  for (const std::string& line : findings(diagnostics)) ADD_FAILURE() << line;
  return node ? std::move(*node) : Node();
}

/// The findings of reading a text as a record.
template <class R>
std::vector<std::string> read_findings(std::string text) {
  Diagnostics diagnostics;
  const auto node = parse_text(std::move(text), diagnostics);
  if (!node) return findings(diagnostics);
  const auto record = read_record<R>(*node, diagnostics);
  auto lines = findings(diagnostics);
  if (record.has_value() != lines.empty()) lines.emplace_back("a record must come back just when nothing is wrong");
  return lines;
}

/// The record of a text without problems.
template <class R>
R good_record(std::string text) {
  Diagnostics diagnostics;
  const Node node = good_tree(std::move(text));
  auto record = read_record<R>(node, diagnostics);
  for (const std::string& line : findings(diagnostics)) ADD_FAILURE() << line;
  return record ? std::move(*record) : R{};
}

/// Whether two trees hold the same, wherever they were read from.
inline bool same_tree(const Node& a, const Node& b) {
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

}  // namespace orrery
