#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "example_record.h"
#include "yaml_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// The least example with one line changed; an empty text drops the line.
std::string with_line(std::string_view key, std::string_view line) {
  std::string text = kLeastExample;
  const std::size_t begin = text.find("\n" + std::string(key) + ":") + 1;
  const std::size_t end = text.find('\n', begin) + 1;
  return text.replace(begin, end - begin, line.empty() ? "" : std::string(line) + "\n");
}
std::vector<std::string> findings_with(std::string_view key, std::string_view line) {
  return read_findings<ExampleRecord>(with_line(key, line));
}

TEST(Record, EveryFieldIsRead) {
  const auto record = good_record<ExampleRecord>(kFullExample);
  EXPECT_EQ(record.text, "quoted: 'twice' # no comment");
  EXPECT_FALSE(record.flag);
  EXPECT_EQ(record.count, -5);
  EXPECT_EQ(record.seed, 18446744073709551615U);
  EXPECT_EQ(record.ratio, 0.5);
  EXPECT_EQ(record.colour, Colour::blue);
  EXPECT_DOUBLE_EQ(record.bandwidth.si(), 1.1e9);
  EXPECT_EQ(record.thing.id, "lamp");
  EXPECT_EQ(record.thing.place.line, 8);
  EXPECT_EQ(record.part.size->si(), 80.0 * (1 << 30));
  EXPECT_EQ(record.part.size.status, Status::datasheet);
  EXPECT_EQ(record.part.size.source, "sheet");
  EXPECT_EQ(record.part.size.source_place.line, 9);
  EXPECT_EQ(record.part.size.note, "a, b: c");
  EXPECT_EQ(record.part.place.line, 9);
  EXPECT_DOUBLE_EQ(record.part.delay->si(), 0.012);
  EXPECT_EQ(record.factor.status, Status::assumed);
  EXPECT_EQ(record.cores->value, 16);
  EXPECT_FALSE(record.cores->status);
  EXPECT_EQ(record.note, "");
  EXPECT_THAT(record.list, ElementsAre(1, 2, 3));
  ASSERT_EQ(record.parts.size(), 2);
  EXPECT_EQ(record.parts[1].label, "second");
  ASSERT_EQ(record.by_name.size(), 2);
  EXPECT_EQ(record.by_name[1].name, "a b");
  EXPECT_EQ(record.by_name[1].place.line, 19);
  EXPECT_EQ(record.powers[1].value.note, "all of it");
  EXPECT_EQ(record.place.line, 1);
}

TEST(Record, WhatIsOptionalMayBeAbsent) {
  const auto record = good_record<ExampleRecord>(kLeastExample);
  EXPECT_FALSE(record.note);
  EXPECT_FALSE(record.cores);
  EXPECT_FALSE(record.part.delay);
  EXPECT_THAT(record.list, IsEmpty());
  EXPECT_FALSE(record.factor.status);
}

TEST(Record, WrittenAndReadAgainItIsTheSame) {
  for (const char* text : {kLeastExample, kFullExample}) {
    const Node written = write_record(good_record<ExampleRecord>(text));
    const std::string yaml = to_yaml(written);
    const Node again = write_record(good_record<ExampleRecord>(yaml));
    EXPECT_TRUE(same_tree(written, again)) << yaml;
    EXPECT_EQ(to_yaml(again), yaml);
  }
}

TEST(Record, OnlyWhatIsThereIsWritten) {
  EXPECT_EQ(to_yaml(write_record(good_record<ExampleRecord>(kLeastExample))),
            "text: some words\nflag: true\ncount: 7\nseed: 42\nratio: 1.5\ncolour: green\nbandwidth: 3.35 TB/s\n"
            "thing: lamp\npart:\n  label: inner\n  size: 85.89934592 GB\nfactor: 2\n");
}

