#include "orrery/cli/run_watcher.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "orrery/cli/exit_code.h"
#include "orrery/report/human_text.h"

namespace orrery {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWakeUp = SIGUSR1;
constexpr std::chrono::seconds kQuietTime{1};
/// A tool that stops a program may signal it and then its group: that is one request.
constexpr std::chrono::milliseconds kOneSignal{200};
constexpr timespec kInterval{0, 100'000'000};

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, kWakeUp}) sigaddset(&set, signal);
  return set;
}

void show_progress(const RunControl& control, double seconds) {
  const auto done = static_cast<double>(control.submitted());
  const auto all = static_cast<double>(control.expected());
  if (all <= 0 || done <= 0) {
    fmt::print(stderr, "\r\x1b[Kreading ...");
  } else {
    const double share = done / all;
    fmt::print(stderr, "\r\x1b[K{:3.0f} %  {} of {} requests, {} left", share * 100,
               count_text(static_cast<std::int64_t>(done)), count_text(static_cast<std::int64_t>(all)),
               duration_text(seconds * (1 - share) / share));
  }
  std::fflush(stderr);
}

}  // namespace

RunWatcher::RunWatcher(RunControl& control, bool shows_progress) : control_(control), shows_progress_(shows_progress) {
  const sigset_t set = watched_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { watch(); });
}

RunWatcher::~RunWatcher() {
  end_progress();
  is_over_ = true;
  pthread_kill(thread_.native_handle(), kWakeUp);
  thread_.join();
  const sigset_t set = watched_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void RunWatcher::end_progress() {
  const std::lock_guard lock(line_mutex_);
  shows_progress_ = false;
  if (line_is_there_) fmt::print(stderr, "\r\x1b[K");
  line_is_there_ = false;
}

void RunWatcher::watch() {
  const sigset_t set = watched_signals();
  const Clock::time_point start = Clock::now();
  Clock::time_point stopped;
  while (!is_over_) {
    const int signal = sigtimedwait(&set, nullptr, &kInterval);
    if (signal == SIGINT || signal == SIGTERM) {
      if (!control_.is_stopped()) {
        control_.stop();
        stopped = Clock::now();
      } else if (Clock::now() - stopped > kOneSignal) {
        ::_exit(kInterrupted);
      }
    }
    const Clock::duration elapsed = Clock::now() - start;
    const std::lock_guard lock(line_mutex_);
    if (!shows_progress_ || elapsed < kQuietTime) continue;
    show_progress(control_, std::chrono::duration<double>(elapsed).count());
    line_is_there_ = true;
  }
}

}  // namespace orrery
