#include "orrery/schema/entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "example_record.h"
#include "yaml_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct LampRecord {
  EntryHeader header;
  Sourced<Watts> power;
  std::optional<Sourced<Seconds>> life;
  std::optional<Reference<ThingKind>> stand;
};
constexpr RecordName record_name(const LampRecord*) { return {"Lamp", "An entry for tests"}; }
template <class Visitor>
void visit(Visitor& v, LampRecord& r) {
  visit_header(v, r.header);
  v.required("power", r.power, "Drawn");
  v.optional("life", r.life, "Until it breaks");
  v.optional("stand", r.stand, "What it stands on");
}

std::string entry(std::string_view status, std::string_view rest) {
  return fmt::format("id: desk\nkind: lamp\nname: Desk lamp\nstatus: {}\n{}\n", status, rest);
}
constexpr std::string_view kSources = "sources:\n  sheet: {title: Data sheet, publisher: Maker, date: 2024-05}\n";

struct Resolved {
  LampRecord record;
  std::vector<std::string> findings;
  std::vector<ProvenanceItem> items;
};

Resolved resolve(const std::string& text) {
  Resolved result{good_record<LampRecord>(text), {}, {}};
  Diagnostics diagnostics;
  resolve_attribution(result.record.header, record_type<LampRecord>(), &result.record, diagnostics, result.items);
  result.findings = findings(diagnostics);
  return result;
}

TEST(Entry, ValuesTakeStatusAndSourceFromTheEntry) {
  const auto resolved = resolve(entry("datasheet", fmt::format("source: sheet\npower: 5 W\n{}", kSources)));
  EXPECT_THAT(resolved.findings, IsEmpty());
  EXPECT_EQ(resolved.record.power.status, Status::datasheet);
  EXPECT_EQ(resolved.record.power.source, "sheet");
  ASSERT_EQ(resolved.items.size(), 1);
  EXPECT_EQ(resolved.items[0].path, "lamp/desk.power");
  EXPECT_EQ(resolved.items[0].status, Status::datasheet);
}

TEST(Entry, AValueMaySayOtherwise) {
  const auto resolved = resolve(
      entry("datasheet",
            fmt::format(
                "source: sheet\npower: {{value: 5 W, status: measured}}\nlife: {{value: 1 year, status: assumed}}\n{}",
                kSources)));
  EXPECT_THAT(resolved.findings, IsEmpty());
  EXPECT_EQ(resolved.record.power.status, Status::measured);
  EXPECT_EQ(resolved.record.power.source, "sheet");
  EXPECT_EQ(resolved.record.life->source, "");  // an assumption is nobody's but ours
  EXPECT_EQ(resolved.items[1].status, Status::assumed);
}

TEST(Entry, AQuantityWithoutASourceIsReportedAtTheQuantity) {
  EXPECT_THAT(
      resolve(entry("datasheet", "power: 5 W")).findings,
      ElementsAre("5:8+3 missing-source: 'power' is datasheet but names no source | give the entry a `source`, or "
                  "write {value: ..., source: ...}, or status: assumed"));
  EXPECT_THAT(resolve(entry("assumed", "power: 5 W")).findings, IsEmpty());
}

TEST(Entry, ASourceThatIsNotListedIsReportedAtTheSource) {
  EXPECT_THAT(resolve(entry("datasheet", fmt::format("source: shet\npower: 5 W\n{}", kSources))).findings,
              ElementsAre("5:9+4 unknown-source: 'shet' is not a key of `sources` | did you mean 'sheet'?"));
  EXPECT_THAT(
      resolve(entry("assumed", fmt::format("power: {{value: 5 W, status: measured, source: bench}}\n{}", kSources)))
          .findings,
      ElementsAre("5:47+5 unknown-source: 'bench' is not a key of `sources`"));
  EXPECT_THAT(resolve(entry("assumed", "power: {value: 5 W, source: ''}")).findings,
              ElementsAre("5:29+2 unknown-source: '' is not a key of `sources`"));
}

TEST(Entry, AnAnnouncedProductHasNoMeasuredValue) {
  const std::string rest = fmt::format(
      "source: sheet\npower: {{value: 5 W, status: measured}}\n"
      "life: {{value: 1 year, status: fitted}}\n{}",
      kSources);
  EXPECT_THAT(
      resolve(entry("announced", rest)).findings,
      ElementsAre("6:16+3 announced-as-measured: 'power' is measured although 'desk' was only announced | nobody can "
                  "measure it yet: write announced, estimated or assumed",
                  "7:15+6 announced-as-measured: 'life' is fitted although 'desk' was only announced | nobody can "
                  "measure it yet: write announced, estimated or assumed"));
  EXPECT_THAT(resolve(entry("announced", fmt::format("source: sheet\npower: 5 W\n{}", kSources))).findings, IsEmpty());
}

class Shelf final : public ReferenceChecker {
 public:
  using ReferenceChecker::ReferenceChecker;

 protected:
  bool exists(std::string_view kind, const std::string& id) override { return kind == "thing" && id == "table"; }
  std::vector<std::string> names(std::string_view) override { return {"table"}; }
};

std::vector<std::string> reference_findings(std::string_view rest) {
  auto record = good_record<LampRecord>(entry("assumed", rest));
  Diagnostics diagnostics;
  Shelf shelf(diagnostics);
  record_type<LampRecord>().walk(&record, "", shelf);
  return findings(diagnostics);
}

TEST(Entry, AReferenceMustLeadToAnEntry) {
  EXPECT_THAT(reference_findings("power: 5 W\nstand: table"), IsEmpty());
  EXPECT_THAT(reference_findings("power: 5 W\nstand: tabel"),
              ElementsAre("6:8+5 dangling-reference: there is no thing 'tabel' | did you mean 'table'?"));
  EXPECT_THAT(
      reference_findings("power: 5 W\nstand: floor"),
      ElementsAre("6:8+5 dangling-reference: there is no thing 'floor' | `orrery list thing` prints what there is"));
}

TEST(Entry, TheSourceOfAnEntryIsNoReferenceToAnotherEntry) {
  EXPECT_THAT(reference_findings(fmt::format("source: sheet\npower: 5 W\n{}", kSources)), IsEmpty());
}

TEST(Entry, ASourceNeedsTitlePublisherAndDate) {
  EXPECT_THAT(
      read_findings<LampRecord>(entry("assumed", "power: 5 W\nsources:\n  sheet: {title: Data sheet, where: p. 2}")),
      ElementsAre("7:3+5 missing-key: 'publisher' is missing from Source | publisher: Who published it (text)",
                  "7:3+5 missing-key: 'date' is missing from Source | date: YYYY, YYYY-MM or YYYY-MM-DD (text)"));
}

TEST(Entry, WhatIsWrittenAfterwardsReadsTheSame) {
  const auto resolved =
      resolve(entry("datasheet", fmt::format("source: sheet\npower: 5 W\nlife: 1 year\n{}", kSources)));
  const Node written = write_record(resolved.record);
  const auto again = resolve(to_yaml(written));
  EXPECT_THAT(again.findings, IsEmpty());
  EXPECT_TRUE(same_tree(written, write_record(again.record)));
}

}  // namespace
}  // namespace orrery
