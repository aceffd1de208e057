#include "orrery/scenario/trace_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "orrery/base/file.h"
#include "trace_text.h"

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kHeader = "arrival_s,input_tokens,output_tokens\n";

TEST(TraceReader, TheFormatIsReadOffTheFirstLineThatIsNotBlank) {
  EXPECT_EQ(read_text("\n\narrival_s,input_tokens,output_tokens\n0,1,1\n").trace->format, TraceFormat::csv);
  EXPECT_EQ(read_text("TIMESTAMP,ContextTokens,GeneratedTokens\n0,1,1\n").trace->format, TraceFormat::azure_csv);
  EXPECT_EQ(read_text("{\"timestamp\":0,\"input_length\":1,\"output_length\":1,\"hash_ids\":[]}").trace->format,
            TraceFormat::mooncake_jsonl);
  EXPECT_EQ(read_text("{\"arrival_time_ns\":0,\"input_toks\":1,\"output_toks\":1}").trace->format,
            TraceFormat::llmservingsim_jsonl);
}

TEST(TraceReader, AFormatThatIsNamedWins) {
  const std::string both =
      "TIMESTAMP,ContextTokens,GeneratedTokens,arrival_s,input_tokens,output_tokens\n5,1,2,6,3,4\n";
  EXPECT_THAT(read_text(both).trace->requests.input_tokens, ElementsAre(1));
  const auto reading = read_text(both, {.format = TraceFormat::csv});
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(3));
  EXPECT_THAT(reading.trace->requests.arrival_ps, ElementsAre(6'000'000'000'000));
}

TEST(TraceReader, AnUnknownHeaderIsShownWithWhatIsKnown) {
  EXPECT_EQ(read_text("a,b\n1,2\n").messages,
            "trace:1:1: error[unknown-trace-format]: the first line shows no format that is known\n"
            "    1 | a,b\n"
            "      | ^~~\n"
            "      help: a trace begins with a line of column names (arrival_s,input_tokens,output_tokens or "
            "TIMESTAMP,ContextTokens,GeneratedTokens), or has a JSON object in each line\n");
}

TEST(TraceReader, AMisspeltColumnIsNamed) {
  EXPECT_THAT(read_text("arrival_s,input_token,output_tokens\n1,2,3\n").messages,
              HasSubstr("help: csv also needs the column 'input_tokens' ('input_token' is not it)\n"));
}

TEST(TraceReader, ATraceWithoutRowsIsAnError) {
  EXPECT_EQ(read_text("").messages, "trace: error[empty-trace]: it holds no requests\n");
  EXPECT_EQ(read_text("\xef\xbb\xbf\r\n \n").messages, "trace: error[empty-trace]: it holds no requests\n");
  EXPECT_EQ(read_text(kHeader).messages, "trace: error[empty-trace]: it holds no requests\n");
  EXPECT_EQ(read_text(std::string(kHeader) + "x,1,1\ny,1,1\n", {.skip_bad_rows = true}).messages,
            "trace: error[empty-trace]: it holds no requests: none of its 2 rows can be read\n");
}

TEST(TraceReader, TimesThatGoBackwardsAreAnError) {
  EXPECT_EQ(read_text(std::string(kHeader) + "1,1,1\n\n0.5,1,1\n2,1,1\n1.5,1,1\n").messages,
            "trace:4:1: error[unsorted-trace]: '0.5' lies before the time of line 2; 1 more row goes backwards\n"
            "    4 | 0.5,1,1\n"
            "      | ^~~\n"
            "      help: sort the rows by their time\n");
  EXPECT_THAT(read_text(std::string(kHeader) + "1,1,1\n0.5,1,1\n", {.skip_bad_rows = true}).messages,
              HasSubstr("error[unsorted-trace]"));
}

TEST(TraceReader, EqualTimesAreInOrder) {
  EXPECT_THAT(read_text(std::string(kHeader) + "1,1,1\n1,1,1\n").trace->requests.arrival_ps.size(), 2);
}

TEST(TraceReader, TheFirstTwentyBadRowsAreShownAndTheOthersCounted) {
  std::string text = kHeader;
  for (int i = 0; i < 50; ++i) text += "0,0,1\n";
  Diagnostics diagnostics;
  EXPECT_FALSE(read_trace_text("trace", text, {}, diagnostics));
  const auto all = diagnostics.sorted();
  ASSERT_EQ(all.size(), 21);
  EXPECT_EQ(all[19].message, "'0' is below one token");
  EXPECT_EQ(all[19].place.line, 21);
  EXPECT_EQ(all[20].message, "30 more rows cannot be read, from here on");
  EXPECT_EQ(all[20].place.line, 22);
}

TEST(TraceReader, BadRowsAreSkippedAndCountedWhenAskedFor) {
  const auto reading = read_text(std::string(kHeader) + "0,1,1\nx,1,1\n1,0,1\n2,5,6\n", {.skip_bad_rows = true});
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_EQ(reading.trace->skipped_rows, 2);
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(1, 5));
  EXPECT_EQ(reading.messages, "");
}