TEST(Record, AMissingKeySaysWhatItIsFor) {
  EXPECT_THAT(
      findings_with("bandwidth", ""),
      ElementsAre("1:1+1 missing-key: 'bandwidth' is missing from Example | bandwidth: How fast (quantity, as in "
                  "TB/s)"));
  EXPECT_THAT(
      findings_with("part", "part: {label: inner}"),
      ElementsAre("9:1+4 missing-key: 'size' is missing from Part | size: How large (quantity, as in GB, sourced)"));
}

TEST(Record, AnUnknownKeyIsNotPassedOver) {
  EXPECT_THAT(
      findings_with("factor", "factor: 2\ncoluor: red\nxyzzy: 1"),
      ElementsAre("11:1+6 unknown-key: 'coluor' is not a field of Example | did you mean 'colour'?",
                  "12:1+5 unknown-key: 'xyzzy' is not a field of Example | known here: text, flag, count, seed, "
                  "ratio, colour, bandwidth, thing, part, factor, cores, note, list, parts, by_name, powers"));
  EXPECT_THAT(findings_with("part", "part: {label: inner, size: 1 B, dleay: 1 s}"),
              ElementsAre("9:33+5 unknown-key: 'dleay' is not a field of Part | did you mean 'delay'?"));
}

TEST(Record, UnknownKeysOfForeignFormatsAndTheirNullsArePassedOver) {
  Diagnostics diagnostics;
  const Node node = good_tree(std::string(kLeastExample) + "xyzzy: 1\nnote: null\n");
  EXPECT_TRUE(read_record<ExampleRecord>(node, diagnostics, true));
  EXPECT_THAT(findings(diagnostics), IsEmpty());
}

TEST(Record, AllProblemsAreReportedAtOnce) {
  EXPECT_THAT(
      read_findings<ExampleRecord>("text: some words\n"
                                   "flag: yes\n"
                                   "count: seven\n"
                                   "seed: -1\n"
                                   "ratio: 0.1\n"
                                   "colour: gren\n"
                                   "bandwidth: 3.35 TB\n"
                                   "part:\n"
                                   "  label: inner\n"
                                   "  size: 80\n"
                                   "  delay: 1 h\n"
                                   "  dleay: 1 s\n"
                                   "factor: [1]\n"
                                   "list: [1, x, 3, y]\n"),
      ElementsAre(
          "1:1+1 missing-key: 'thing' is missing from Example | thing: Which thing (id of a thing)",
          "2:7+3 unknown-name: 'yes' is not true or false | write true or false; yes, no, on and off are "
          "not accepted",
          "3:8+5 invalid-number: 'seven' is not a whole number", "4:7+2 out-of-range: '-1' must not be negative",
          "5:8+3 out-of-range: '0.1' is outside the range at least 0.5",
          "6:9+4 unknown-name: 'gren' is not one of: red, green, blue | did you mean 'green'?",
          "7:12+7 wrong-unit: '3.35 TB' is not measured in TB/s | a unit such as TB/s is expected here",
          "10:9+2 missing-unit: '80' has no unit | write a number and a unit, such as '80 GB'",
          "11:10+3 out-of-range: '1 h' is outside the range 0 s to 10 s",
          "12:3+5 unknown-key: 'dleay' is not a field of Part | did you mean 'delay'?",
          "13:1+6 wrong-type: expected a number, found a list", "14:11+1 invalid-number: 'x' is not a whole number",
          "14:17+1 invalid-number: 'y' is not a whole number"));
}

