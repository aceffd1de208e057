// Each key of each catalog file is misspelt, dropped and doubled in turn: every case must be reported at
// its line. A reader that passes over any of them would one day run with other values than a file says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iostream>

#include "orrery/base/file.h"
#include "orrery/base/nearest_name.h"
#include "orrery/scenario/catalog.h"

namespace orrery {
namespace {

const Catalog& catalog() {
  static const Catalog instance(ORRERY_SOURCE_DIR "/catalog");
  return instance;
}

struct CatalogFile {
  const CatalogKind* kind = nullptr;
  std::string id;
  std::shared_ptr<const SourceText> source;
  Node root;
};

/// Entries that `orrery fit` writes repeat one form hundreds of times: the first of each kind of thing stays.
void keep_first_of_each(Node& root) {
  for (const char* list : {"operators", "families"}) {
    Node* node = root.find(list);
    if (node == nullptr) continue;
    node->entries.resize(1);
    keep_first_of_each(node->entries.front().value);
  }
}

std::vector<CatalogFile> read_catalog() {
  std::vector<CatalogFile> files;
  for (const CatalogKind& kind : catalog_kinds()) {
    for (const std::string& id : catalog().ids(kind.name)) {
      const std::string path = catalog().path_of(kind.name, id);
      auto text = read_file(path);
      const auto source = std::make_shared<SourceText>(path, text ? *text : "");
      Diagnostics diagnostics;
      auto root = parse_yaml(source, diagnostics);
      EXPECT_TRUE(root) << path;
      if (root && kind.name == "calibration") keep_first_of_each(*root);
      if (root) files.push_back({&kind, id, source, std::move(*root)});
    }
  }
  return files;
}

const std::vector<CatalogFile>& catalog_files() {
  static const std::vector<CatalogFile> files = read_catalog();
  return files;
}

Diagnostics check(const CatalogFile& file, const Node& root) {
  Diagnostics diagnostics;
  EntryHeader header;
  file.kind->check(root, file.id, catalog(), diagnostics, header);
  return diagnostics;
}

/// One key of a file, in the mapping that holds it, of the tree that is walked.
struct Key {
  Node& mapping;
  std::size_t index;
  std::vector<std::string> known;  ///< the keys of the record; none where the author chose the name
  bool required = false;

  Node::Entry& entry() const { return mapping.entries[index]; }
  bool is_name() const { return known.empty(); }
};
using Visit = std::function<void(const Key&)>;

void visit_record(Node& node, const RecordType& type, const Visit& visit);

/// {value, status, source, note}, a record, or a list of either, as the field's type says.
void visit_value(Node& node, const Field& field, const Visit& visit) {
  const std::string description = field.type->description();
  const RecordType* record = field.type->record();
  const auto visit_one = [&](Node& one) {
    if (record != nullptr) {
      visit_record(one, *record, visit);
    } else if (one.kind == Node::Kind::mapping) {
      for (std::size_t i = 0; i < one.entries.size(); ++i) {
        visit({one, i, {"value", "status", "source", "note"}, one.entries[i].key == "value"});
      }
    }
  };
  if (description.starts_with("named ")) {
    for (std::size_t i = 0; i < node.entries.size(); ++i) {
      visit({node, i, {}, false});
      visit_one(node.entries[i].value);
    }
  } else if (node.kind == Node::Kind::sequence) {
    for (Node& item : node.items) visit_one(item);
  } else {
    visit_one(node);
  }
}

void visit_record(Node& node, const RecordType& type, const Visit& visit) {
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    const auto field = std::find_if(type.fields.begin(), type.fields.end(),
                                    [&](const Field& f) { return f.key == node.entries[i].key; });
    ASSERT_NE(field, type.fields.end()) << node.entries[i].key;
    visit({node, i, type.keys(), field->required});
    visit_value(node.entries[i].value, *field, visit);
  }
}

/// Visits every key of every file. The visitor may change the tree, but must put it back.
void for_each_key(const std::function<void(const CatalogFile&, const Node& root, const Key&)>& visit) {
  for (const CatalogFile& file : catalog_files()) {
    Node root = file.root;
    visit_record(root, file.kind->record(), [&](const Key& key) { visit(file, root, key); });
  }
}

/// Counts cases, and keeps the first failures to print.
class Tally {
 public:
  explicit Tally(std::string what) : what_(std::move(what)) {}
  void count(bool good, const CatalogFile& file, const Place& place, const std::string& change) {
    ++cases_;
    if (good) return;
    ++missed_;
    if (missed_ <= 20)
      ADD_FAILURE() << fmt::format("{}:{}:{}: {}", file.source->name(), place.line, place.column, change);
  }
  ~Tally() {
    std::cout << fmt::format("{}: {} of {} cases in {} files\n", what_, cases_ - missed_, cases_,
                             catalog_files().size());
    EXPECT_EQ(missed_, 0) << what_;
    EXPECT_GT(cases_, 0) << what_;
  }

 private:
  std::string what_;
  int cases_ = 0;
  int missed_ = 0;
};

bool is_at(const Diagnostic& found, std::string_view code, const Place& place) {
  return found.code == code && found.place.source == place.source && found.place.line == place.line &&
         found.place.column == place.column;
}

const Diagnostic* find(const std::vector<Diagnostic>& all, std::string_view code, const Place& place) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& one) { return is_at(one, code, place); });
  return found == all.end() ? nullptr : &*found;
}

/// Swaps two letters in the middle, or nothing where they are all alike.
std::string swapped(std::string key) {
  for (std::size_t i = key.size() / 2; i > 0; --i) {
    if (key[i - 1] == key[i]) continue;
    std::swap(key[i - 1], key[i]);
    break;
  }
  return key;
}

