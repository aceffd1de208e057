#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yaml_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Yaml, ScalarsStayText) {
  const Node root = good_tree("a: 010\nb: NO\nc: 0x10\nd: 1e3\ne: yes\nf: '5'\ng: 2024-01-01\n");
  EXPECT_EQ(root.find("a")->text, "010");
  EXPECT_EQ(root.find("b")->text, "NO");
  EXPECT_EQ(root.find("c")->text, "0x10");
  EXPECT_EQ(root.find("d")->text, "1e3");
  EXPECT_EQ(root.find("e")->text, "yes");
  EXPECT_EQ(root.find("f")->text, "5");
  EXPECT_TRUE(root.find("f")->quoted);
  EXPECT_FALSE(root.find("e")->quoted);
  EXPECT_EQ(root.find("g")->text, "2024-01-01");
  EXPECT_EQ(root.find("h"), nullptr);
}

TEST(Yaml, PlacesCountFromOneAndSpanTheValue) {
  const Node root = good_tree("# comment\nouter:\n  key: 3.35 TB/s  # fast\n  list: [1, 'two']\n");
  const Node& outer = *root.find("outer");
  EXPECT_EQ(root.place.line, 2);
  EXPECT_EQ(outer.place.line, 2);  // a mapping is where its key is
  EXPECT_EQ(outer.place.column, 1);
  const Node& value = *outer.find("key");
  EXPECT_EQ(value.place.line, 3);
  EXPECT_EQ(value.place.column, 8);
  EXPECT_EQ(value.place.length, 9);
  EXPECT_EQ(outer.entries[0].place.column, 3);
  EXPECT_EQ(outer.entries[0].place.length, 3);
  const Node& two = outer.find("list")->items[1];
  EXPECT_EQ(two.place.column, 13);
  EXPECT_EQ(two.place.length, 5);  // quotes included
}

TEST(Yaml, AByteOrderMarkMovesNoPlace) {
  const Node root = good_tree(
      "\xef\xbb\xbf"
      "a: 1\nb: 2\n");
  EXPECT_EQ(root.find("a")->place.column, 7);
  EXPECT_EQ(root.find("b")->place.column, 4);
  EXPECT_THAT(parse_findings("\xef\xbb\xbf"
                             "a: [1\n"),
              testing::SizeIs(1));
}

TEST(Yaml, NothingAfterAColonIsNull) {
  const Node root = good_tree("a:\nb: ~\nc: null\nd: ''\n");
  EXPECT_EQ(root.find("a")->kind, Node::Kind::null);
  EXPECT_EQ(root.find("b")->kind, Node::Kind::null);
  EXPECT_EQ(root.find("c")->kind, Node::Kind::null);
  EXPECT_EQ(root.find("d")->kind, Node::Kind::scalar);
}

TEST(Yaml, WhereNothingStandsThePlaceIsTheKeyOrTheDash) {
  const Node root = good_tree("a:\nlist:\n  - x\n  -\n\n  - ~\n  -\nb: ~\n");
  EXPECT_EQ(root.find("a")->place.line, 1);
  EXPECT_EQ(root.find("b")->place.line, 8);
  const Node& list = *root.find("list");
  EXPECT_EQ(list.items[1].place.line, 4);
  EXPECT_EQ(list.items[1].place.column, 3);
  EXPECT_EQ(list.items[2].place.line, 6);
  EXPECT_EQ(list.items[2].place.column, 5);
  EXPECT_EQ(list.items[3].place.line, 7);
}

TEST(Yaml, JsonIsReadAsYaml) {
  Diagnostics diagnostics;
  const auto node =
      parse_text("{\n\t\"a\": [1, true, null, \"x\\u00e9\"],\n\t\"b\": {}\n}\n", diagnostics, "config.json");
  ASSERT_TRUE(node);
  EXPECT_EQ(node->find("a")->items[1].text, "true");
  EXPECT_EQ(node->find("a")->items[2].kind, Node::Kind::null);
  EXPECT_EQ(node->find("a")->items[3].text, "x\u00e9");
  EXPECT_EQ(node->find("b")->kind, Node::Kind::mapping);
}

TEST(Yaml, ADuplicateKeyIsReportedAtTheSecondWithANoteAtTheFirst) {
  EXPECT_THAT(parse_findings("seed: 1\npools:\n  a: 1\n  b: 2\n  a: 3\nseed: 2\n"),
              ElementsAre("5:3+1 duplicate-key: 'a' is given twice (3:3 first given here)",
                          "6:1+4 duplicate-key: 'seed' is given twice (1:1 first given here)"));
}

TEST(Yaml, TheSameKeyInTwoMappingsIsNoDuplicate) {
  EXPECT_THAT(parse_findings("a: {x: 1}\nb: {x: 1}\nc: [{x: 1}, {x: 1}]\n"), IsEmpty());
}

TEST(Yaml, AThirdKeyIsReportedToo) {
  EXPECT_THAT(parse_findings("{a: 1, a: 2, 'a': 3}"),
              ElementsAre("1:8+1 duplicate-key: 'a' is given twice (1:2 first given here)",
                          "1:14+3 duplicate-key: 'a' is given twice (1:2 first given here)"));
}

