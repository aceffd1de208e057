#include "orrery/report/run_folder.h"

#include <fmt/format.h>

#include <filesystem>

#include "orrery/base/file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

constexpr const char* kScenario = "scenario.yaml";
constexpr const char* kSummary = "summary.json";
constexpr const char* kStore = "results.sqlite";

Result<bool> make_folder(const std::string& folder) {
  std::error_code error;
  const bool made = fs::create_directories(folder, error);
  if (!error && fs::is_directory(folder, error)) return made;
  return failure(fmt::format("cannot make the folder {}: {}", folder,
                             error ? error.message() : std::string("a file of that name is in the way")));
}

/// Files of a run's names that no run has written are somebody's own.
Result<void> check_names(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / kStore, error)) return {};
  for (const char* name : {kScenario, kSummary}) {
    if (fs::exists(folder / name, error)) {
      return failure(fmt::format("{} is in the way, and of no run; choose another folder", (folder / name).string()));
    }
  }
  return {};
}

}  // namespace

Result<RunFolder> RunFolder::create(const std::string& folder, const RunHeader& header, ExistingRun existing) {
  auto made = make_folder(folder);
  if (!made) return failure(made.error());
  if (auto free = check_names(folder); !free) return failure(free.error());
  auto store = ResultsStore::open((fs::path(folder) / kStore).string(), header, existing);
  if (!store) return failure(store.error());
  RunFolder result(folder, *made, std::move(*store));
  std::error_code error;
  fs::remove(fs::path(folder) / kSummary, error);  // of the run that is replaced
  if (auto done = write_file_atomically((fs::path(folder) / kScenario).string(), header.resolved_yaml); !done) {
    return failure(done.error());
  }
  return result;
}

Result<void> RunFolder::finish(const Results& results, std::string_view summary) {
  if (auto done = store_.finish(results, summary); !done) return done;
  return write_file_atomically((fs::path(folder_) / kSummary).string(), summary);
}

void RunFolder::discard() {
  store_.close();
  std::error_code error;
  fs::remove(fs::path(folder_) / kScenario, error);
  for (const char* ending : {"", "-wal", "-shm"}) fs::remove(fs::path(folder_) / (std::string(kStore) + ending), error);
  if (made_folder_) fs::remove(folder_, error);  // only when empty
}

}  // namespace orrery
