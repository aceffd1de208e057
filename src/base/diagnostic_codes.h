#pragma once

#include <span>
#include <string_view>

namespace orrery {

/// One kind of finding: what `orrery explain CODE` and docs/errors/CODE.md print.
struct DiagnosticCode {
  std::string_view code;         ///< a readable slug, unique
  std::string_view title;        ///< one line
  std::string_view explanation;  ///< what it means, why it is an error and how to mend it
};

/// All codes, in alphabetical order.
std::span<const DiagnosticCode> diagnostic_codes();

/// The row of a code, or null.
const DiagnosticCode* find_diagnostic_code(std::string_view code);

}  // namespace orrery
