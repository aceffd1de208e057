#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;

std::string azure(const std::string& rows) { return "TIMESTAMP,ContextTokens,GeneratedTokens\n" + rows; }

std::string message_of_time(const std::string& time) {
  const std::string messages = read_text(azure(time + ",1,1\n")).messages;
  return messages.substr(0, messages.find('\n'));
}

TEST(TraceAzure, TimesCountFromTheFirstRequestToEachHundredNanoseconds) {
  const auto reading =
      read_text(azure("2023-11-16 18:15:46.6805900,374,44\r\n"
                      "2023-11-16 18:15:46.6805901,396,109\r\n"
                      "2023-11-17 00:00:00.0000000,879,55"));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(0, 100'000, 20'653'319'410'000'000));
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(374, 396, 879));
  EXPECT_THAT(reading.trace->requests.output_tokens, ElementsAre(44, 109, 55));
}

TEST(TraceAzure, OtherSpellingsOfATimeAreRead) {
  const auto reading =
      read_text(azure("2024-02-28 23:59:59,1,1\n"
                      "2024-02-28T23:59:59.5Z,1,1\n"
                      "2024-02-29 01:00:00.25+01:00,1,1\n"
                      "2024-02-28 23:30:00.5-00:30,1,1\n"));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.arrival_ps,
              ElementsAre(0, 500'000'000'000, 1'250'000'000'000, 1'500'000'000'000));
}

TEST(TraceAzure, PlainSecondsCountFromTheFirstToo) {
  const auto reading = read_text(azure("100.5,1,1\n102,1,1\n"));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(0, 1'500'000'000'000));
}

TEST(TraceAzure, TheFirstRequestThatCanBeReadIsTheOrigin) {
  const auto reading = read_text(azure("2023-11-16 18:00:00,0,1\n2023-11-16 18:00:05,1,1\n"), {.skip_bad_rows = true});
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(0));
}

TEST(TraceAzure, MoreColumnsAreNoObstacle) {
  const auto reading = read_text("TIMESTAMP,NumImages,ContextTokens,GeneratedTokens\n2025-01-01 00:00:00,3,20,30\n");
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->format, TraceFormat::azure_csv);
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(20));
}

TEST(TraceAzure, ATimeThatIsNoneIsShownWithItsPlace) {
  const std::string shape = "' is not a time such as 2023-11-16 18:15:46.6805900";
  const std::string place = "trace:2:1: error[invalid-trace-row]: '";
  for (const std::string time : {"2023-11-16", "2023-11-16 18:15", "2023-11-16 18:15:4", "2023-11-16 18:15:460",
                                 "2023-1-16 18:15:46", "2023-11-16 18:15:46.", "2023-11-16 18:15:46.1.2",
                                 "2023-11-16 18:15:46 UTC", "2023-11-16 18:15:46+1:00", "2023-11-16 18:15:46+01:60"}) {
    EXPECT_EQ(message_of_time(time), place + time + shape);
  }
  for (const std::string time : {"2023-02-29 18:15:46", "2023-13-16 18:15:46", "2023-00-16 18:15:46",
                                 "2023-11-16 24:15:46", "2023-11-16 18:60:46", "2023-11-16 18:15:60"}) {
    EXPECT_EQ(message_of_time(time), place + time + "' is not in the calendar");
  }
  EXPECT_EQ(message_of_time("noon"), place + "noon' is not a number");
}

TEST(TraceAzure, AnEarlierTimeThanTheFirstIsUnsorted) {
  EXPECT_EQ(read_text(azure("2023-11-16 18:15:46,1,1\n2023-11-16 18:15:45.9999999,1,1\n")).messages,
            "trace:3:1: error[unsorted-trace]: '2023-11-16 18:15:45.9999999' lies before the time of line 2\n"
            "    3 | 2023-11-16 18:15:45.9999999,1,1\n"
            "      | ^~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
            "      help: sort the rows by their time\n");
}

TEST(TraceAzure, ATimeThatNoRunReachesIsABadRow) {
  EXPECT_EQ(message_of_time("2023-01-01 00:00:00,1,1\n2023-06-01 00:00:00"),
            "trace:3:1: error[invalid-trace-row]: '2023-06-01 00:00:00' is 13046400 s after the start, and a run lasts "
            "at most 9200000 s");
}

}  // namespace
}  // namespace orrery
