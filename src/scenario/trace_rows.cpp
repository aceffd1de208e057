#include "orrery/scenario/trace_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

namespace orrery {
namespace {

constexpr std::size_t kShownRows = 20;
constexpr std::int64_t kPicoseconds = 1'000'000'000'000;  // of one second
constexpr auto kLongestSeconds = static_cast<std::int64_t>(kLongestSimTime.si());
constexpr std::size_t kShownText = 40;

std::string shortened(std::string_view text) {
  if (text.size() <= kShownText) return std::string(text);
  std::size_t end = kShownText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole characters
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace

std::string quoted(std::string_view text) { return fmt::format("'{}'", shortened(text)); }

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

TraceBuilder::Problem TraceBuilder::problem(std::string_view code, std::string_view where, std::string message,
                                            std::string hint) const {
  const int column = static_cast<int>(where.data() - lines_.line().data()) + 1 + lines_.hidden_bytes();
  return {std::string(code),  lines_.number(), column, std::max(1, static_cast<int>(where.size())),
          std::move(message), std::move(hint)};
}

void TraceBuilder::reject(std::string_view where, std::string message) {
  if (++bad_row_count_ > kShownRows + 1 || options_.skip_bad_rows) return;
  bad_rows_.push_back(problem("invalid-trace-row", where, std::move(message), {}));
}

void TraceBuilder::fail(std::string_view code, std::string_view where, std::string message, std::string hint) {
  failure_ = problem(code, where, std::move(message), std::move(hint));
}

bool TraceBuilder::add(const TraceTime& time, std::string_view time_text, std::int32_t input, std::int32_t output) {
  if (origin_is_first_ && requests_.size() == 0) origin_ = time;
  const std::int64_t seconds = time.seconds - origin_.seconds;
  if (seconds > kLongestSeconds) {
    reject(time_text, fmt::format("{} is {} s after the start, and a run lasts at most {} s", quoted(time_text),
                                  seconds, kLongestSeconds));
    return false;
  }
  const std::int64_t arrival = seconds < 0 ? -1 : seconds * kPicoseconds + time.picoseconds - origin_.picoseconds;
  if (arrival < (requests_.size() == 0 ? 0 : requests_.arrival_ps.back())) {
    if (++backwards_count_ == 1) {
      backwards_ = problem("unsorted-trace", time_text,
                           fmt::format("{} lies before the time of line {}", quoted(time_text), previous_line_), {});
    }
    return false;
  }
  previous_line_ = lines_.number();
  requests_.add(arrival, input, output);
  return true;
}

bool TraceBuilder::report(const std::string& name, std::string text, Diagnostics& diagnostics) {
  const bool bad_rows = bad_row_count_ > 0 && !options_.skip_bad_rows;
  const bool is_empty = requests_.size() == 0;
  if (!failure_ && !bad_rows && !backwards_ && !is_empty) return false;
  const auto source = std::make_shared<SourceText>(name, std::move(text));
  const auto emit = [&](const Problem& p) -> Diagnostic& {
    return diagnostics.error(p.code, {source, p.line, p.column, p.length}, p.message, p.hint);
  };
  if (failure_) {
    emit(*failure_);
    return true;
  }
  for (std::size_t i = 0; i < std::min(bad_rows_.size(), kShownRows); ++i) emit(bad_rows_[i]);
  if (bad_rows_.size() > kShownRows) {
    Problem& next = bad_rows_.back();
    const std::size_t more = bad_row_count_ - kShownRows;
    next.message =
        more == 1 ? "1 more row cannot be read" : fmt::format("{} more rows cannot be read, from here on", more);
    next.hint = "`--skip-bad-rows` leaves rows out that cannot be read, and says how many";
    emit(next);
  }
  if (backwards_) {
    const std::size_t more = backwards_count_ - 1;
    if (more > 0)
      backwards_->message += fmt::format("; {} more {} backwards", more, more == 1 ? "row goes" : "rows go");
    backwards_->hint = "sort the rows by their time";
    emit(*backwards_);
  }
  if (is_empty && !bad_rows && !backwards_) {
    std::string message = "it holds no requests";
    if (bad_row_count_ > 0) message += fmt::format(": none of its {} rows can be read", bad_row_count_);
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
  return Trace{std::move(requests_), format, bad_row_count_, spread_interval_};
}

}  // namespace orrery
