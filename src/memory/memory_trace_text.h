#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orrery/base/trace_problems.h"

namespace orrery {

// What the readers of memory traces share; for them alone.

/// Walks through the fields of a text, row by row. A row is a line that is not blank; `#` begins a comment.
class MemoryTraceText {
 public:
  explicit MemoryTraceText(std::string_view text);

  /// Goes to the first field of the next row; false at the end. Pre: at the end of a row.
  bool next_row();
  /// Whether no more fields are in the row.
  bool at_row_end();
  void skip_row();

  /// Where the next field of the row begins.
  const char* next_field() {
    skip_blanks();
    return at_;
  }
  /// The field that begins there; empty at the row's end.
  std::string_view field(const char* begin) const {
    const char* end = begin;
    while (end != end_ && !ends_field(*end)) ++end;
    return {begin, end};
  }
  std::string_view field() { return field(next_field()); }
  void take(std::string_view field) { at_ = field.data() + field.size(); }
  /// Takes a number that fills its field, or that a comma follows. An empty answer: it is none, and stays.
  /// Numbers beyond 64 bits are their maximum.
  template <int Base>
  std::string_view take_number(std::uint64_t& value);
  /// Takes "0x" or "0X".
  bool take_hex_mark();
  bool take_comma();

  std::int64_t line() const { return line_; }
  /// Where a part of the current row stands.
  TraceProblems::Part part(std::string_view where) const {
    return {line_, where.data() - line_start_ + 1, std::ssize(where)};
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
  static bool ends_field(char c) { return is_blank(c) || c == '\n' || c == '#'; }
  /// At least Base where it is none. By a table: letters among random digits come as a surprise to branches.
  template <int Base>
  static unsigned digit_of(char c) {
    return Base == 10 ? static_cast<unsigned>(c - '0') : kHexDigits[static_cast<unsigned char>(c)];
  }
  void skip_blanks() {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }

  static constexpr std::array<std::uint8_t, 256> kHexDigits = [] {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(16);
    for (std::uint8_t i = 0; i < 10; ++i) digits['0' + i] = i;
    for (std::uint8_t i = 0; i < 6; ++i) digits['a' + i] = digits['A' + i] = static_cast<std::uint8_t>(10 + i);
    return digits;
  }();

  const char* at_;
  const char* end_;
  const char* line_start_;
  std::int64_t line_ = 1;
};

/// "16 GiB": the largest unit of which it is a whole number.
std::string binary_size(std::int64_t bytes);

inline MemoryTraceText::MemoryTraceText(std::string_view text)
    : at_(text.data()), end_(text.data() + text.size()), line_start_(at_) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (text.starts_with(kMark)) at_ += kMark.size();
}

inline bool MemoryTraceText::next_row() {
  for (;;) {
    skip_blanks();
    if (at_ == end_) return false;
    if (*at_ == '\n') {
      ++line_;
      line_start_ = ++at_;
    } else if (*at_ == '#') {
      skip_row();
    } else {
      return true;
    }
  }
}

inline bool MemoryTraceText::at_row_end() {
  skip_blanks();
  if (at_ == end_ || *at_ == '\n') return true;
  return *at_ == '#';
}

template <int Base>
std::string_view MemoryTraceText::take_number(std::uint64_t& value) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  value = 0;
  const char* at = at_;
  for (; at != end_; ++at) {
    const unsigned digit = digit_of<Base>(*at);
    if (digit >= Base) break;
    value = value <= (kMost - Base + 1) / Base ? value * Base + digit : kMost;
  }
  if (at == at_ || (at != end_ && *at != ',' && !ends_field(*at))) return {};
  return {std::exchange(at_, at), at};
}

inline bool MemoryTraceText::take_hex_mark() {
  if (end_ - at_ < 2 || at_[0] != '0' || (at_[1] != 'x' && at_[1] != 'X')) return false;
  at_ += 2;
  return true;
}

inline bool MemoryTraceText::take_comma() {
  if (at_ == end_ || *at_ != ',') return false;
  ++at_;
  return true;
}

}  // namespace orrery