TEST(Yaml, MergeKeysAnchorsAliasesAndTagsAreRefused) {
  EXPECT_THAT(parse_findings("base: &base\n  a: 1\nother:\n  <<: *base\n"),
              ElementsAre("1:7+1 yaml-alias: anchors are not supported | remove the '&name' here",
                          "4:3+2 yaml-alias: merge keys are not supported | write the keys out here"));
  EXPECT_THAT(parse_findings("a: &x 1\n"),
              ElementsAre("1:4+1 yaml-alias: anchors are not supported | remove the '&name' here"));
  EXPECT_THAT(parse_findings("a: &x 1\nb: [*x, 2]\n"),
              ElementsAre("1:4+1 yaml-alias: anchors are not supported | remove the '&name' here",
                          "2:5+2 yaml-alias: aliases are not supported | write the value out here"));
  EXPECT_THAT(parse_findings("a: !!int 5\n"),
              ElementsAre("1:4+1 yaml-alias: tags are not supported | remove the '!name' here: what a value is follows "
                          "from its key"));
  EXPECT_THAT(parse_findings("a: !own [1]\n"), testing::SizeIs(1));
  EXPECT_THAT(parse_findings("a: !own {b: 1}\n"), testing::SizeIs(1));
}

TEST(Yaml, AnAliasAsAKeyIsRefused) { EXPECT_THAT(parse_findings("a: &x 1\n*x : 2\n*x : 3\n"), testing::SizeIs(3)); }

TEST(Yaml, ASecondDocumentIsRefused) {
  EXPECT_THAT(parse_findings("a: 1\n---\nb: 2\n"),
              ElementsAre("3:1+1 second-document: only one document is read per file | remove the '---' line, or split "
                          "the file"));
  EXPECT_THAT(parse_findings("a: 1\n---\n---\nb: 2\n"), testing::SizeIs(1));
  EXPECT_THAT(parse_findings("---\na: 1\n...\n"), IsEmpty());
  EXPECT_THAT(parse_findings("a: 1\n---\n# only a comment\n"), IsEmpty());
}

TEST(Yaml, ATabThatIndentsIsNamed) {
  EXPECT_THAT(parse_findings("a:\n\tb: 1\n  \tc: 2\n"),
              ElementsAre("2:1+1 tab-indentation: a tab is used to indent | use spaces",
                          "3:3+1 tab-indentation: a tab is used to indent | use spaces"));
  EXPECT_THAT(parse_findings("a:\t1\nb: 2\t# comment\n\t\nc: 3\n"), IsEmpty());
}

TEST(Yaml, DeepNestingIsRefusedWithItsPlace) {
  const auto nested = [](int levels) { return "a: " + std::string(levels, '[') + std::string(levels, ']') + "\n"; };
  EXPECT_THAT(parse_findings(nested(63)), IsEmpty());
  EXPECT_THAT(parse_findings(nested(64)), ElementsAre("1:67+1 too-deep: more than 64 levels of nesting"));
  EXPECT_THAT(parse_findings(nested(100'000)), testing::Contains(testing::HasSubstr("too-deep: more than 64 levels")));
  std::string block;
  for (int i = 0; i < 200; ++i) block += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(parse_findings(block), testing::Contains(testing::HasSubstr("too-deep: more than 64 levels")));
}

TEST(Yaml, AnEmptyFileIsSaidToBeEmpty) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "\xef\xbb\xbf", "~\n"}) {
    EXPECT_THAT(parse_findings(text), ElementsAre("0:0+0 empty-file: the file holds no content")) << text;
  }
}

TEST(Yaml, BrokenYamlIsReportedWhereItBreaks) {
  EXPECT_THAT(parse_findings("a: [1, 2\nb: 3\n"),
              ElementsAre("2:2+1 invalid-yaml: the '[' before this is not closed | a ']' or a comma is missing"));
  EXPECT_THAT(parse_findings("a: 1\nb: 'it''s\nc: 1\n"), ElementsAre("2:4+1 invalid-yaml: this quote is never closed"));
  EXPECT_THAT(parse_findings("a: \"x\\\"\nb: 1\n"), ElementsAre("1:4+1 invalid-yaml: this quote is never closed"));
  EXPECT_THAT(parse_findings("a: 'it''s'\nb: \"x\\\"\"\n"), IsEmpty());
  EXPECT_THAT(parse_findings("a: 1\n b: 2\n"), ElementsAre(testing::StartsWith("2:")));
  EXPECT_THAT(parse_findings("a: b: c\n"), ElementsAre(testing::StartsWith("1:5")));
}