TEST(TraceReader, TheRateMultiplierScalesTimes) {
  const std::string text = std::string(kHeader) + "1,1,1\n3,1,1\n";
  EXPECT_THAT(read_text(text, {.rate_multiplier = 2}).trace->requests.arrival_ps,
              ElementsAre(500'000'000'000, 1'500'000'000'000));
  EXPECT_EQ(read_text(text, {.rate_multiplier = 1e-7}).messages,
            "trace: error[out-of-range]: at 1e-07 times its rate the trace lasts 3e+07 s, and a run lasts at most "
            "9200000 s\n");
}

TEST(TraceReader, ALimitKeepsTheFirstRequests) {
  const auto reading = read_text(std::string(kHeader) + "1,1,1\n2,2,1\n3,3,1\nbad\n", {.limit = 2});
  ASSERT_TRUE(reading.trace) << reading.messages;
  EXPECT_THAT(reading.trace->requests.input_tokens, ElementsAre(1, 2));
}

TEST(TraceReader, AFileThatIsAbsentIsReported) {
  Diagnostics diagnostics;
  EXPECT_FALSE(read_trace("no/such/trace.csv", {}, diagnostics));
  EXPECT_EQ(all_messages(diagnostics),
            "no/such/trace.csv: error[unreadable-file]: cannot read it: No such file or directory\n");
}

class TraceFile : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories(folder_);
    EXPECT_TRUE(write_file_atomically(folder_ + name, content));
    return folder_ + name;
  }
  ~TraceFile() override { std::filesystem::remove_all(folder_); }

  const std::string folder_ =
      testing::TempDir() + "orrery-" + testing::UnitTest::GetInstance()->current_test_info()->name() + "/";
};

TEST_F(TraceFile, ACompressedTraceIsNamedAsItIsAndCountsUnpackedLines) {
  using namespace std::string_literals;
  const std::string path = write(
      "trace.csv.gz",
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x4b\x2c\x2a\xca\x2c\x4b\xcc\x89\x2f\xd6\xc9\xcc\x2b\x28\x2d\x89\x2f\xc9\xcf\x4e\xcd\x2b\xd6\xc9\x2f\x2d\x41\xf0\xb8\x0c\x74\x0c\x75\x8c\xb8\x0c\x75\x74\x8d\x75\x4c\xb8\x00\x3b\x7e\x4e\x81\x32\x00\x00\x00"s);
  Diagnostics diagnostics;
  EXPECT_FALSE(read_trace(path, {}, diagnostics));
  EXPECT_EQ(all_messages(diagnostics), path +
                                           ":3:3: error[invalid-trace-row]: '-3' is below one token\n"
                                           "    3 | 1,-3,4\n"
                                           "      |   ^~\n");
}

TEST_F(TraceFile, ACompressedTraceThatIsNoneIsReported) {
  const std::string path = write("trace.csv.gz", std::string(kHeader) + "0,1,1\n");
  Diagnostics diagnostics;
  EXPECT_FALSE(read_trace(path, {}, diagnostics));
  EXPECT_EQ(all_messages(diagnostics), path + ": error[unreadable-file]: cannot read it: it is not gzip\n");
}

struct PublicTrace {
  const char* file;
  std::size_t requests;
  std::int64_t first_ps;
  std::int64_t last_ps;
  std::int64_t input_tokens;
  std::int64_t output_tokens;
  std::int64_t spread_s;
};

class PublicTraces : public testing::TestWithParam<PublicTrace> {};

TEST_P(PublicTraces, AreReadToTheLastRow) {
  const PublicTrace& expected = GetParam();
  const std::string path = std::string("../shared/data/traces/") + expected.file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not here";
  Diagnostics diagnostics;
  const auto trace = read_trace(path, {}, diagnostics);
  ASSERT_TRUE(trace) << all_messages(diagnostics);
  const RequestTable& requests = trace->requests;
  EXPECT_EQ(requests.size(), expected.requests);
  EXPECT_EQ(requests.arrival_ps.front(), expected.first_ps);
  EXPECT_EQ(requests.arrival_ps.back(), expected.last_ps);
  const auto sum = [](const auto& values) { return std::accumulate(values.begin(), values.end(), std::int64_t{0}); };
  EXPECT_EQ(sum(requests.input_tokens), expected.input_tokens);
  EXPECT_EQ(sum(requests.output_tokens), expected.output_tokens);
  EXPECT_EQ(trace->spread_interval.ps(), expected.spread_s * 1'000'000'000'000);
}

INSTANTIATE_TEST_SUITE_P(
    Shared, PublicTraces,
    testing::Values(PublicTrace{"azure-2023-conv.csv.gz", 19366, 0, 3'501'721'937'000'000, 22'361'870, 4'088'665, 0},
                    PublicTrace{"azure-2023-code.csv.gz", 8819, 0, 3'435'948'056'000'000, 18'059'974, 245'896, 0},
                    // 10 requests in the first tick of 3 s, 7 in the last one, at 3,537 s
                    PublicTrace{"mooncake-conversation.jsonl.gz", 12031, 150'000'000'000, 3'539'785'714'285'714,
                                144'793'823, 4'122'048, 3},
                    PublicTrace{"mooncake-synthetic.jsonl.gz", 3993, 0, 1'022'025'000'000'000, 61'194'628, 595'432, 0}),
    [](const auto& info) {
      std::string name = info.param.file;
      name = name.substr(0, name.find('.'));
      std::erase(name, '-');
      return name;
    });

}  // namespace
}  // namespace orrery
