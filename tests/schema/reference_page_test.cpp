#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "example_record.h"

namespace orrery {
namespace {

using testing::HasSubstr;

TEST(ReferencePage, HoldsATableOfKeysPerRecord) {
  const std::string page = reference_page(record_type<ExampleRecord>(), "Example files");
  EXPECT_THAT(page, testing::StartsWith("# Example files\n\n## Example\nA field of every kind\n\n"
                                        "| key | | value | meaning |\n|---|---|---|---|\n"
                                        "| `text` | required | text | Any text |\n"));
  EXPECT_THAT(page, HasSubstr("| `count` | required | whole number | How many (-5 to 100) |\n"));
  EXPECT_THAT(page, HasSubstr("| `ratio` | required | number | A plain number (at least 0.5) |\n"));
  EXPECT_THAT(page, HasSubstr("| `colour` | required | one of red, green, blue | One of three |\n"));
  EXPECT_THAT(page, HasSubstr("| `bandwidth` | required | quantity, as in TB/s | How fast (1 MB/s to 1000 TB/s) |\n"));
  EXPECT_THAT(page, HasSubstr("| `cores` | optional | whole number, sourced | Whole, sourced, optional (1 to 64) |\n"));
  EXPECT_THAT(page, HasSubstr("| `parts` | optional | list of: mapping: Part | Records |\n"));
  EXPECT_THAT(page, HasSubstr("\n\n## Part\nOne part of an example\n\n"));
  EXPECT_THAT(page, HasSubstr("| `size` | required | quantity, as in GB, sourced | How large (1 B to 1 TB) |\n"));
}

TEST(ReferencePage, EveryFieldOfEveryRecordHasARow) {
  const std::string page = reference_page(record_type<ExampleRecord>(), "Example files");
  for (const RecordType* record : {&record_type<ExampleRecord>(), &record_type<PartRecord>()}) {
    for (const Field& field : record->fields) EXPECT_THAT(page, HasSubstr("\n| `" + std::string(field.key) + "` | "));
  }
}

}  // namespace
}  // namespace orrery
