#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_map>

#include "orrery/base/file.h"
#include "orrery/base/utf8.h"
#include "orrery/schema/node.h"
#include "orrery/schema/yaml_problem.h"

namespace orrery {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongestKey = 128;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// The parser does not count a byte-order mark.

/// From 1, in bytes of the line.
int column_of(const SourceText& source, const YAML::Mark& mark) {
  const bool hidden = mark.line == 0 && source.text().starts_with(kByteOrderMark);
  return mark.column + 1 + (hidden ? static_cast<int>(kByteOrderMark.size()) : 0);
}
/// In bytes of the whole text.
std::size_t index_of(const SourceText& source, const YAML::Mark& mark) {
  const std::size_t hidden = source.text().starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  return static_cast<std::size_t>(std::max(mark.pos, 0)) + hidden;
}

/// Builds our tree from the parser's events. Problems are reported as they are met; building goes
/// on, so that one file's problems come together.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const SourceText> source, Diagnostics& diagnostics)
      : source_(std::move(source)), diagnostics_(diagnostics) {}

  Node take_root() { return std::move(root_); }
  bool has_root() const { return root_.kind != Node::Kind::null; }
  const Place& root_place() const { return root_.place; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    if (stack_.empty()) refuse_what_begins_nothing(mark);
    Node node;
    node.place = null_place(mark);
    add(std::move(node), mark);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    const bool merges = !stack_.empty() && stack_.back().has_key && stack_.back().key == "<<";  // reported at the key
    if (!merges) {
      diagnostics_.error("yaml-alias", place(mark, word_length(mark)), "aliases are not supported",
                         "write the value out here");
    }
    Node node = Node::scalar(fmt::format("*{}", mark.pos));  // no other key is like it
    node.place = place(mark, 1);
    add(std::move(node), mark);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    Node node = Node::scalar(value);
    node.quoted = tag == "!";
    if (node.quoted) refuse_open_quote(mark);
    node.place = place(mark, scalar_length(mark, value, node.quoted));
    add(std::move(node), mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(Node::Kind::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_tag(mark, tag);
    open(Node::Kind::mapping, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    std::unordered_map<std::string, Place> places;  // of the keys so far
    std::string key;
    Place key_place;
    bool has_key = false;
    bool drop_next = false;  // the value of a key that was refused
  };

  Place place(const YAML::Mark& mark, int length) const {
    return {source_, mark.line + 1, column_of(*source_, mark), std::max(length, 1)};
  }
  std::string_view rest_of_line(const YAML::Mark& mark) const {
    std::string_view line = source_->line(mark.line + 1);
    return line.substr(std::min(line.size(), static_cast<std::size_t>(std::max(column_of(*source_, mark) - 1, 0))));
  }
  int word_length(const YAML::Mark& mark) const {
    return static_cast<int>(std::min(rest_of_line(mark).find_first_of(" ,]}"), rest_of_line(mark).size()));
  }
  int scalar_length(const YAML::Mark& mark, const std::string& value, bool quoted) const {
    const std::size_t length =
        value.find('\n') == std::string::npos ? value.size() + (quoted ? 2 : 0) : std::string::npos;
    return static_cast<int>(std::min(length, rest_of_line(mark).size()));
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor == YAML::NullAnchor) return;
    diagnostics_.error("yaml-alias", place(mark, 1), "anchors are not supported", "remove the '&name' here");
  }

  /// "?" and "!" are what the parser itself gives to plain and quoted values.
  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    const bool is_own = tag == "!" && source_->text()[index_of(*source_, mark)] != '!';
    if (tag.empty() || tag == "?" || is_own) return;
    diagnostics_.error("yaml-alias", place(mark, 1), "tags are not supported",
                       "remove the '!name' here: what a value is follows from its key");
  }

  /// At a bracket or comma that nothing opened, the parser sees an empty document, again and again.
  void refuse_what_begins_nothing(const YAML::Mark& mark) {
    const std::string_view rest =
        std::string_view(source_->text()).substr(std::min(index_of(*source_, mark), source_->text().size()));
    if (rest.empty() || std::string_view(",]}:?").find(rest.front()) == std::string_view::npos) return;
    diagnostics_.error("invalid-yaml", place(mark, 1), "no value can begin like this", "put the text in quotes");
  }

  /// The parser takes the end of the file for a quote.
  void refuse_open_quote(const YAML::Mark& mark) {
    const std::string_view text = source_->text();
    const char quote = text[index_of(*source_, mark)];
    if (quote != '"' && quote != '\'') return;  // a block scalar, which the parser tags alike
    std::size_t i = index_of(*source_, mark) + 1;
    for (; i < text.size(); ++i) {
      const bool escaped = quote == '"' ? text[i] == '\\' : text[i] == '\'' && text.substr(i + 1).starts_with('\'');
      if (escaped) {
        ++i;
      } else if (text[i] == quote) {
        return;
      }
    }
    diagnostics_.error("invalid-yaml", place(mark, 1), "this quote is never closed");
  }

  /// Where nothing stands, the parser names what comes next: the key, or the dash, is a better place.
  Place null_place(const YAML::Mark& mark) const {
    if (stack_.empty()) return place(mark, 1);
    if (stack_.back().has_key) return stack_.back().key_place;
    const std::string_view text = source_->text();
    const std::size_t index = index_of(*source_, mark);
    if (index < text.size() && std::string_view("~nN").find(text[index]) != std::string_view::npos)
      return place(mark, 1);
    const std::size_t dash = text.substr(0, index).find_last_not_of(" \t\r\n");
    if (dash == std::string_view::npos || text[dash] != '-') return place(mark, 1);
    const auto lines = std::count(text.begin() + static_cast<std::ptrdiff_t>(dash),
                                  text.begin() + static_cast<std::ptrdiff_t>(std::min(index, text.size())), '\n');
    const std::size_t line_start = text.substr(0, dash).rfind('\n') + 1;  // 0 where there is none
    return {source_, mark.line + 1 - static_cast<int>(lines), static_cast<int>(dash - line_start) + 1, 1};
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
    if (key.kind != Node::Kind::scalar) {
      diagnostics_.error("wrong-type", frame.key_place, "a key must be a word, not nothing",
                         "put a word in quotes here");
      frame.drop_next = true;
      return;
    }
    if (frame.key == "<<") {
      diagnostics_.error("yaml-alias", key.place, "merge keys are not supported", "write the keys out here");
      frame.drop_next = true;
      return;
    }
    if (frame.key.size() > kLongestKey) {
      diagnostics_.error("wrong-type", frame.key_place,
                         fmt::format("a key is a word, of at most {} bytes", kLongestKey));
      frame.drop_next = true;
      return;
    }
    const auto [first, is_new] = frame.places.emplace(frame.key, frame.key_place);
    if (is_new) return;
    diagnostics_.error("duplicate-key", place(mark, key.place.length), fmt::format("'{}' is given twice", frame.key))
        .notes.push_back({"first given here", first->second});
    frame.drop_next = true;
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

/// The parser would take other encodings on trust, and end at some control characters without a word.
void report_bytes(const std::shared_ptr<const SourceText>& source, Diagnostics& diagnostics) {
  const std::string_view text = source->text();
  int line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = utf8_character(text, i);
    const bool is_blank = character.code == '\t' || character.code == '\n' || character.code == '\r';
    if (!character.valid || (is_control(character.code) && !is_blank)) {
      const Place place{source, line, static_cast<int>(i - line_start) + 1, static_cast<int>(character.bytes)};
      const auto byte = static_cast<unsigned char>(text[i]);
      diagnostics.error("invalid-yaml", place,
                        character.valid ? fmt::format("a control character, 0x{:02x}, stands here", byte)
                                        : fmt::format("the byte 0x{:02x} is not UTF-8", byte),
                        "scenario and catalog files are text in UTF-8");
      return;  // the first of what may be very many
    }
    i += character.bytes;
    if (character.code == '\n') {
      ++line;
      line_start = i;
    }
  }
}

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
  return {source, std::min(mark.line + 1, source->line_count()), column_of(*source, mark), 1};
}

/// The parser begins a new document also where a line at the margin goes on with something else.
void report_second_root(const Place& first, const Place& second, Diagnostics& diagnostics) {
  for (int line = second.line; line > first.line; --line) {
    if (!second.source->line(line).starts_with("---")) continue;
    diagnostics.error("second-document", second, "only one document is read per file",
                      "remove the '---' line, or split the file");
    return;
  }
  diagnostics.error("invalid-yaml", second, "this line belongs to nothing above",
                    "a file is one mapping; items of a list begin with '-' at one column");
}

}  // namespace

std::optional<Node> parse_yaml(const std::shared_ptr<const SourceText>& source, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  report_bytes(source, diagnostics);
  if (diagnostics.error_count() == errors_before) report_tabs(source, diagnostics);
  if (diagnostics.error_count() > errors_before) return std::nullopt;

  TreeBuilder builder(source, diagnostics);
  try {
    std::istringstream stream(source->text());
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    bool more = builder.has_root();
    while (more && diagnostics.error_count() == errors_before) {
      TreeBuilder next(source, diagnostics);
      more = parser.HandleNextDocument(next);
      if (next.has_root()) report_second_root(builder.root_place(), next.root_place(), diagnostics);
    }
  } catch (const YAML::DeepRecursion& error) {
    if (diagnostics.error_count() == errors_before) {
      diagnostics.error("too-deep", place_of(source, error.mark),
                        fmt::format("more than {} levels of nesting", kDeepest));
    }
  } catch (const YAML::Exception& error) {
    report_yaml_problem(error.msg, place_of(source, error.mark), diagnostics);
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
