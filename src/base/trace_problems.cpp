#include "orrery/base/trace_problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace orrery {
namespace {

constexpr std::size_t kShownRows = 20;
constexpr std::size_t kShownText = 40;

int clamped(std::int64_t value) {
  return static_cast<int>(std::min<std::int64_t>(value, std::numeric_limits<int>::max()));
}

}  // namespace

void TraceProblems::reject(const Part& part, std::string message) {
  if (++bad_row_count_ > kShownRows + 1) return;
  bad_rows_.push_back({"invalid-trace-row", part, std::move(message), {}});
}

void TraceProblems::reject_order(const Part& part, std::string message) {
  if (++backwards_count_ == 1) backwards_ = {"unsorted-trace", part, std::move(message), {}};
}

void TraceProblems::fail(std::string_view code, const Part& part, std::string message, std::string hint) {
  failure_ = {std::string(code), part, std::move(message), std::move(hint)};
}

void TraceProblems::report(const std::shared_ptr<const SourceText>& text, const Hints& hints,
                           Diagnostics& diagnostics) const {
  const auto emit = [&](const Problem& problem, std::string message, std::string_view hint) {
    const Part& part = problem.part;
    diagnostics.error(problem.code, {text, clamped(part.line), clamped(part.column), std::max(1, clamped(part.length))},
                      std::move(message), std::string(hint));
  };
  if (failure_) {
    emit(*failure_, failure_->message, failure_->hint);
    return;
  }
  for (std::size_t i = 0; i < std::min(bad_rows_.size(), kShownRows); ++i) {
    emit(bad_rows_[i], bad_rows_[i].message, {});
  }
  if (bad_rows_.size() > kShownRows) {
    const std::size_t more = bad_row_count_ - kShownRows;
    emit(bad_rows_.back(),
         more == 1 ? "1 more row cannot be read" : fmt::format("{} more rows cannot be read, from here on", more),
         hints.many_rows);
  }
  if (backwards_) {
    std::string message = backwards_->message;
    const std::size_t more = backwards_count_ - 1;
    if (more > 0) message += fmt::format("; {} more {} backwards", more, more == 1 ? "row goes" : "rows go");
    emit(*backwards_, std::move(message), hints.backwards);
  }
}

std::string quoted_text(std::string_view text) {
  if (text.size() <= kShownText) return fmt::format("'{}'", text);
  std::size_t end = kShownText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return fmt::format("'{}...'", text.substr(0, end));
}

}  // namespace orrery
