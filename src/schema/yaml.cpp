#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

#include "orrery/base/file.h"
#include "orrery/schema/node.h"

namespace orrery {
namespace {

constexpr std::size_t kDeepest = 64;

/// Builds our tree from the parser's events. Problems are reported as they are met; building goes
/// on, so that one file's problems come together.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const SourceText> source, Diagnostics& diagnostics)
      : source_(std::move(source)), diagnostics_(diagnostics) {}

  Node take_root() { return std::move(root_); }
  bool has_root() const { return root_.kind != Node::Kind::null; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    Node node;
    node.place = place(mark, 1);
    add(std::move(node), mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    diagnostics_.error("yaml-alias", place(mark, word_length(mark)), "aliases are not supported",
                       "write the value out here");
    Node node;
    node.place = place(mark, 1);
    add(std::move(node), mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    Node node = Node::scalar(value);
    node.quoted = tag == "!";
    node.place = place(mark, scalar_length(mark, value, node.quoted));
    add(std::move(node), mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::mapping, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    std::string key;
    Place key_place;
    bool has_key = false;
    bool drop_next = false;  // the value of a key that was refused
  };

  Place place(const YAML::Mark& mark, int length) const {
    return {source_, mark.line + 1, mark.column + 1, std::max(length, 1)};
  }
  std::string_view rest_of_line(const YAML::Mark& mark) const {
    std::string_view line = source_->line(mark.line + 1);
    return line.substr(std::min(line.size(), static_cast<std::size_t>(std::max(mark.column, 0))));
  }
  int word_length(const YAML::Mark& mark) const {
    return static_cast<int>(std::min(rest_of_line(mark).find_first_of(" ,]}"), rest_of_line(mark).size()));
  }
  int scalar_length(const YAML::Mark& mark, const std::string& value, bool quoted) const {
    const std::size_t length = value.find('\n') == std::string::npos ? value.size() + (quoted ? 2 : 0) : std::string::npos;
    return static_cast<int>(std::min(length, rest_of_line(mark).size()));
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    diagnostics_.error("yaml-alias", place(mark, 1), "anchors are not supported", "remove the '&name' here");
  }

  void open(Node::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    refuse_anchor(mark, anchor);
    if (++depth_ > kDeepest) {
      if (depth_ == kDeepest + 1) {
        diagnostics_.error("too-deep", place(mark, 1), fmt::format("more than {} levels of nesting", kDeepest));
      }
      return;
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = place(mark, 1);
    if (!stack_.empty() && stack_.back().has_key) frame.node.place = stack_.back().key_place;
    stack_.push_back(std::move(frame));
  }

  void close() {
    if (depth_-- > kDeepest) return;
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    attach(std::move(node));
  }

  void add(Node node, const YAML::Mark& mark) {
    if (depth_ > kDeepest) return;
    if (!stack_.empty() && stack_.back().node.kind == Node::Kind::mapping && !stack_.back().has_key) {
      begin_entry(std::move(node), mark);
    } else {
      attach(std::move(node));
    }
  }

  void begin_entry(Node key, const YAML::Mark& mark) {
    Frame& frame = stack_.back();
    frame.has_key = true;
    frame.key = std::move(key.text);
    frame.key_place = key.place;
    frame.drop_next = key.kind != Node::Kind::scalar;
    if (frame.drop_next) return;
    if (frame.key == "<<") {
      diagnostics_.error("yaml-alias", key.place, "merge keys are not supported", "write the keys out here");
      frame.drop_next = true;
      return;
    }
    for (const Node::Entry& entry : frame.node.entries) {
      if (entry.key != frame.key) continue;
      diagnostics_.error("duplicate-key", place(mark, key.place.length), fmt::format("'{}' is given twice", frame.key))
          .notes.push_back({"first given here", entry.place});
      frame.drop_next = true;
      return;
    }
  }

  void attach(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == Node::Kind::sequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {  // a list or a mapping as the key
      diagnostics_.error("wrong-type", node.place, fmt::format("a key must be a word, not {}", kind_phrase(node.kind)));
      frame.has_key = true;
      frame.drop_next = true;
    } else {
      if (!frame.drop_next) frame.node.entries.push_back({std::move(frame.key), frame.key_place, std::move(node)});
      frame.has_key = false;
      frame.drop_next = false;
    }
  }

  std::shared_ptr<const SourceText> source_;
  Diagnostics& diagnostics_;
  Node root_;
  std::vector<Frame> stack_;
  std::size_t depth_ = 0;
};

/// JSON may indent by tabs; block YAML may not, and yaml-cpp would blame another place.
void report_tabs(const std::shared_ptr<const SourceText>& source, Diagnostics& diagnostics) {
  if (source->name().ends_with(".json")) return;
  std::string_view text = source->text();
  for (int line = 1; !text.empty(); ++line) {
    std::string_view row = text.substr(0, text.find('\n'));
    const std::size_t first = row.find_first_not_of(" \t\r");
    const std::size_t tab = row.find('\t');
    if (tab != std::string_view::npos && first != std::string_view::npos && tab < first && row[first] != '#') {
      diagnostics.error("tab-indentation", {source, line, static_cast<int>(tab) + 1, 1}, "a tab is used to indent",
                        "use spaces");
    }
    text.remove_prefix(std::min(text.size(), row.size() + 1));
  }
}

Place place_of(const std::shared_ptr<const SourceText>& source, const YAML::Mark& mark) {
  if (mark.is_null()) return {source, 1, 1, 1};
  return {source, std::min(mark.line + 1, source->line_count()), mark.column + 1, 1};
}

}  // namespace

std::optional<Node> parse_yaml(std::shared_ptr<const SourceText> source, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  report_tabs(source, diagnostics);
  if (diagnostics.error_count() > errors_before) return std::nullopt;

  TreeBuilder builder(source, diagnostics);
  try {
    std::istringstream stream(source->text());
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    if (builder.has_root()) {
      TreeBuilder second(source, diagnostics);
      if (parser.HandleNextDocument(second) && second.has_root()) {
        diagnostics.error("second-document", second.take_root().place, "only one document is read per file",
                          "remove the '---' line, or split the file");
      }
    }
  } catch (const YAML::DeepRecursion& error) {
    if (diagnostics.error_count() == errors_before) {
      diagnostics.error("too-deep", place_of(source, error.mark), fmt::format("more than {} levels of nesting", kDeepest));
    }
  } catch (const YAML::Exception& error) {
    diagnostics.error("invalid-yaml", place_of(source, error.mark), error.msg,
                      "look for a missing space after ':', an unclosed quote or bracket, or a wrong indentation");
  }
  if (diagnostics.error_count() > errors_before) return std::nullopt;
  if (!builder.has_root()) {
    diagnostics.error("empty-file", {source, 0, 0, 0}, "the file holds no content");
    return std::nullopt;
  }
  return builder.take_root();
}

std::optional<Node> parse_yaml_file(const std::string& path, Diagnostics& diagnostics) {
  auto text = read_file(path);
  auto source = std::make_shared<SourceText>(path, text ? std::move(*text) : std::string());
  if (!text) {
    diagnostics.error("unreadable-file", {source, 0, 0, 0}, "cannot read it: " + text.error());
    return std::nullopt;
  }
  return parse_yaml(source, diagnostics);
}

}  // namespace orrery
