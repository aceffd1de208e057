#pragma once

#include <expected>
#include <string>
#include <utility>

namespace orrery {

/// A value, or the text of what went wrong. Used where no place in a file is known;
/// anything that a user wrote in a file is reported through Diagnostics instead.
template <class T>
using Result = std::expected<T, std::string>;

inline std::unexpected<std::string> failure(std::string message) {
  return std::unexpected<std::string>(std::move(message));
}

/// Reports a bug of ours (never a user's mistake) and ends the process with exit code 1.
[[noreturn]] void report_bug(const char* condition, const char* file, int line);

}  // namespace orrery

/// Always on. For our own bugs only, never for what a user can cause.
#define ORRERY_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::orrery::report_bug(#condition, __FILE__, __LINE__))
