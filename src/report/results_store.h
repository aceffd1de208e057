#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "orrery/base/result.h"
#include "orrery/scenario/results.h"

namespace orrery {

/// What is known of a run before it starts.
struct RunHeader {
  std::string scenario;
  std::uint64_t seed = 0;
  std::string started_at;     ///< UTC, as in 2026-03-01T12:00:00Z
  std::string resolved_yaml;  ///< the scenario as run
};

enum class ExistingRun { refuse, replace };

/// A SQLite database of one run: tables runs, services, requests, pools, slo, and the view
/// request_latencies. Times are picoseconds (`_ps`) or seconds (`_s`).
///
/// The row of `runs` is written as 'running' before the simulation. Requests follow in transactions of
/// 100,000 rows; the last transaction makes it 'complete' or 'interrupted'. A process that is killed and a
/// disk that fills up leave a readable database that still says 'running'. Two processes may open one
/// path: the second is refused, or, when it replaces, the first fails at its next write.
class ResultsStore {
 public:
  /// Creates the database and the row of the run. Fails: the file cannot be written, is no results store,
  /// or holds a run and `existing` is refuse.
  static Result<ResultsStore> open(const std::string& path, const RunHeader& header, ExistingRun existing);

  ResultsStore(ResultsStore&&) noexcept;
  ResultsStore& operator=(ResultsStore&&) noexcept;
  ~ResultsStore();

  /// Writes everything and sets the state. `summary` is the text of json_summary().
  Result<void> finish(const Results& results, std::string_view summary);
  /// Lets go of the file, as the destructor does. Nothing may be written after it.
  void close();

 private:
  class Connection;
  explicit ResultsStore(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace orrery