TEST(Record, ANullIsNotAnAbsentKey) {
  EXPECT_THAT(findings_with("text", "text:"), ElementsAre("1:1+4 wrong-type: expected a text, found nothing"));
  EXPECT_THAT(findings_with("flag", "flag:"), ElementsAre("2:1+4 wrong-type: expected true or false, found nothing"));
  EXPECT_THAT(findings_with("count", "count: ~"),
              ElementsAre("3:1+5 wrong-type: expected a whole number, found nothing"));
  EXPECT_THAT(findings_with("part", "part:"),
              ElementsAre("9:1+4 wrong-type: expected a mapping (Part), found nothing"));
  EXPECT_THAT(findings_with("factor", "factor: 2\nnote:"),
              ElementsAre("11:1+4 wrong-type: expected a text, found nothing"));
  EXPECT_THAT(findings_with("factor", "factor: 2\nlist:"),
              ElementsAre("11:1+4 wrong-type: expected a list, found nothing"));
  EXPECT_THAT(findings_with("factor", "factor: 2\nby_name:"),
              ElementsAre("11:1+7 wrong-type: expected a mapping, found nothing"));
  EXPECT_THAT(findings_with("factor", "factor: {value: }"),
              ElementsAre("10:10+5 wrong-type: expected a number, found nothing"));
}

TEST(Record, ShapesAreNotGuessed) {
  EXPECT_THAT(findings_with("part", "part: inner"),
              ElementsAre("9:7+5 wrong-type: expected a mapping (Part), found a single value"));
  EXPECT_THAT(findings_with("bandwidth", "bandwidth: [3.35 TB/s]"),
              ElementsAre("7:1+9 wrong-type: expected a quantity, such as 1.5 TB/s, found a list"));
  EXPECT_THAT(findings_with("thing", "thing: {id: lamp}"),
              ElementsAre("8:1+5 wrong-type: expected the id of a thing, found a mapping"));
  EXPECT_THAT(findings_with("colour", "colour: [red]"),
              ElementsAre("6:1+6 wrong-type: expected one of red, green, blue, found a list"));
  EXPECT_THAT(findings_with("factor", "factor: 2\nlist: 3"),
              ElementsAre("11:7+1 wrong-type: expected a list, found a single value"));
  EXPECT_THAT(findings_with("factor", "factor: 2\nby_name: [1]"),
              ElementsAre("11:1+7 wrong-type: expected a mapping, found a list"));
  EXPECT_THAT(read_findings<ExampleRecord>("[1, 2]\n"),
              ElementsAre("1:1+1 wrong-type: expected a mapping (Example), found a list"));
}

TEST(Record, RangesIncludeBothEnds) {
  EXPECT_THAT(findings_with("count", "count: 100"), IsEmpty());
  EXPECT_THAT(findings_with("count", "count: -5"), IsEmpty());
  EXPECT_THAT(findings_with("count", "count: 101"),
              ElementsAre("3:8+3 out-of-range: '101' is outside the range -5 to 100"));
  EXPECT_THAT(findings_with("bandwidth", "bandwidth: 1 kB/s"),
              ElementsAre("7:12+6 out-of-range: '1 kB/s' is outside the range 1 MB/s to 1000 TB/s"));
  EXPECT_THAT(findings_with("factor", "factor: 2\ncores: {value: 65}"),
              ElementsAre("11:16+2 out-of-range: '65' is outside the range 1 to 64"));
  EXPECT_THAT(findings_with("factor", "factor: 2\nparts: [{label: a, size: 0 B}]"),
              ElementsAre("11:26+3 out-of-range: '0 B' is outside the range 1 B to 1 TB"));
}

