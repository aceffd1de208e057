#include "orrery/report/results_store.h"

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "example_results.h"
#include "orrery/base/file.h"
#include "orrery/report/run_folder.h"

namespace orrery {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

const RunHeader kHeader{"two-chats", 7, "2026-03-01T12:00:00Z", "scenario: two-chats\n"};

/// A folder of its own for each test.
class Store : public testing::Test {
 protected:
  Store() : folder_(fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name()) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Store() override { fs::remove_all(folder_); }

  std::string path() const { return (folder_ / "results.sqlite").string(); }

  /// The first column of the first row, as a reader sees it who opens the file afterwards.
  std::string read(const char* sql) const {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open_v2(path().c_str(), &database, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    std::string text = "(no row)";
    if (sqlite3_prepare_v2(database, sql, -1, &statement, nullptr) != SQLITE_OK) {
      text = sqlite3_errmsg(database);
    } else if (sqlite3_step(statement) == SQLITE_ROW) {
      const unsigned char* value = sqlite3_column_text(statement, 0);
      text = value != nullptr ? reinterpret_cast<const char*>(value) : "(null)";
    }
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return text;
  }

  fs::path folder_;
};

/// Runs `body` in a process of its own; returns its exit status as waitpid() gives it.
template <class Body>
int in_another_process(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

Results long_results(std::size_t requests) {
  Results results = example_results();
  auto& log = results.request_log[0];
  log = {RequestTable(), RequestOutcomes(requests)};
  for (std::size_t i = 0; i < requests; ++i) log.table.add(static_cast<std::int64_t>(i) * 1'000'000'007, 100, 10);
  return results;
}

TEST_F(Store, KeepsACompleteRun) {
  auto store = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
  ASSERT_TRUE(store) << store.error();
  EXPECT_EQ(read("SELECT state FROM runs"), "running");
  ASSERT_TRUE(store->finish(example_results(), "{}"));
  store->close();
  EXPECT_EQ(read("SELECT state || seed || summary || scenario FROM runs"), "complete7{}two-chats");
  EXPECT_EQ(read("SELECT count(*) FROM requests"), "3");
  EXPECT_EQ(read("SELECT finish_ps FROM requests WHERE request = 2"), "(null)");
  EXPECT_EQ(read("SELECT ttft_s FROM request_latencies WHERE service = 'chat' AND request = 0"), "0.05");
  EXPECT_EQ(read("SELECT tpot_s FROM request_latencies WHERE request = 0"), "0.02");
  EXPECT_EQ(read("SELECT tpot_s FROM request_latencies WHERE request = 1"), "(null)");
  EXPECT_EQ(read("SELECT kv_peak FROM pools WHERE name = 'main'"), "0.99");
  EXPECT_EQ(read("SELECT count(*) FROM slo WHERE met"), "1");
  EXPECT_FALSE(fs::exists(path() + "-wal"));
}

TEST_F(Store, KeepsEveryRowWhereBatchesAndTransactionsEnd) {
  auto store = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
  ASSERT_TRUE(store);
  ASSERT_TRUE(store->finish(long_results(100'131), "{}"));
  store->close();
  EXPECT_EQ(read("SELECT count(*) || ' ' || count(DISTINCT request) || ' ' || max(arrival_ps) FROM requests"),
            "100131 100131 100130000700910");
}

TEST_F(Store, MarksAnInterruptedRun) {
  auto store = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
  Results results = example_results();
  results.complete = false;
  ASSERT_TRUE(store->finish(results, "{}"));
  store->close();
  EXPECT_EQ(read("SELECT state FROM runs"), "interrupted");
}

TEST_F(Store, IsReadableAndStillRunningAfterAKill) {
  const int status = in_another_process([&] {
    auto store = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
    std::raise(SIGKILL);
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read("SELECT state FROM runs"), "running");
  EXPECT_EQ(read("PRAGMA integrity_check"), "ok");
}

TEST_F(Store, IsReadableAndStillRunningAfterADiskThatFillsUp) {
  const int status = in_another_process([&] {
    auto store = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
    if (!store) return 2;
    const rlimit limit{2'000'000, 2'000'000};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto done = store->finish(long_results(300'000), "{}");
    if (done) return 3;
    return done.error().find(path()) != std::string::npos ? 0 : 4;
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read("SELECT state FROM runs"), "running");
  EXPECT_EQ(read("PRAGMA integrity_check"), "ok");
}

TEST_F(Store, RefusesAnEarlierRunOrReplacesItWhenAsked) {
  {
    auto store = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
    ASSERT_TRUE(store->finish(example_results(), "{}"));
  }
  auto refused = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error(), HasSubstr("results.sqlite holds a run already"));
  EXPECT_EQ(read("SELECT state FROM runs"), "complete");
  auto replaced = ResultsStore::open(path(), kHeader, ExistingRun::replace);
  ASSERT_TRUE(replaced) << replaced.error();
  EXPECT_EQ(read("SELECT count(*) || group_concat(state) FROM runs"), "1running");
  EXPECT_EQ(read("SELECT count(*) FROM requests"), "0");
}

TEST_F(Store, NoticesThatAnotherRunHasReplacedIt) {
  auto first = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
  auto second = ResultsStore::open(path(), kHeader, ExistingRun::replace);
  ASSERT_TRUE(second);
  const auto done = first->finish(example_results(), "{}");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error(), HasSubstr("another process has replaced this run"));
  ASSERT_TRUE(second->finish(example_results(), "{}"));
  EXPECT_EQ(read("SELECT count(*) FROM requests"), "3");
}

TEST_F(Store, LetsOneOfManyProcessesHaveAPath) {
  constexpr int kProcesses = 8;
  for (int i = 0; i < kProcesses; ++i) {
    if (fork() == 0) {
      auto store = ResultsStore::open(path(), kHeader, ExistingRun::refuse);
      if (!store) _exit(store.error().find("holds a run already") != std::string::npos ? 1 : 2);
      _exit(store->finish(example_results(), "{}") ? 0 : 3);
    }
  }
  int winners = 0;
  int refused = 0;
  for (int i = 0; i < kProcesses; ++i) {
    int status = 0;
    wait(&status);
    winners += WEXITSTATUS(status) == 0;
    refused += WEXITSTATUS(status) == 1;
  }
  EXPECT_EQ(winners, 1);
  EXPECT_EQ(refused, kProcesses - 1);
  EXPECT_EQ(read("SELECT count(*) FROM requests"), "3");
}

TEST_F(Store, SaysWhyItCannotBeWritten) {
  const auto store = ResultsStore::open((folder_ / "absent" / "x.sqlite").string(), kHeader, ExistingRun::refuse);
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error(), HasSubstr("absent/x.sqlite: unable to open database file (No such file or directory)"));
  ASSERT_TRUE(write_file_atomically(path(), "this is no database, and long enough to be sure of that"));
  const auto other = ResultsStore::open(path(), kHeader, ExistingRun::replace);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error(), HasSubstr("file is not a database"));
}

TEST_F(Store, FolderHoldsScenarioStoreAndSummary) {
  const std::string folder = (folder_ / "a" / "b").string();
  auto run = RunFolder::create(folder, kHeader, ExistingRun::refuse);
  ASSERT_TRUE(run) << run.error();
  EXPECT_FALSE(fs::exists(folder + "/summary.json"));
  ASSERT_TRUE(run->finish(example_results(), "{}\n"));
  EXPECT_EQ(*read_file(folder + "/summary.json"), "{}\n");
  EXPECT_EQ(*read_file(folder + "/scenario.yaml"), kHeader.resolved_yaml);
}

TEST_F(Store, FolderNeverOverwritesAScenarioOfSomebodyElse) {
  ASSERT_TRUE(write_file_atomically((folder_ / "scenario.yaml").string(), "mine"));
  const auto run = RunFolder::create(folder_.string(), kHeader, ExistingRun::replace);
  ASSERT_FALSE(run);
  EXPECT_THAT(run.error(), HasSubstr("scenario.yaml is in the way"));
  EXPECT_EQ(*read_file((folder_ / "scenario.yaml").string()), "mine");
}

TEST_F(Store, DiscardedFolderLeavesNothing) {
  const std::string folder = (folder_ / "run").string();
  auto run = RunFolder::create(folder, kHeader, ExistingRun::refuse);
  ASSERT_TRUE(run);
  run->discard();
  EXPECT_FALSE(fs::exists(folder));
}

}  // namespace
}  // namespace orrery
