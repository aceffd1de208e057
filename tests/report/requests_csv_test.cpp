#include "orrery/report/requests_csv.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "example_results.h"
#include "orrery/base/file.h"

namespace orrery {
namespace {

TEST(RequestsCsv, WritesExactPicosecondsAndLeavesOutWhatNeverHappened) {
  EXPECT_EQ(requests_csv(example_results()),
            "service,request,arrival_s,queued_s,scheduled_s,first_token_s,finish_s,input_tokens,output_tokens,"
            "replica,preemptions,state\n"
            "chat,0,0.000000000000,0.000000000000,0.000000000000,0.050000000000,0.230000000000,100,10,0,0,completed\n"
            "chat,1,1.000000000001,1.000500000000,1.000500000000,1.100000000000,1.100000000000,200,1,3,2,completed\n"
            "chat,2,61.234567890123,,,,,300000,5,1,0,rejected\n");
}

TEST(RequestsCsv, KnowsNoReplicaOfARequestThatWasNeverSent) {
  Results results = example_results();
  results.request_log[0].outcomes.state[2] = RequestState::unfinished;
  EXPECT_NE(requests_csv(results).find("chat,2,61.234567890123,,,,,300000,5,,0,unfinished\n"), std::string::npos);
}

TEST(RequestsCsv, QuotesNamesThatHoldCommasOrQuotes) {
  Results results = example_results();
  results.services[0].name = "a,\"b\"";
  EXPECT_NE(requests_csv(results).find("\n\"a,\"\"b\"\"\",0,"), std::string::npos);
}

TEST(RequestsCsv, ReplacesRegularFilesOnly) {
  const auto folder = std::filesystem::path(testing::TempDir()) / "requests_csv_test";
  std::filesystem::create_directories(folder);
  const std::string path = (folder / "r.csv").string();
  ASSERT_TRUE(write_requests_csv(example_results(), path));
  EXPECT_EQ(*read_file(path), requests_csv(example_results()));
  const auto refused = write_requests_csv(example_results(), "/dev/null");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "cannot write /dev/null: it is not a regular file");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace orrery
