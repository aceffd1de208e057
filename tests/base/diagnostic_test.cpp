#include "orrery/base/diagnostic.h"

#include <gtest/gtest.h>

#include "orrery/base/json_writer.h"

namespace orrery {
namespace {

std::shared_ptr<const SourceText> source(std::string text) {
  return std::make_shared<SourceText>("edge.yaml", std::move(text));
}

std::string text_at(std::string text, int line, int column, int length = 1) {
  Diagnostics diagnostics;
  return to_text(diagnostics.error("unknown-key", {source(std::move(text)), line, column, length}, "message"));
}

/// The two lines below the message: the source and the caret.
std::string caret(std::string text, int column, int length = 1) {
  const std::string all = text_at(std::move(text), 1, column, length);
  return all.substr(all.find('\n') + 1);
}

TEST(SourceText, LinesAreFoundWithoutTheirEnds) {
  const SourceText text("name", "one\r\ntwo\n\nfour");
  EXPECT_EQ(text.line_count(), 4);
  EXPECT_EQ(text.line(1), "one");
  EXPECT_EQ(text.line(2), "two");
  EXPECT_EQ(text.line(3), "");
  EXPECT_EQ(text.line(4), "four");
  EXPECT_EQ(text.line(0), "");
  EXPECT_EQ(text.line(5), "");
  EXPECT_EQ(SourceText("name", "").line(1), "");
  EXPECT_EQ(SourceText("name", "end\n").line(2), "");
}

TEST(Diagnostic, TextNamesPlaceCodeAndHint) {
  Diagnostics diagnostics;
  Diagnostic& found = diagnostics.error("unknown-key", {source("a: 1\nbandwith: 3 TB/s\n"), 2, 1, 8},
                                        "'bandwith' is not a field of Chip", "did you mean 'bandwidth'?");
  found.notes.push_back({"the other one is here", {source("x"), 1, 1, 1}});
  EXPECT_EQ(to_text(found),
            "edge.yaml:2:1: error[unknown-key]: 'bandwith' is not a field of Chip\n"
            "    2 | bandwith: 3 TB/s\n"
            "      | ^~~~~~~~\n"
            "      help: did you mean 'bandwidth'?\n"
            "      note: edge.yaml:1:1: the other one is here\n");
}

TEST(Diagnostic, AWholeFileHasNoCaret) {
  Diagnostics diagnostics;
  EXPECT_EQ(to_text(diagnostics.warning("empty-file", {source(""), 0, 0, 0}, "the file holds no content")),
            "edge.yaml: warning[empty-file]: the file holds no content\n");
}

TEST(Diagnostic, WithoutASourceThereIsNoPlace) {
  Diagnostics diagnostics;
  EXPECT_EQ(to_text(diagnostics.error("invalid-override", {}, "message", "hint")),
            "error[invalid-override]: message\n      help: hint\n");
}

TEST(Diagnostic, TheCaretStandsUnderTheColumn) {
  EXPECT_EQ(caret("ab: 12", 5, 2),
            "    1 | ab: 12\n"
            "      |     ^~\n");
}

TEST(Diagnostic, TabsBeforeTheCaretAreKept) {
  EXPECT_EQ(caret("\tab:\t12", 6, 2),
            "    1 | \tab:\t12\n"
            "      | \t   \t^~\n");
}

TEST(Diagnostic, WideCharactersBeforeTheCaretTakeTwoColumns) {
  EXPECT_EQ(caret("\ud55c\uae00: 12", 9, 2),  // two Hangul syllables of three bytes
            "    1 | \ud55c\uae00: 12\n"
            "      |       ^~\n");
  EXPECT_EQ(caret("caf\u00e9: 12", 8, 2),
            "    1 | caf\u00e9: 12\n"
            "      |       ^~\n");
  EXPECT_EQ(caret("e\u0301: 12", 6, 2),  // e and a combining accent
            "    1 | e\u0301: 12\n"
            "      |    ^~\n");
}

TEST(Diagnostic, WideCharactersUnderTheCaretAreUnderlinedInFull) {
  EXPECT_EQ(caret("a: \ud55c\uae00", 4, 6),
            "    1 | a: \ud55c\uae00\n"
            "      |    ^~~~\n");
}

TEST(Diagnostic, TheCaretOfAnEmptyOrShorterLineStandsAtItsEnd) {
  EXPECT_EQ(caret("", 1), "    1 | \n      | ^\n");
  EXPECT_EQ(caret("ab", 9, 5), "    1 | ab\n      |   ^\n");
}

TEST(Diagnostic, TheUnderlineEndsWithTheLine) { EXPECT_EQ(caret("abc", 2, 1000), "    1 | abc\n      |  ^~\n"); }

TEST(Diagnostic, LongLinesAreCutAroundTheCaret) {
  const std::string line = std::string(300, 'a') + "XY" + std::string(300, 'b');
  EXPECT_EQ(caret(line, 301, 2), "    1 | ..." + std::string(50, 'a') + "XY" + std::string(48, 'b') +
                                     "...\n"
                                     "      |    " +
                                     std::string(50, ' ') + "^~\n");
  EXPECT_EQ(caret(line, 1, 2), "    1 | " + std::string(100, 'a') + "...\n      | ^~\n");
}

TEST(Diagnostic, LongLinesAreNotCutInsideACharacter) {
  std::string line;
  for (int i = 0; i < 200; ++i) line += "\u00e9";
  for (int column = 1; column <= 400; ++column) EXPECT_EQ(caret(line, column).find('?'), std::string::npos) << column;
}

TEST(Diagnostic, WhatWouldDisturbTheTerminalIsNotPrinted) {
  EXPECT_EQ(caret("a\x1b[31m\x7f\xff\xc2\x9b: 1", 12, 1),
            "    1 | a?[31m???: 1\n"
            "      |           ^\n");
  Diagnostics diagnostics;
  EXPECT_EQ(to_text(diagnostics.error("unknown-key", {}, "line\nand \x1b[31m", "\x07")),
            "error[unknown-key]: line?and ?[31m\n      help: ?\n");
}

TEST(Diagnostic, JsonHoldsTheSame) {
  Diagnostics diagnostics;
  Diagnostic& found = diagnostics.error("duplicate-key", {source("a: 1\na: 2\n"), 2, 1, 1}, "'a' is given twice");
  found.notes.push_back({"first given here", {source("a: 1\na: 2\n"), 1, 1, 1}});
  JsonWriter json;
  to_json(found, json);
  EXPECT_EQ(json.text(),
            "{\n"
            "  \"severity\": \"error\",\n"
            "  \"code\": \"duplicate-key\",\n"
            "  \"file\": \"edge.yaml\",\n"
            "  \"line\": 2,\n"
            "  \"column\": 1,\n"
            "  \"length\": 1,\n"
            "  \"message\": \"'a' is given twice\",\n"
            "  \"hint\": \"\",\n"
            "  \"notes\": [\n"
            "    {\n"
            "      \"message\": \"first given here\",\n"
            "      \"file\": \"edge.yaml\",\n"
            "      \"line\": 1,\n"
            "      \"column\": 1\n"
            "    }\n"
            "  ]\n"
            "}\n");
}

TEST(Diagnostics, ErrorsAreCountedAndWarningsAreNot) {
  Diagnostics diagnostics;
  diagnostics.warning("out-of-range", {}, "odd");
  EXPECT_FALSE(diagnostics.has_errors());
  diagnostics.error("out-of-range", {}, "wrong");
  EXPECT_TRUE(diagnostics.has_errors());
  EXPECT_EQ(diagnostics.error_count(), 1);
  EXPECT_EQ(diagnostics.sorted().size(), 2);
}

TEST(Diagnostics, AreSortedByFileLineAndColumnAndKeepTheirOrderAtOnePlace) {
  const auto a = std::make_shared<SourceText>("a", "");
  const auto b = std::make_shared<SourceText>("b", "");
  Diagnostics diagnostics;
  diagnostics.error("unknown-key", {b, 1, 1, 1}, "6");
  diagnostics.error("unknown-key", {a, 2, 5, 1}, "4");
  diagnostics.error("unknown-key", {a, 10, 1, 1}, "5");
  diagnostics.error("unknown-key", {a, 2, 1, 1}, "2");
  diagnostics.error("missing-key", {a, 2, 1, 1}, "3");
  diagnostics.error("unknown-key", {}, "1");
  std::string order;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) order += diagnostic.message;
  EXPECT_EQ(order, "123456");
}

TEST(Diagnostics, OneFindingIsShownOnceHoweverOftenItComes) {
  Diagnostics diagnostics;
  for (int i = 0; i < 3; ++i) {
    diagnostics.error("unknown-key", {source("x"), 1, 1, 1}, "the same");
    diagnostics.error("unknown-key", {source("x"), 1, 1, 1}, "another");
  }
  EXPECT_EQ(diagnostics.sorted().size(), 2);
  EXPECT_EQ(diagnostics.error_count(), 6);
}

TEST(Diagnostics, BeyondTheFirstThousandTheyAreCounted) {
  Diagnostics diagnostics;
  for (int i = 0; i < 1500; ++i) {
    diagnostics.error("unknown-key", {source("x"), 1500 - i, 1, 1}, "found").notes.push_back({"note", {}});
  }
  const auto sorted = diagnostics.sorted();
  ASSERT_EQ(sorted.size(), Diagnostics::kMostFindings + 1);
  EXPECT_EQ(sorted.front().place.line, 501);
  EXPECT_EQ(sorted.back().code, "many-findings");
  EXPECT_EQ(sorted.back().message, "500 more findings are left out");
  EXPECT_EQ(diagnostics.error_count(), 1500);
}

TEST(DiagnosticsDeathTest, ACodeThatIsNotInTheTableIsABugOfOurs) {
  Diagnostics diagnostics;
  EXPECT_EXIT(diagnostics.error("no-such-code", {}, ""), testing::ExitedWithCode(1), "internal error");
}

}  // namespace
}  // namespace orrery
