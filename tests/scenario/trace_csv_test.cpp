#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHeader = "arrival_s,input_tokens,output_tokens\n";

std::string message_of_row(const std::string& row) {
  const std::string messages = read_text(kHeader + row + "\n").messages;
  return messages.substr(0, messages.find('\n'));
}

TEST(TraceCsv, ColumnsAreFoundByNameInAnyOrderBesideOthers) {
  const auto reading = read_text(
      "user,output_tokens,arrival_s,input_tokens\n"
      "a,7,0.5,100\n"
      "b,8,1.25,200\n");
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->format, TraceFormat::csv);
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(500'000'000'000, 1'250'000'000'000));
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(100, 200));
  EXPECT_THAT(reading.trace->requests.output_tokens, ElementsAre(7, 8));
}

TEST(TraceCsv, TimesAreExactToThePicosecond) {
  const auto reading = read_text(std::string(kHeader) +
                                 "0.000000000001,1,1\n"
                                 "0.3,1,1\n"
                                 "0.30000000000000004,1,1\n"
                                 "1,1,1\n"
                                 "9000000.999999999999,1,1\n"
                                 "9000000.9999999999999,1,1\n");
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(1, 300'000'000'000, 300'000'000'000, 1'000'000'000'000,
                                                              9'000'000'999'999'999'999, 9'000'001'000'000'000'000));
}

TEST(TraceCsv, ExponentsAreNumbersToo) {
  const auto reading = read_text(std::string(kHeader) + "1e-3,1,1\n2.5E1,1,1\n");
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(1'000'000'000, 25'000'000'000'000));
}

TEST(TraceCsv, QuotesBlanksAndForeignLineEndsAreRead) {
  const auto reading = read_text(
      "\xef\xbb\xbf\"arrival_s\", input_tokens ,\"note\",output_tokens\r\n"
      "\r\n"
      " 0 ,\"12\",\"a, \"\"b\"\"\",3\r\n"
      "\t\n"
      "1,13,\"\" ,4");
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(12, 13));
  EXPECT_THAT(reading.trace->requests.output_tokens, ElementsAre(3, 4));
}

TEST(TraceCsv, ABadFieldIsShownWithItsPlace) {
  EXPECT_EQ(read_text(std::string(kHeader) + "0,12,3\n0.5,0,4\n").messages,
            "trace:3:5: error[invalid-trace-row]: '0' is below one token\n"
            "    3 | 0.5,0,4\n"
            "      |     ^\n");
  EXPECT_EQ(read_text("\xef\xbb\xbf" + std::string(kHeader) + "\r\n0,12,abc\r\n").messages,
            "trace:3:6: error[invalid-trace-row]: 'abc' is not a whole number\n"
            "    3 | 0,12,abc\n"
            "      |      ^~~\n");
}

TEST(TraceCsv, EveryKindOfBadRowHasItsMessage) {
  const std::string error = "error[invalid-trace-row]: ";
  EXPECT_EQ(message_of_row("x,1,1"), "trace:2:1: " + error + "'x' is not a number");
  EXPECT_EQ(message_of_row(",1,1"), "trace:2:1: " + error + "a number is missing");
  EXPECT_EQ(message_of_row("-1,1,1"), "trace:2:1: " + error + "'-1' is negative");
  EXPECT_EQ(message_of_row("-0.5,1,1"), "trace:2:1: " + error + "'-0.5' is negative");
  EXPECT_EQ(message_of_row("nan,1,1"), "trace:2:1: " + error + "'nan' is not a number");
  EXPECT_EQ(message_of_row("inf,1,1"), "trace:2:1: " + error + "'inf' is out of range");
  EXPECT_EQ(message_of_row("1e30,1,1"), "trace:2:1: " + error + "'1e30' is out of range");
  EXPECT_EQ(message_of_row("0x10,1,1"), "trace:2:1: " + error + "'0x10' is not a number");
  EXPECT_EQ(message_of_row("9200001,1,1"),
            "trace:2:1: " + error + "'9200001' is 9200001 s after the start, and a run lasts at most 9200000 s");
  EXPECT_EQ(message_of_row("0,,1"), "trace:2:3: " + error + "a token count is missing");
  EXPECT_EQ(message_of_row("0,-5,1"), "trace:2:3: " + error + "'-5' is below one token");
  EXPECT_EQ(message_of_row("0,1.5,1"), "trace:2:3: " + error + "'1.5' is not a whole number");
  EXPECT_EQ(message_of_row("0,100000001,1"), "trace:2:3: " + error + "'100000001' is more than 100000000 tokens");
  EXPECT_EQ(message_of_row("0,1," + std::string(100, '9')),
            "trace:2:5: " + error + "'" + std::string(40, '9') + "...' is more than 100000000 tokens");
  EXPECT_EQ(message_of_row("0,1"), "trace:2:1: " + error + "the row has 2 fields, the header 3");
  EXPECT_EQ(message_of_row("0,1,1,1"), "trace:2:1: " + error + "the row has 4 fields, the header 3");
  EXPECT_EQ(message_of_row("0,\"1,1"), "trace:2:3: " + error + "the quotes of this field do not close at its end");
  EXPECT_EQ(message_of_row("0,\"1\"0,1"), "trace:2:4: " + error + "the quotes of this field do not close at its end");
}

TEST(TraceCsv, LeadingZerosAndLargestCountsAreRead) {
  const auto reading = read_text(std::string(kHeader) + "007,0000000000000000000001,100000000\n");
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(1));
  EXPECT_THAT(reading.trace->requests.output_tokens, ElementsAre(100'000'000));
}

TEST(TraceCsv, ANamedFormatNeedsItsColumns) {
  EXPECT_EQ(read_text("arrival_s,tokens\n0,1\n", {.format = TraceFormat::csv}).messages,
            "trace:1:1: error[unknown-trace-format]: the header has no column 'input_tokens', which csv needs\n"
            "    1 | arrival_s,tokens\n"
            "      | ^~~~~~~~~~~~~~~~\n"
            "      help: the first line names the columns: arrival_s, input_tokens, output_tokens\n");
}

TEST(TraceCsv, AColumnThatIsNamedTwiceIsAnError) {
  EXPECT_THAT(read_text("arrival_s,input_tokens,output_tokens,input_tokens\n0,1,2,3\n").messages,
              HasSubstr("trace:1:38: error[unknown-trace-format]: the header names 'input_tokens' twice"));
}

}  // namespace
}  // namespace orrery