TEST(Yaml, AProblemIsToldInWordsAboutTheText) {
  const auto expect = [](const char* text, const char* finding) {
    EXPECT_THAT(parse_findings(text), ElementsAre(testing::StartsWith(finding))) << text;
  };
  expect("a: {b: 1\nc: 2\n", "2:2+1 invalid-yaml: the '{' before this is not closed | ");
  expect("a: 1\n b: 2\n", "2:3+1 invalid-yaml: no key and value may stand here | ");
  expect("a:\n  b: 1\n c: 2\n", "3:2+1 invalid-yaml: this line belongs to no mapping | ");
  expect("a:\n  - 1\n  b: 2\n", "3:3+1 invalid-yaml: this line belongs to no mapping | ");
  expect("- 1\nb: 2\n", "2:1+1 invalid-yaml: this line belongs to nothing above | ");
  expect("---\n- 1\nb: 2\n", "3:1+1 invalid-yaml: this line belongs to nothing above | ");
  expect("a: - 1\n", "1:4+1 invalid-yaml: no list item may stand here | ");
  expect("a: 1]\nb: }\n", "2:4+1 invalid-yaml: this bracket closes nothing | ");
  expect("a: - b\n", "1:4+1 invalid-yaml: no list item may stand here | ");
  expect("a: @b\n", "1:4+1 invalid-yaml: no value can begin like this | ");
  expect("a: \"C:\\path\"\n", "1:9+1 invalid-yaml: there is no such escape | ");
  expect("a: 'b\n---\nc'\n", "2:1+1 invalid-yaml: a document ends inside quotes | ");
  expect("a: >x\n", "1:5+1 invalid-yaml: only a comment may follow '|' or '>' | ");
}

TEST(Yaml, WhatTheParserWouldReadForEverIsRefused) {
  EXPECT_THAT(parse_findings("a: 1\n---\n, b\n"),
              ElementsAre("3:1+1 invalid-yaml: no value can begin like this | put the text in quotes"));
  for (const char* text : {",", "]", "}", ",a: 1", "---\n,\n", "a: 1\n---\n---\n]\n", "> x\n,"}) {
    EXPECT_THAT(parse_findings(text), testing::SizeIs(1)) << text;
  }
}

TEST(Yaml, AColonWithoutASpaceIsNamedAlsoWhereTheParserStopsOneLineLater) {
  EXPECT_THAT(
      parse_findings("a:\n  b:2\n\n  # comment\n  c: 3\n"),
      ElementsAre("5:3+1 invalid-yaml: this line belongs to no mapping | keys of one mapping begin at one column "
                  "(2:4 no space follows this colon)"));
  EXPECT_THAT(parse_findings("a: 1\nb:2\nc: 3\n"),
              ElementsAre("3:2+1 invalid-yaml: no key and value may stand here | a text that holds a colon and a space "
                          "needs quotes; keys of one mapping begin at one column (2:2 no space follows this colon)"));
}

TEST(Yaml, ProblemsBeforeTheBreakAreReportedToo) {
  EXPECT_THAT(parse_findings("a: 1\na: 2\nb: [\n"),
              ElementsAre("2:1+1 duplicate-key: 'a' is given twice (1:1 first given here)",
                          testing::HasSubstr("invalid-yaml")));
}

TEST(Yaml, OnlyUtf8TextIsRead) {
  EXPECT_THAT(
      parse_findings("a: 1\nb: \xff\xfe\n"),
      ElementsAre("2:4+1 invalid-yaml: the byte 0xff is not UTF-8 | scenario and catalog files are text in UTF-8"));
  EXPECT_THAT(parse_findings(std::string("a: 1\0b", 6)),
              ElementsAre("1:5+1 invalid-yaml: a control character, 0x00, stands here | scenario and catalog files are "
                          "text in UTF-8"));
  EXPECT_THAT(parse_findings("a: 1\n\x04"
                             "b: 2\n"),
              testing::SizeIs(1));  // the parser alone would end there
  EXPECT_THAT(parse_findings(std::string("\xff\xfe"
                                         "a\0:\0 \0"
                                         "1\0",
                                         10)),
              testing::SizeIs(1));  // UTF-16
  EXPECT_THAT(parse_findings("a: caf\u00e9 \ud55c\uae00\n"), IsEmpty());
}

TEST(Yaml, AKeyMustBeAWord) {
  EXPECT_THAT(parse_findings("~: 1\nb: 2\n"),
              ElementsAre("1:1+1 wrong-type: a key must be a word, not nothing | put a word in quotes here"));
  EXPECT_THAT(parse_findings("? [a, b]\n: 1\n"), ElementsAre(testing::HasSubstr("a key must be a word, not a list")));
  EXPECT_THAT(parse_findings("? {a: b}\n: 1\n"),
              ElementsAre(testing::HasSubstr("a key must be a word, not a mapping")));
  EXPECT_THAT(parse_findings("'': 1\n"), IsEmpty());
}

TEST(Yaml, AnUnreadableFileIsReportedByName) {
  Diagnostics diagnostics;
  EXPECT_FALSE(parse_yaml_file("absent/scenario.yaml", diagnostics));
  EXPECT_THAT(findings(diagnostics), ElementsAre("0:0+0 unreadable-file: cannot read it: No such file or directory"));
  EXPECT_EQ(diagnostics.sorted()[0].place.source->name(), "absent/scenario.yaml");
  Diagnostics folder;
  EXPECT_FALSE(parse_yaml_file("/", folder));
  EXPECT_THAT(findings(folder), ElementsAre("0:0+0 unreadable-file: cannot read it: it is a directory"));
}

}  // namespace
}  // namespace orrery