/// The places that name a source of the entry.
void collect_uses(const Node& node, const std::string& name, std::vector<Place>& places) {
  for (const Node& item : node.items) collect_uses(item, name, places);
  for (const Node::Entry& entry : node.entries) {
    if (entry.key == "source" && entry.value.text == name) places.push_back(entry.value.place);
    collect_uses(entry.value, name, places);
  }
}

/// Without the source `name`, each use of it must be reported; one that nothing uses has no effect.
/// Pre: `name` has been renamed or dropped.
bool uses_are_reported(const Node& root, const std::string& name, const std::vector<Diagnostic>& found,
                       const std::string& hint) {
  std::vector<Place> uses;
  collect_uses(root, name, uses);
  return std::all_of(uses.begin(), uses.end(), [&](const Place& place) {
    const Diagnostic* one = find(found, "unknown-source", place);
    return one != nullptr && one->hint.find(hint) != std::string::npos;
  });
}

TEST(CatalogMutation, TheUnchangedCatalogIsGood) {
  for (const CatalogFile& file : catalog_files()) {
    const Diagnostics diagnostics = check(file, file.root);
    for (const Diagnostic& one : diagnostics.sorted()) ADD_FAILURE() << to_text(one);
  }
}

TEST(CatalogMutation, EveryKeyIsWhereItsPlaceSays) {
  Tally tally("placed keys");
  for_each_key([&](const CatalogFile& file, const Node&, const Key& key) {
    const Node::Entry& entry = key.entry();
    const std::string_view line = file.source->line(entry.place.line);
    const auto column = static_cast<std::size_t>(entry.place.column) - 1;
    tally.count(line.substr(std::min(column, line.size())).starts_with(entry.key + ":"), file, entry.place, entry.key);
  });
}

TEST(CatalogMutation, EveryMisspeltKeyIsReportedWithTheRightName) {
  Tally tally("misspelt keys");
  for_each_key([&](const CatalogFile& file, const Node& root, const Key& key) {
    const std::string right = key.entry().key;
    const Place place = key.entry().place;
    for (const std::string& wrong : {swapped(right), right + "x"}) {
      if (wrong == right) continue;
      key.entry().key = wrong;
      const auto found = check(file, root).sorted();
      key.entry().key = right;
      if (key.is_name()) {
        tally.count(uses_are_reported(root, right, found, wrong), file, place, right + " -> " + wrong);
        continue;
      }
      const Diagnostic* one = find(found, "unknown-key", place);
      const bool is_clear = nearest_names(wrong, key.known).size() == 1;
      const bool hinted = one != nullptr && (!is_clear || one->hint == fmt::format("did you mean '{}'?", right));
      tally.count(hinted, file, place,
                  fmt::format("{} -> {}: {}", right, wrong, one == nullptr ? "not reported" : one->hint));
    }
  });
}

TEST(CatalogMutation, EveryDroppedKeyIsReportedWhereItBelongs) {
  Tally tally("dropped keys");
  for_each_key([&](const CatalogFile& file, const Node& root, const Key& key) {
    if (!key.required && !key.is_name()) return;  // without an optional key, a file is complete
    const Node::Entry dropped = key.entry();
    key.mapping.entries.erase(key.mapping.entries.begin() + static_cast<std::ptrdiff_t>(key.index));
    const auto found = check(file, root).sorted();
    key.mapping.entries.insert(key.mapping.entries.begin() + static_cast<std::ptrdiff_t>(key.index), dropped);
    if (key.is_name()) {
      tally.count(uses_are_reported(root, dropped.key, found, ""), file, dropped.place, "without " + dropped.key);
      return;
    }
    const std::string start = fmt::format("'{}' is missing from ", dropped.key);
    const bool reported = std::any_of(found.begin(), found.end(), [&](const Diagnostic& one) {
      return is_at(one, "missing-key", key.mapping.place) && one.message.starts_with(start);
    });
    tally.count(reported, file, dropped.place, "without " + dropped.key);
  });
}

/// The text with a second entry of the same key before the one at `place`; moves `place` to where that
/// one, now the second, stands.
std::string doubled(const CatalogFile& file, const Key& key, Place& place) {
  std::string text = file.source->text();
  const auto offset = [&](const Place& at) {
    return static_cast<std::size_t>(file.source->line(at.line).data() - file.source->text().data() + at.column - 1);
  };
  const std::size_t first = offset(key.mapping.entries.front().place);
  const bool is_flow = text[text.find_last_not_of(" \n", first - 1)] == '{' && first > 0;
  const std::string other = fmt::format("{}: 0", key.entry().key);
  const int indent = place.column - 1;
  text.insert(offset(place), other + (is_flow ? ", " : "\n" + std::string(static_cast<std::size_t>(indent), ' ')));
  if (is_flow) {
    place.column += static_cast<int>(other.size()) + 2;
  } else {
    ++place.line;
  }
  return text;
}

TEST(CatalogMutation, EveryDoubledKeyIsReportedAtTheSecond) {
  Tally tally("doubled keys");
  for_each_key([&](const CatalogFile& file, const Node&, const Key& key) {
    const Place first = key.entry().place;
    Place second = first;
    second.source = std::make_shared<SourceText>(file.source->name(), doubled(file, key, second));
    Diagnostics diagnostics;
    const bool parsed = parse_yaml(second.source, diagnostics).has_value();
    const auto found = diagnostics.sorted();
    const bool reported = !parsed && found.size() == 1 && is_at(found[0], "duplicate-key", second) &&
                          found[0].notes.size() == 1 && found[0].notes[0].place.line == first.line &&
                          found[0].notes[0].place.column == first.column;
    tally.count(reported, file, first, key.entry().key + " twice");
  });
}

}  // namespace
}  // namespace orrery
