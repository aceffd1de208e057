#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

class JsonWriter;

/// The text of one input, kept so that a message can show the line it speaks of.
class SourceText {
 public:
  /// `name` as the user gave it: a path, or "--set".
  SourceText(std::string name, std::string text);
  const std::string& name() const { return name_; }
  const std::string& text() const { return text_; }
  int line_count() const { return static_cast<int>(line_starts_.size()); }
  /// Line number `line` (from 1) without its end; empty when there is none.
  std::string_view line(int line) const;

 private:
  std::string name_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

/// A stretch of one line of one input. Line and column count from 1; line 0 means the whole input.
/// `column` counts bytes.
struct Place {
  std::shared_ptr<const SourceText> source;
  int line = 0;
  int column = 0;
  int length = 1;
};

enum class Severity { error, warning };

/// A further place or remark that belongs to a diagnostic ("first given here").
struct DiagnosticNote {
  std::string message;
  Place place;
};

/// One finding about something that a user wrote.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string code;  ///< a row of diagnostic_codes()
  Place place;
  std::string message;
  std::string hint;
  std::vector<DiagnosticNote> notes;
};

/// Collects findings so that all problems of an input are reported in one go.
class Diagnostics {
 public:
  /// Nobody reads more; what is found beyond is counted, and many-findings says how much it was.
  static constexpr std::size_t kMostFindings = 1000;

  /// Pre: `code` is a row of diagnostic_codes(). The result may be given notes.
  Diagnostic& error(std::string_view code, Place place, std::string message, std::string hint = {});
  Diagnostic& warning(std::string_view code, Place place, std::string message, std::string hint = {});

  bool has_errors() const { return errors_ > 0; }
  /// Errors so far, repeated ones included: to see whether there were more.
  std::size_t error_count() const { return errors_; }
  /// Each finding once, sorted by file, line and column; findings at one place keep their order.
  std::vector<Diagnostic> sorted() const;

 private:
  Diagnostic& add(Severity severity, std::string_view code, Place place, std::string message, std::string hint);

  std::vector<Diagnostic> all_;
  Diagnostic left_out_;  // the last of those beyond kMostFindings
  std::size_t left_out_count_ = 0;
  std::size_t errors_ = 0;
};

/// "file:line:column: error[code]: message", the source line with a caret below, hint and notes.
std::string to_text(const Diagnostic& diagnostic);
/// One JSON object {severity, code, file, line, column, length, message, hint, notes}.
void to_json(const Diagnostic& diagnostic, JsonWriter& json);

}  // namespace orrery