TEST(Record, NumbersAreNotGuessed) {
  EXPECT_THAT(findings_with("count", "count: 010"), IsEmpty());
  EXPECT_EQ(good_record<ExampleRecord>(with_line("count", "count: 010")).count, 10);
  EXPECT_THAT(findings_with("count", "count: 1.0"), ElementsAre("3:8+3 invalid-number: '1.0' is not a whole number"));
  EXPECT_THAT(findings_with("count", "count: 0x10"), ElementsAre("3:8+4 invalid-number: '0x10' is not a whole number"));
  EXPECT_THAT(findings_with("ratio", "ratio: nan"), ElementsAre("5:8+3 invalid-number: 'nan' is not a number"));
  EXPECT_THAT(findings_with("ratio", "ratio: .inf"), ElementsAre("5:8+4 invalid-number: '.inf' is not a number"));
  EXPECT_THAT(findings_with("ratio", "ratio: 1e400"),
              ElementsAre("5:8+5 invalid-number: '1e400' is beyond what a number can hold, about 1e-308 to 1e308"));
  EXPECT_THAT(findings_with("ratio", "ratio: 1_000"), ElementsAre("5:8+5 invalid-number: '1_000' is not a number"));
  EXPECT_THAT(findings_with("seed", "seed: 18446744073709551616"),
              ElementsAre("4:7+20 invalid-number: '18446744073709551616' is beyond what a whole number can hold, about "
                          "1.8e+19"));
}

TEST(Record, WordsAreNotGuessed) {
  EXPECT_THAT(findings_with("flag", "flag: True"), testing::SizeIs(1));
  EXPECT_THAT(findings_with("flag", "flag: 'true'"), IsEmpty());
  EXPECT_THAT(findings_with("colour", "colour: Green"),
              ElementsAre("6:9+5 unknown-name: 'Green' is not one of: red, green, blue | did you mean 'green'?"));
  EXPECT_THAT(findings_with("colour", "colour: xyzzy"),
              ElementsAre("6:9+5 unknown-name: 'xyzzy' is not one of: red, green, blue"));
}

TEST(Record, TheLongFormOfASourcedValueIsStrictToo) {
  EXPECT_THAT(findings_with("factor", "factor: {status: assumed}"),
              ElementsAre("10:1+6 missing-key: 'value' is missing from a sourced value"));
  EXPECT_THAT(findings_with("factor", "factor: {value: 2, soruce: sheet}"),
              ElementsAre("10:20+6 unknown-key: 'soruce' is not a field of a sourced value | did you mean 'source'?"));
  EXPECT_THAT(findings_with("factor", "factor: {value: x, status: sure, source: [a]}"),
              ElementsAre("10:17+1 invalid-number: 'x' is not a number",
                          "10:28+4 unknown-name: 'sure' is not one of: measured, datasheet, fitted, announced, "
                          "estimated, assumed",
                          "10:34+6 wrong-type: expected a text, found a list"));
}

TEST(Record, EachMemberOfANamedListIsChecked) {
  EXPECT_THAT(
      findings_with("factor", "factor: 2\nby_name:\n  a: {label: x, size: 1 B}\n  b: {label: y}\n  c: 1"),
      ElementsAre("13:3+1 missing-key: 'size' is missing from Part | size: How large (quantity, as in GB, sourced)",
                  "14:6+1 wrong-type: expected a mapping (Part), found a single value"));
}

class Collector final : public RecordWalker {
 public:
  void sourced(const std::string& path, Attribution&) override { paths.push_back(path); }
  void reference(const std::string& path, std::string_view kind, AnyReference& reference) override {
    paths.push_back(path + " -> " + std::string(kind) + "/" + reference.id);
  }
  std::vector<std::string> paths;
};

TEST(Record, WalkingMeetsEverySourcedValueAndReference) {
  auto record = good_record<ExampleRecord>(kFullExample);
  Collector collector;
  record_type<ExampleRecord>().walk(&record, "", collector);
  EXPECT_THAT(collector.paths,
              ElementsAre("thing -> thing/lamp", "part.size", "factor", "cores", "parts.0.size", "parts.1.size",
                          "by_name.chat.size", "by_name.a b.size", "powers.idle", "powers.peak"));
  auto least = good_record<ExampleRecord>(kLeastExample);
  Collector fewer;
  record_type<ExampleRecord>().walk(&least, "", fewer);
  EXPECT_THAT(fewer.paths, ElementsAre("thing -> thing/lamp", "part.size", "factor"));
}

}  // namespace
}  // namespace orrery
