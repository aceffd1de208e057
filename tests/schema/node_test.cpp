#include "orrery/schema/node.h"

#include <gtest/gtest.h>

#include "orrery/base/json_writer.h"
#include "yaml_text.h"

namespace orrery {
namespace {

Node list_of(std::vector<std::string> texts) {
  Node node = Node::sequence();
  for (std::string& text : texts) node.items.push_back(Node::scalar(std::move(text)));
  return node;
}

void expect_round_trip(const Node& node) {
  const std::string text = to_yaml(node);
  const Node back = good_tree(text);
  EXPECT_TRUE(same_tree(node, back)) << text;
  EXPECT_EQ(to_yaml(back), text);
}

TEST(Node, EntriesKeepTheirOrder) {
  Node node = Node::mapping();
  node.add("b", Node::scalar("1"));
  node.add("a", Node::scalar("2")).text += "0";
  EXPECT_EQ(to_yaml(node), "b: 1\na: 20\n");
  EXPECT_EQ(node.find("a")->text, "20");
}

TEST(Node, TreesAreWrittenInBlocksAndListsOfValuesInLines) {
  Node part = Node::mapping();
  part.add("label", Node::scalar("first"));
  part.add("sizes", list_of({"1", "2"}));
  Node node = Node::mapping();
  node.add("parts", Node::sequence()).items = {part, part};
  node.add("nothing", Node());
  node.add("no_items", Node::sequence());
  node.add("no_keys", Node::mapping());
  EXPECT_EQ(to_yaml(node),
            "parts:\n"
            "  - label: first\n"
            "    sizes: [1, 2]\n"
            "  - label: first\n"
            "    sizes: [1, 2]\n"
            "nothing: null\n"
            "no_items: []\n"
            "no_keys: {}\n");
  expect_round_trip(node);
}

TEST(Node, LongListsAreWrapped) {
  std::vector<std::string> numbers;
  for (int i = 0; i < 200; ++i) numbers.push_back(std::to_string(1000 + i));
  Node node = Node::mapping();
  node.add("numbers", list_of(numbers));
  const std::string text = to_yaml(node);
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    EXPECT_LE(text.find('\n', begin) - begin, 110);
  }
  expect_round_trip(node);
}

TEST(Node, AwkwardTextsAreQuotedSoThatTheyReadBack) {
  for (const char* text : {"",      " ",     "~",         "null",    "Null",       "NULL",   "true",   "- x",
                           "-",     "-5 h",  "--- x",     "---",     "...",        "? x",    "?",      ":",
                           "a: b",  "a:",    ": a",       "a #b",    "#",          "&a",     "*a",     "!a",
                           "|",     ">",     "'",         "\"",      "'a'",        "\"a\"",  "%a",     "@a",
                           "`a",    "{",     "}",         "[",       "]",          ",",      "a,b",    "[a",
                           "a]",    "{a}",   "a\nb",      "a\n",     "\na",        "a\tb",   "\t",     "a\\b",
                           "a\x01", "a\x7f", "caf\u00e9", "\ufeff",  "a\ufeff",    "\u0085", "\u2028", "x ",
                           " x",    "=",     "2024",      "$2.10/h", "a'b",        "a\"b",   "a\r\nb", "http://a.b/c#d",
                           "C:\\x", "a: ",   "#a",        "a# b",    "\U0001F600", "0",      "1e3",    "no"}) {
    SCOPED_TRACE(text);
    Node node = Node::mapping();
    node.add("key", Node::scalar(text));
    node.add("list", list_of({text, "x", text}));
    node.add("lists", Node::sequence()).items = {list_of({text}), list_of({text, text})};
    expect_round_trip(node);
    Node keyed = Node::mapping();
    keyed.add(text, Node::scalar("value"));
    expect_round_trip(keyed);
    Node inner = Node::sequence();
    inner.items = {keyed, keyed, Node::scalar(text)};
    Node outer = Node::mapping();
    outer.add(text, inner);
    expect_round_trip(outer);
    expect_round_trip(Node::scalar(text));
    expect_round_trip(list_of({text}));
  }
}

TEST(Node, EveryShapeReadsBack) {
  Node empty_items = Node::sequence();
  empty_items.items = {Node(), Node::sequence(), Node::mapping(), Node::scalar("x")};
  expect_round_trip(empty_items);
  Node nested = Node::sequence();
  nested.items = {empty_items, list_of({"1", "2"})};
  expect_round_trip(nested);
  Node deeper = Node::sequence();
  deeper.items = {nested};
  Node node = Node::mapping();
  node.add("deeper", deeper);
  node.add("empty_items", empty_items);
  expect_round_trip(node);
  expect_round_trip(Node::mapping());
  expect_round_trip(Node::sequence());
}

TEST(Node, JsonHoldsTheSameTree) {
  JsonWriter json;
  to_json(good_tree("a: 1\nb: [x, {c: }]\nd: {}\n"), json);
  EXPECT_TRUE(same_tree(good_tree(json.text()), good_tree("a: 1\nb: [x, {c: }]\nd: {}\n")));
}

TEST(Node, KindsHavePhrases) {
  EXPECT_EQ(kind_phrase(Node::Kind::null), "nothing");
  EXPECT_EQ(kind_phrase(Node::Kind::scalar), "a single value");
  EXPECT_EQ(kind_phrase(Node::Kind::sequence), "a list");
  EXPECT_EQ(kind_phrase(Node::Kind::mapping), "a mapping");
}

}  // namespace
}  // namespace orrery
