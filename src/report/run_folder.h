#pragma once

#include <string>
#include <string_view>

#include "orrery/report/results_store.h"

namespace orrery {

/// What `run --out DIR` keeps: scenario.yaml (as run), results.sqlite and, once the run is over,
/// summary.json. A folder holds one run.
class RunFolder {
 public:
  /// Makes the folder where needed and marks the run as running. Fails: the folder cannot be written; it
  /// holds an earlier run and `existing` is refuse; it holds a scenario.yaml or summary.json of no run.
  static Result<RunFolder> create(const std::string& folder, const RunHeader& header, ExistingRun existing);

  /// Writes the store, then summary.json, which therefore stands for a run that is kept whole.
  Result<void> finish(const Results& results, std::string_view summary);

  /// Removes what create() has made: the run gave no results.
  void discard();

 private:
  RunFolder(std::string folder, bool made_folder, ResultsStore store)
      : folder_(std::move(folder)), made_folder_(made_folder), store_(std::move(store)) {}

  std::string folder_;
  bool made_folder_;
  ResultsStore store_;
};

}  // namespace orrery
