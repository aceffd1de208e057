#include "orrery/memory/memory_trace_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

namespace orrery {
namespace {

constexpr std::size_t kShownRows = 20;
constexpr std::size_t kShownText = 40;

int clamped(std::int64_t value) {
  return static_cast<int>(std::min<std::int64_t>(value, std::numeric_limits<int>::max()));
}

}  // namespace

std::string quoted_field(std::string_view text) {
  if (text.size() <= kShownText) return fmt::format("'{}'", text);
  std::size_t end = kShownText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole characters
  return fmt::format("'{}...'", text.substr(0, end));
}

std::string binary_size(std::int64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  while (unit + 1 < std::size(kUnits) && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, kUnits[unit]);
}

void MemoryTraceText::skip_row() {
  const void* end = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
  at_ = end == nullptr ? end_ : static_cast<const char*>(end);
}

MemoryTraceProblems::Problem MemoryTraceProblems::problem(std::string_view code, std::string_view where,
                                                          std::string message, std::string hint) const {
  return {std::string(code),  text_.line(),   text_.column(where), std::max(1, clamped(std::ssize(where))),
          std::move(message), std::move(hint)};
}

void MemoryTraceProblems::reject(std::string_view where, std::string message) {
  if (++bad_row_count_ > kShownRows + 1) return;
  bad_rows_.push_back(problem("invalid-trace-row", where, std::move(message), {}));
}

void MemoryTraceProblems::reject_order(std::string_view where, std::string message) {
  if (++backwards_count_ == 1) {
    backwards_ = problem("unsorted-trace", where, std::move(message), "sort the rows by their cycle");
  }
}

void MemoryTraceProblems::fail(std::string_view code, std::string_view where, std::string message, std::string hint) {
  failure_ = problem(code, where, std::move(message), std::move(hint));
}

void MemoryTraceProblems::report(const std::string& name, std::string text, Diagnostics& diagnostics) {
  const auto source = std::make_shared<SourceText>(name, std::move(text));
  const auto emit = [&](const Problem& p) {
    diagnostics.error(p.code, {source, clamped(p.line), p.column, p.length}, p.message, p.hint);
  };
  if (failure_) {
    emit(*failure_);
    return;
  }
  for (std::size_t i = 0; i < std::min(bad_rows_.size(), kShownRows); ++i) emit(bad_rows_[i]);
  if (bad_rows_.size() > kShownRows) {
    Problem& next = bad_rows_.back();
    const std::size_t more = bad_row_count_ - kShownRows;
    next.message =
        more == 1 ? "1 more row cannot be read" : fmt::format("{} more rows cannot be read, from here on", more);
    emit(next);
  }
  if (backwards_) {
    const std::size_t more = backwards_count_ - 1;
    if (more > 0) {
      backwards_->message += fmt::format("; {} more {} backwards", more, more == 1 ? "row goes" : "rows go");
    }
    emit(*backwards_);
  }
  if (!any()) diagnostics.error("empty-trace", {source, 0, 0, 0}, "it holds no accesses");
}

}  // namespace orrery
