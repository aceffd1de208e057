#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/base/diagnostic.h"

namespace orrery {

/// Problems of a trace, a text with millions of rows: the first bad rows and how many more there are, the first row
/// that goes backwards and how many more do, or what is wrong with the whole.
class TraceProblems {
 public:
  /// A part of a line; line and column count from 1, column and length in bytes.
  struct Part {
    std::int64_t line;
    std::int64_t column;
    std::int64_t length;
  };

  /// The row cannot be read because of `part`.
  void reject(const Part& part, std::string message);
  /// The row lies before the one above it.
  void reject_order(const Part& part, std::string message);
  /// Nothing can be read: all that is reported. Pre: `code` is a row of diagnostic_codes().
  void fail(std::string_view code, const Part& part, std::string message, std::string hint);

  bool any() const { return failure_ || bad_row_count_ > 0 || backwards_; }

  struct Hints {
    std::string_view many_rows;  ///< where more rows are bad than are shown
    std::string_view backwards;
  };
  /// `text` is what the rows were taken from. Nothing is reported where there are no problems.
  void report(const std::shared_ptr<const SourceText>& text, const Hints& hints, Diagnostics& diagnostics) const;

 private:
  struct Problem {
    std::string code;
    Part part;
    std::string message;
    std::string hint;
  };

  std::vector<Problem> bad_rows_;  // the first ones only
  std::size_t bad_row_count_ = 0;
  std::optional<Problem> backwards_;  // the first one only
  std::size_t backwards_count_ = 0;
  std::optional<Problem> failure_;
};

/// In quotes, for a message; long texts are cut after a whole character.
std::string quoted_text(std::string_view text);

}  // namespace orrery
