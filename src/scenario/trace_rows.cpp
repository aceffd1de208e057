#include "orrery/scenario/trace_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

namespace orrery {
namespace {

constexpr std::int64_t kPicoseconds = 1'000'000'000'000;  // of one second
constexpr auto kLongestSeconds = static_cast<std::int64_t>(kLongestSimTime.si());

}  // namespace

bool TraceLines::next() {
  while (!rest_.empty()) {
    const void* end = std::memchr(rest_.data(), '\n', rest_.size());
    const std::size_t length =
        end == nullptr ? rest_.size() : static_cast<std::size_t>(static_cast<const char*>(end) - rest_.data());
    line_ = rest_.substr(0, length);
    rest_.remove_prefix(std::min(length + 1, rest_.size()));
    ++number_;
    if (line_.ends_with('\r')) line_.remove_suffix(1);
    if (!trim_blanks(line_).empty()) return true;
  }
  return false;
}

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

TraceProblems::Part TraceBuilder::part(std::string_view where) const {
  return {lines_.number(), where.data() - lines_.line().data() + 1 + lines_.hidden_bytes(), std::ssize(where)};
}

void TraceBuilder::reject(std::string_view where, std::string message) {
  if (options_.skip_bad_rows) {
    ++skipped_rows_;
  } else {
    problems_.reject(part(where), std::move(message));
  }
}

void TraceBuilder::fail(std::string_view code, std::string_view where, std::string message, std::string hint) {
  problems_.fail(code, part(where), std::move(message), std::move(hint));
}

bool TraceBuilder::add(const TraceTime& time, std::string_view time_text, std::int32_t input, std::int32_t output) {
  if (origin_is_first_ && requests_.size() == 0) origin_ = time;
  const std::int64_t seconds = time.seconds - origin_.seconds;
  if (seconds > kLongestSeconds) {
    reject(time_text, fmt::format("{} is {} s after the start, and a run lasts at most {} s", quoted_text(time_text),
                                  seconds, kLongestSeconds));
    return false;
  }
  const std::int64_t arrival = seconds < 0 ? -1 : seconds * kPicoseconds + time.picoseconds - origin_.picoseconds;
  if (arrival < (requests_.size() == 0 ? 0 : requests_.arrival_ps.back())) {
    problems_.reject_order(part(time_text),
                           fmt::format("{} lies before the time of line {}", quoted_text(time_text), previous_line_));
    return false;
  }
  previous_line_ = lines_.number();
  requests_.add(arrival, input, output);
  return true;
}

bool TraceBuilder::report(const std::string& name, std::string text, Diagnostics& diagnostics) const {
  const bool is_empty = requests_.size() == 0;
  if (!problems_.any() && !is_empty) return false;
  const auto source = std::make_shared<SourceText>(name, std::move(text));
  problems_.report(source,
                   {.many_rows = "`--skip-bad-rows` leaves rows out that cannot be read, and says how many",
                    .backwards = "sort the rows by their time"},
                   diagnostics);
  if (!problems_.any()) {
    std::string message = "it holds no requests";
    if (skipped_rows_ > 0) message += fmt::format(": none of its {} rows can be read", skipped_rows_);
    diagnostics.error("empty-trace", {source, 0, 0, 0}, std::move(message));
  }
  return true;
}

bool TraceBuilder::change_rate(const std::string& name, Diagnostics& diagnostics) {
  const double multiplier = options_.rate_multiplier;
  if (multiplier == 1) return true;
  const double last = static_cast<double>(requests_.arrival_ps.back()) / multiplier;
  if (last > kLongestSimTime.si() * SimTime::kPicosecondsPerSecond) {
    diagnostics.error("out-of-range", {std::make_shared<SourceText>(name, std::string()), 0, 0, 0},
                      fmt::format("at {} times its rate the trace lasts {:.4g} s, and a run lasts at most {} s",
                                  multiplier, last / SimTime::kPicosecondsPerSecond, kLongestSeconds));
    return false;
  }
  for (std::int64_t& arrival : requests_.arrival_ps) arrival = std::llround(static_cast<double>(arrival) / multiplier);
  return true;
}

std::optional<Trace> TraceBuilder::finish(const std::string& name, std::string text, TraceFormat format,
                                          Diagnostics& diagnostics) {
  ORRERY_CHECK(options_.rate_multiplier > 0 && (!options_.limit || *options_.limit >= 1));
  if (report(name, std::move(text), diagnostics)) return std::nullopt;
  if (is_full()) requests_.truncate(static_cast<std::size_t>(*options_.limit));
  if (!change_rate(name, diagnostics)) return std::nullopt;
  return Trace{std::move(requests_), format, skipped_rows_, spread_interval_};
}

}  // namespace orrery
