#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trace_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string ids(int from, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + std::to_string(from + i);
  return "[" + text + "]";
}

std::string row(int input, int output, const std::string& prompt, const std::string& answer) {
  return "{\"input_toks\": " + std::to_string(input) + ", \"output_toks\": " + std::to_string(output) +
         ", \"arrival_time_ns\": 1500, \"input_tok_ids\": " + prompt + ", \"output_tok_ids\": " + answer + "}\n";
}

std::string message_of_row(const std::string& text) {
  const std::string messages = read_text(text + "\n", {.format = TraceFormat::llmservingsim_jsonl}).messages;
  return messages.substr(0, messages.find('\n'));
}

TEST(TraceLlmServingSim, RowsAreReadWithTheContentOfPromptsAndAnswers) {
  const auto reading = read_text(row(32, 9, ids(0, 32), ids(50, 9)) + row(40, 1, ids(0, 40), "[7]"));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->format, TraceFormat::llmservingsim_jsonl);
  const RequestTable& requests = reading.trace->requests;
  EXPECT_THAT(requests.arrival_ps, ElementsAre(1'500'000, 1'500'000));
  EXPECT_THAT(requests.input_tokens, ElementsAre(32, 40));
  EXPECT_THAT(requests.output_tokens, ElementsAre(9, 1));
  EXPECT_EQ(requests.key_ranges[0].known_tokens, 41);
  EXPECT_EQ(requests.key_ranges[1].tokens_per_key, 16);
  ASSERT_EQ(requests.keys_of(0).size(), 3U);
  ASSERT_EQ(requests.keys_of(1).size(), 3U);
  EXPECT_EQ(requests.keys_of(0)[1], requests.keys_of(1)[1]);
  EXPECT_NE(requests.keys_of(0)[2], requests.keys_of(1)[2]);
}

TEST(TraceLlmServingSim, EqualContentBehindAnotherPrefixHasAnotherKey) {
  std::string other = ids(100, 16) + ids(16, 16);
  other.replace(other.find("]["), 2, ", ");
  const auto reading = read_text(row(32, 1, ids(0, 32), "[1]") + row(32, 1, other, "[1]"));
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_NE(reading.trace->requests.keys_of(0)[1], reading.trace->requests.keys_of(1)[1]);
}

TEST(TraceLlmServingSim, IdsMayBeMissing) {
  const auto reading = read_text(
      "{\"input_toks\": 5, \"output_toks\": 6, \"arrival_time_ns\": 0, \"other\": {\"a\": []}}\n"
      "{\"arrival_time_ns\": 0.5, \"output_toks\": 6, \"input_toks\": 2, \"input_tok_ids\": [1, 2]}\n"
      "{\"arrival_time_ns\": 1, \"output_toks\": 1, \"input_toks\": 2, \"output_tok_ids\": [1]}\n");
  ASSERT_TRUE(reading.trace) << reading.messages;
  const auto& ranges = reading.trace->requests.key_ranges;
  EXPECT_EQ(ranges[0].known_tokens, 0);
  EXPECT_EQ(ranges[1].known_tokens, 2);
  EXPECT_EQ(ranges[2].known_tokens, 0) << "an answer to an unknown prompt";
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(0, 500, 1000));
}

TEST(TraceLlmServingSim, ALimitKeepsTheKeysOfItsRequests) {
  const auto reading = read_text(row(32, 9, ids(0, 32), ids(50, 9)) + row(40, 1, ids(0, 40), "[7]"), {.limit = 1});
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->requests.key_ranges.size(), 1U);
  EXPECT_EQ(reading.trace->requests.content_keys.size(), 3U);
}

TEST(TraceLlmServingSim, ABadValueIsShownWithItsPlace) {
  EXPECT_EQ(read_text("{\"input_toks\": 3, \"output_toks\": 1, \"arrival_time_ns\": 0, \"input_tok_ids\": [1, 2]}\n")
                .messages,
            "trace:1:76: error[invalid-trace-row]: 'input_tok_ids' has 2 ids, and 'input_toks' says 3\n"
            "    1 | {\"input_toks\": 3, \"output_toks\": 1, \"arrival_time_ns\": 0, \"input_tok_ids\": [1, 2]}\n"
            "      |                                                                            ^\n");
}

TEST(TraceLlmServingSim, EveryKindOfBadRowHasItsMessage) {
  const std::string error = "error[invalid-trace-row]: ";
  EXPECT_EQ(message_of_row("{\"input_toks\": 0}"), "trace:1:16: " + error + "'0' is below one token");
  EXPECT_EQ(message_of_row("{\"input_toks\": 1, \"output_toks\": 1}"),
            "trace:1:1: " + error + "the row has no 'arrival_time_ns'");
  EXPECT_EQ(message_of_row("{\"arrival_time_ns\": -1}"), "trace:1:21: " + error + "'-1' is negative");
  EXPECT_EQ(message_of_row("{\"input_tok_ids\": 5}"), "trace:1:19: " + error + "'input_tok_ids' is not a list");
  EXPECT_EQ(message_of_row("{\"output_tok_ids\": [1, \"a\"]}"),
            "trace:1:24: " + error + "'\"a\"' is not the id of a token, a whole number");
  EXPECT_EQ(message_of_row("{\"input_toks\": 1, \"input_toks\": 1}"),
            "trace:1:33: " + error + "'input_toks' is given twice");
  EXPECT_EQ(message_of_row("[]"), "trace:1:1: " + error + "the row is not a JSON object");
}

TEST(TraceLlmServingSim, BackwardsTimesAreUnsorted) {
  EXPECT_THAT(read_text("{\"input_toks\": 1, \"output_toks\": 1, \"arrival_time_ns\": 5}\n"
                        "{\"input_toks\": 1, \"output_toks\": 1, \"arrival_time_ns\": 4}\n")
                  .messages,
              HasSubstr("error[unsorted-trace]: '4' lies before the time of line 1\n"));
}

}  // namespace
}  // namespace orrery
