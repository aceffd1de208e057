#include "orrery/base/file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <vector>

namespace orrery {
namespace {

/// A fresh folder that goes away with the test.
class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "orrery-file-XXXXXX").string();
    folder_ = ::mkdtemp(name.data()) != nullptr ? name : "";
  }
  ~FileTest() override {
    std::error_code ignored;
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(folder_, ignored);
  }
  void SetUp() override { ASSERT_FALSE(folder_.empty()); }

  std::string path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) found.push_back(entry.path().filename());
    return found;
  }

  std::string folder_;
};

TEST_F(FileTest, WhatIsWrittenIsReadBack) {
  const std::string content("a\0b\r\n\xff", 6);
  ASSERT_TRUE(write_file_atomically(path("out"), content));
  EXPECT_EQ(read_file(path("out")).value(), content);
  ASSERT_TRUE(write_file_atomically(path("out"), ""));
  EXPECT_EQ(read_file(path("out")).value(), "");
  const std::string large(300'000, 'x');
  ASSERT_TRUE(write_file_atomically(path("out"), large));
  EXPECT_EQ(read_file(path("out")).value(), large);
}

TEST_F(FileTest, NoTemporaryIsLeftBehind) {
  ASSERT_TRUE(write_file_atomically(path("out"), "1"));
  ASSERT_TRUE(write_file_atomically(path("out"), "2"));
  EXPECT_EQ(names(), std::vector<std::string>{"out"});
}

TEST_F(FileTest, FilesWithoutASizeAreReadToTheirEnd) {
  const auto content = read_file("/proc/self/status");
  ASSERT_TRUE(content);
  EXPECT_NE(content->find("Name:"), std::string::npos);
}

TEST_F(FileTest, AnAbsentFileFailsWithTheReason) {
  EXPECT_EQ(read_file(path("absent")).error(), "No such file or directory");
}

TEST_F(FileTest, AFolderIsNotAFile) { EXPECT_EQ(read_file(folder_).error(), "it is a directory"); }

TEST_F(FileTest, WritingIntoAnAbsentFolderFails) {
  const std::string target = path("absent/out");
  EXPECT_EQ(write_file_atomically(target, "1").error(), "cannot write " + target + ": No such file or directory");
}

TEST_F(FileTest, WritingOverAFolderFailsAndLeavesNothing) {
  std::filesystem::create_directories(path("out/inner"));
  EXPECT_FALSE(write_file_atomically(path("out"), "1"));
  EXPECT_EQ(names(), std::vector<std::string>{"out"});
}

/// The exit code of `body`, run in a process of its own.
template <class Body>
int exit_code_of(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum Outcome { kFailedAsWanted = 0, kSucceeded, kFailedOtherwise, kNotPrepared };

Outcome outcome_of(const Result<void>& written, const std::string& wanted) {
  return written ? kSucceeded : written.error() == wanted ? kFailedAsWanted : kFailedOtherwise;
}

TEST_F(FileTest, AnUnwritableFolderKeepsTheOldContent) {
  constexpr uid_t kNobody = 65534;  // the superuser may write everywhere
  ASSERT_TRUE(write_file_atomically(path("out"), "old"));
  ASSERT_EQ(::chmod(folder_.c_str(), 0555), 0);
  const int code = exit_code_of([&] {
    if (::geteuid() == 0 && ::setuid(kNobody) != 0) return kNotPrepared;
    return outcome_of(write_file_atomically(path("out"), "new"), "cannot write " + path("out") + ": Permission denied");
  });
  EXPECT_EQ(code, kFailedAsWanted);
  EXPECT_EQ(read_file(path("out")).value(), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"out"});
}

TEST_F(FileTest, AFullDiskKeepsTheOldContentAndLeavesNoTemporary) {
  ASSERT_TRUE(write_file_atomically(path("out"), "old"));
  const std::string content(100'000, 'n');
  const int code = exit_code_of([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit size{4096, 4096};  // no file may grow beyond, as on a full disk
    if (::setrlimit(RLIMIT_FSIZE, &size) != 0) return kNotPrepared;
    return outcome_of(write_file_atomically(path("out"), content), "cannot write " + path("out") + ": File too large");
  });
  EXPECT_EQ(code, kFailedAsWanted);
  EXPECT_EQ(read_file(path("out")).value(), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"out"});
}

}  // namespace
}  // namespace orrery
