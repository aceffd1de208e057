#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kMillisecond = 1'000'000'000;

std::string row(std::int64_t milliseconds) {
  return fmt::format("{{\"timestamp\": {}, \"input_length\": 600, \"output_length\": 5, \"hash_ids\": [0, 1]}}\n",
                     milliseconds);
}

std::string rows(const std::vector<std::int64_t>& times) {
  std::string text;
  for (std::int64_t time : times) text += row(time);
  return text;
}

std::string message_of_row(const std::string& text) {
  const std::string messages = read_text(text + "\n", {.format = TraceFormat::mooncake_jsonl}).messages;
  return messages.substr(0, messages.find('\n'));
}

TEST(TraceMooncake, RowsAreReadWithKeysInAnyOrderBesideOthers) {
  const auto reading = read_text(
      "{\"timestamp\": 0, \"input_length\": 6758, \"output_length\": 500, \"hash_ids\": [0, 13]}\n"
      "{\"hash_ids\":[],\"extra\":{\"a\":[1,{}]},\"output_length\":4,\"input_length\":3,\"timestamp\":27.5}\r\n"
      "\n"
      "{\"timestamp\": 1000, \"input_length\": 1, \"output_length\": 2, \"hash_ids\": [18446744073709551615]}");
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->format, TraceFormat::mooncake_jsonl);
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(0, 27'500'000'000, 1'000'000'000'000));
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(6758, 3, 1));
  EXPECT_THAT(reading.trace->requests.output_tokens, ElementsAre(500, 4, 2));
  EXPECT_EQ(reading.trace->spread_interval, SimTime());
}

TEST(TraceMooncake, HashIdsBecomeTheKeysOf512TokensEach) {
  const auto reading = read_text(
      "{\"timestamp\": 0, \"input_length\": 1000, \"output_length\": 5, \"hash_ids\": [0, 1]}\n"
      "{\"timestamp\": 0, \"input_length\": 1100, \"output_length\": 5, \"hash_ids\": [0, 2, 1]}\n"
      "{\"timestamp\": 0, \"input_length\": 1100, \"output_length\": 5, \"hash_ids\": [0]}\n");
  ASSERT_TRUE(reading.trace) << reading.messages;
  const RequestTable& requests = reading.trace->requests;
  EXPECT_EQ(requests.keys_of(0)[0], requests.keys_of(1)[0]);
  EXPECT_NE(requests.keys_of(0)[1], requests.keys_of(1)[2]) << "behind another prefix";
  EXPECT_EQ(requests.key_ranges[0].known_tokens, 1000) << "the last id stands for 488 tokens";
  EXPECT_EQ(requests.key_ranges[0].tokens_per_key, 512);
  EXPECT_EQ(requests.key_ranges[2].known_tokens, 512) << "of what has no id nothing is known";
}

TEST(TraceMooncake, RequestsOfACoarseTickAreSpreadOverIt) {
  const auto reading = read_text(rows({0, 0, 3000, 6000, 6000, 6000, 9000, 12000, 15000, 21000, 24000, 27000, 30000}));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->spread_interval.ps(), 3000 * kMillisecond);
  const auto& times = reading.trace->requests.arrival_ps;
  EXPECT_THAT(std::vector(times.begin(), times.begin() + 7),
              ElementsAre(750 * kMillisecond, 2250 * kMillisecond, 4500 * kMillisecond, 6500 * kMillisecond,
                          7500 * kMillisecond, 8500 * kMillisecond, 10500 * kMillisecond));
}

TEST(TraceMooncake, ATickMayBeAFewMillisecondsLateOrEarly) {
  const auto reading = read_text(rows({0, 0, 3000, 5999, 6000, 9001, 12000, 15000, 18000, 20999, 24000, 27000, 30000}));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->spread_interval.ps(), 3000 * kMillisecond);
  const auto& times = reading.trace->requests.arrival_ps;
  EXPECT_EQ(times[3], 6750 * kMillisecond);
  EXPECT_EQ(times[4], 8250 * kMillisecond);
  EXPECT_EQ(times[5], 10500 * kMillisecond);
}

TEST(TraceMooncake, TimesOfAFineClockAreKept) {
  const std::vector<std::int64_t> times = {0, 0, 40, 277, 471, 529, 639, 937, 1514, 1731, 2469, 2775};
  const auto reading = read_text(rows(times));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->spread_interval, SimTime());
  EXPECT_EQ(reading.trace->requests.arrival_ps.back(), 2775 * kMillisecond);
}

