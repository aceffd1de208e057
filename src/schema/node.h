#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orrery/base/diagnostic.h"

namespace orrery {

/// One value of a YAML (or JSON) document with its place. Scalars stay text: what they mean is
/// decided by the record that reads them, so that `NO`, `010` or `1e3` are never guessed at.
struct Node {
  enum class Kind { null, scalar, sequence, mapping };
  struct Entry;

  Node();
  Node(const Node&);
  Node(Node&&) noexcept;
  Node& operator=(const Node&);
  Node& operator=(Node&&) noexcept;
  ~Node();

  Kind kind = Kind::null;
  std::string text;            ///< scalars only
  bool quoted = false;         ///< a scalar in quotes
  Place place;                 ///< of the scalar; of the key that holds a sequence or mapping
  std::vector<Node> items;     ///< sequences only
  std::vector<Entry> entries;  ///< mappings only, in the order of the file, keys unique

  static Node scalar(std::string text) {
    Node node;
    node.kind = Kind::scalar;
    node.text = std::move(text);
    return node;
  }
  static Node mapping() {
    Node node;
    node.kind = Kind::mapping;
    return node;
  }
  static Node sequence() {
    Node node;
    node.kind = Kind::sequence;
    return node;
  }

  /// The value of a key of a mapping, or null.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// Appends an entry to a mapping that is being built. Pre: the key is not there yet.
  Node& add(std::string key, Node value);
};

struct Node::Entry {
  std::string key;
  Place place;
  Node value;
};

/// Parses one document and reports every problem of form: invalid-yaml, tab-indentation,
/// duplicate-key, yaml-alias, second-document, too-deep, empty-file.
/// Returns nothing when there were any. JSON is read as the subset of YAML that it is.
std::optional<Node> parse_yaml(const std::shared_ptr<const SourceText>& source, Diagnostics& diagnostics);

/// Reads a file and parses it; unreadable-file in addition to the above.
std::optional<Node> parse_yaml_file(const std::string& path, Diagnostics& diagnostics);

/// YAML text that parses to the same tree: block style, but lists of single values in flow style, wrapped
/// at 110 columns; quotes only where needed.
std::string to_yaml(const Node& node);
/// The same tree as JSON; every scalar is a string, as it is in the tree.
void to_json(const Node& node, JsonWriter& json);

/// A phrase for messages: "a list", "a mapping", "a single value", "nothing".
std::string_view kind_phrase(Node::Kind kind);

}  // namespace orrery
