#include "orrery/base/diagnostic_codes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "orrery/base/file.h"

namespace orrery {
namespace {

TEST(DiagnosticCodes, AreSortedAndUnique) {
  const auto codes = diagnostic_codes();
  ASSERT_GT(codes.size(), 20);
  for (std::size_t i = 1; i < codes.size(); ++i) EXPECT_LT(codes[i - 1].code, codes[i].code);
}

TEST(DiagnosticCodes, EachIsASlugWithATitleAndAnExplanation) {
  for (const DiagnosticCode& row : diagnostic_codes()) {
    EXPECT_EQ(find_diagnostic_code(row.code), &row);
    EXPECT_EQ(row.code.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string_view::npos) << row.code;
    EXPECT_FALSE(row.title.empty()) << row.code;
    EXPECT_EQ(row.title.find('\n'), std::string_view::npos) << row.code;
    EXPECT_FALSE(row.title.ends_with('.')) << row.code;
    EXPECT_GT(row.explanation.size(), row.title.size()) << row.code;
    EXPECT_TRUE(row.explanation.ends_with('.')) << row.code;
    for (std::size_t begin = 0, end = 0; begin < row.explanation.size(); begin = end + 1) {
      end = std::min(row.explanation.find('\n', begin), row.explanation.size());
      EXPECT_LE(end - begin, 110) << row.code << ": a line of the explanation is too long";
    }
  }
  EXPECT_EQ(find_diagnostic_code("no-such-code"), nullptr);
  EXPECT_EQ(find_diagnostic_code(""), nullptr);
}

TEST(DiagnosticCodes, EachIsProvokedByATestOfTheProgram) {
  std::string expectations;
  for (const auto& entry : std::filesystem::directory_iterator(ORRERY_SOURCE_DIR "/tests/text/diagnostics")) {
    if (entry.path().extension() == ".test") expectations += read_file(entry.path().string()).value();
  }
  for (const DiagnosticCode& row : diagnostic_codes()) {
    const bool provoked = expectations.find(fmt::format("[{}]: ", row.code)) != std::string::npos;
    EXPECT_TRUE(provoked) << "tests/text/diagnostics/*.test: none expects " << row.code;
  }
}

}  // namespace
}  // namespace orrery