TEST(TraceMooncake, AFewRequestsAtTheSameTimeAreNoEvidenceOfTicks) {
  const auto reading = read_text(rows({0, 0, 5000, 5000}));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->spread_interval, SimTime());
  EXPECT_EQ(reading.trace->requests.arrival_ps[1], 0);
}

TEST(TraceMooncake, ALimitChangesNoneOfTheTimesThatItKeeps) {
  const std::string text = rows({0, 0, 3000, 6000, 6000, 6000, 9000, 12000, 15000, 21000, 24000, 27000, 30000});
  const auto all = read_text(text);
  const auto few = read_text(text, {.limit = 4});
  ASSERT_EQ(few.trace->requests.size(), 4);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(few.trace->requests.arrival_ps[i], all.trace->requests.arrival_ps[i]);
  }
}

TEST(TraceMooncake, ABadValueIsShownWithItsPlace) {
  EXPECT_EQ(
      read_text(row(0) + "{\"timestamp\": 1, \"input_length\": 0, \"output_length\": 5, \"hash_ids\": []}\n").messages,
      "trace:2:34: error[invalid-trace-row]: '0' is below one token\n"
      "    2 | {\"timestamp\": 1, \"input_length\": 0, \"output_length\": 5, \"hash_ids\": []}\n"
      "      |                                  ^\n");
}

TEST(TraceMooncake, EveryKindOfBadRowHasItsMessage) {
  const std::string error = "error[invalid-trace-row]: ";
  const std::string rest = ", \"input_length\": 1, \"output_length\": 1, \"hash_ids\": [7]}";
  EXPECT_EQ(message_of_row("{\"timestamp\": -5" + rest), "trace:1:15: " + error + "'-5' is negative");
  EXPECT_EQ(message_of_row("{\"timestamp\": \"5\"" + rest), "trace:1:15: " + error + "'\"5\"' is not a number");
  EXPECT_EQ(message_of_row("{\"timestamp\": null" + rest), "trace:1:15: " + error + "'null' is not a number");
  EXPECT_EQ(message_of_row("{\"timestamp\": 1, \"timestamp\": 2" + rest),
            "trace:1:31: " + error + "'timestamp' is given twice");
  EXPECT_EQ(message_of_row("{\"timestamp\": 1}"), "trace:1:1: " + error + "the row has no 'input_length'");
  EXPECT_EQ(message_of_row("{\"timestamp\": 1" + rest + " {}"),
            "trace:1:74: " + error + "this follows the end of the row");
  EXPECT_EQ(message_of_row("{\"timestamp\": 1, \"hash_ids\": 5}"), "trace:1:30: " + error + "'hash_ids' is not a list");
  EXPECT_EQ(message_of_row("{\"timestamp\": 1, \"input_length\": 512, \"output_length\": 1, \"hash_ids\": [7, 8]}"),
            "trace:1:71: " + error + "'hash_ids' has 2 ids, and 512 tokens are 1 block of 512");
  EXPECT_EQ(message_of_row("{\"hash_ids\": [1, -2]}"),
            "trace:1:18: " + error + "'-2' is not the id of a block, a whole number");
  EXPECT_EQ(message_of_row("{\"hash_ids\": [1, \"a\"]}"),
            "trace:1:18: " + error + "'\"a\"' is not the id of a block, a whole number");
  const std::string cut = "the row is not a whole JSON object: a bracket, brace or quote is missing";
  EXPECT_EQ(message_of_row("{\"timestamp\": 1"), "trace:1:1: " + error + cut);
  EXPECT_EQ(message_of_row("{\"timestamp"), "trace:1:1: " + error + cut);
  EXPECT_EQ(message_of_row("[1]"), "trace:1:1: " + error + "the row is not a JSON object");
  EXPECT_EQ(message_of_row("{\"timestamp\" 1}"), "trace:1:1: " + error + "the row is not a JSON object");
  EXPECT_EQ(message_of_row("{\"a\": \"\xff\"}"), "trace:1:1: " + error + "the row is not a JSON object");
}

TEST(TraceMooncake, BackwardsTimesAreUnsorted) {
  EXPECT_THAT(read_text(rows({5, 4})).messages,
              HasSubstr("trace:2:15: error[unsorted-trace]: '4' lies before the time of line 1\n"));
}

}  // namespace
}  // namespace orrery
