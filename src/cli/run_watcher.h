#pragma once

#include <atomic>
#include <mutex>
#include <thread>

#include "orrery/serving/pool.h"

namespace orrery {

/// While it lives, Ctrl-C (SIGINT) and SIGTERM stop the run and the next one ends the program; and, where
/// asked, a line on stderr shows how far the run is, from one second on.
///
/// A thread waits for the signals, so that no code runs in a handler. Make it before the run starts its
/// threads: they inherit that they leave the signals alone.
class RunWatcher {
 public:
  RunWatcher(RunControl& control, bool shows_progress);
  RunWatcher(const RunWatcher&) = delete;
  RunWatcher& operator=(const RunWatcher&) = delete;
  ~RunWatcher();

  /// Takes the progress line away, before something else is printed.
  void end_progress();

 private:
  void watch();

  RunControl& control_;
  std::atomic<bool> is_over_{false};
  std::mutex line_mutex_;
  bool shows_progress_;
  bool line_is_there_ = false;
  std::thread thread_;
};

}  // namespace orrery
