#include "orrery/base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "orrery/base/diagnostic_codes.h"
#include "orrery/base/json_writer.h"
#include "orrery/base/result.h"
#include "orrery/base/utf8.h"

namespace orrery {

SourceText::SourceText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = text_.find('\n'); i != std::string::npos; i = text_.find('\n', i + 1)) {
    line_starts_.push_back(i + 1);
  }
}

std::string_view SourceText::line(int line) const {
  if (line < 1 || line > line_count()) return {};
  const std::size_t begin = line_starts_[static_cast<std::size_t>(line) - 1];
  const std::size_t end = line < line_count() ? line_starts_[static_cast<std::size_t>(line)] - 1 : text_.size();
  std::string_view content = std::string_view(text_).substr(begin, end - begin);
  if (content.ends_with('\r')) content.remove_suffix(1);
  return content;
}

Diagnostic& Diagnostics::add(Severity severity, std::string_view code, Place place, std::string message,
                             std::string hint) {
  ORRERY_CHECK(find_diagnostic_code(code) != nullptr);
  Diagnostic found{severity, std::string(code), std::move(place), std::move(message), std::move(hint), {}};
  if (all_.size() < kMostFindings) return all_.emplace_back(std::move(found));
  ++left_out_count_;
  return left_out_ = std::move(found);
}

Diagnostic& Diagnostics::error(std::string_view code, Place place, std::string message, std::string hint) {
  ++errors_;
  return add(Severity::error, code, std::move(place), std::move(message), std::move(hint));
}

Diagnostic& Diagnostics::warning(std::string_view code, Place place, std::string message, std::string hint) {
  return add(Severity::warning, code, std::move(place), std::move(message), std::move(hint));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  // A file that several others refer to is read as often, and its findings come as often.
  std::set<std::tuple<std::string_view, int, int, std::string_view, std::string_view>> seen;
  std::vector<Diagnostic> result;
  for (const Diagnostic& d : all_) {
    const std::string_view name = d.place.source ? std::string_view(d.place.source->name()) : "";
    if (seen.emplace(name, d.place.line, d.place.column, d.code, d.message).second) result.push_back(d);
  }
  auto key = [](const Diagnostic& d) {
    return std::tuple<std::string_view, int, int>(d.place.source ? std::string_view(d.place.source->name()) : "",
                                                  d.place.line, d.place.column);
  };
  std::stable_sort(result.begin(), result.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  if (left_out_count_ > 0) {
    result.push_back({Severity::warning,
                      "many-findings",
                      {},
                      fmt::format("{} more findings are left out", left_out_count_),
                      "mend the first ones",
                      {}});
  }
  return result;
}

namespace {

constexpr std::size_t kShownColumns = 100;

/// Columns of a character as printable() shows it.
std::size_t shown_columns(const Utf8Character& character) {
  return static_cast<std::size_t>(is_control(character.code) ? 1 : terminal_columns(character.code));
}

/// Control characters and bytes that are not UTF-8 would disturb the terminal: they are shown as '?',
/// tabs stay.
std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = utf8_character(text, i);
    if (character.valid && (!is_control(character.code) || character.code == '\t')) {
      shown += text.substr(i, character.bytes);
    } else {
      shown += '?';
    }
    i += character.bytes;
  }
  return shown;
}

bool is_inside_character(std::string_view text, std::size_t i) {
  return i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;
}

std::string caret_lines(const Place& place) {
  std::string_view line = place.source->line(place.line);
  std::size_t column = std::min<std::size_t>(static_cast<std::size_t>(std::max(place.column, 1)) - 1, line.size());
  std::size_t cut = 0;
  if (column > kShownColumns * 3 / 4) cut = column - kShownColumns / 2;
  while (cut > 0 && is_inside_character(line, cut)) --cut;
  line.remove_prefix(cut);
  column -= cut;
  std::string tail;
  if (line.size() > kShownColumns) {
    std::size_t end = kShownColumns;
    while (end > 0 && is_inside_character(line, end)) --end;
    line = line.substr(0, end);
    tail = "...";
  }
  const std::string lead = cut > 0 ? "..." : "";
  std::string under(lead.size(), ' ');
  std::size_t i = 0;
  while (i < column && i < line.size()) {
    const Utf8Character character = utf8_character(line, i);
    under += line[i] == '\t' ? std::string("\t") : std::string(shown_columns(character), ' ');
    i += character.bytes;
  }
  under += '^';
  std::size_t columns = 0;
  const std::size_t end = std::min(line.size(), column + static_cast<std::size_t>(std::max(place.length, 1)));
  while (i < end) {
    const Utf8Character character = utf8_character(line, i);
    columns += shown_columns(character);
    i += character.bytes;
  }
  if (columns > 1) under += std::string(columns - 1, '~');
  const std::string gutter = fmt::format("{:5}", place.line);
  return fmt::format("{} | {}{}{}\n{} | {}\n", gutter, lead, printable(line), tail, std::string(gutter.size(), ' '),
                     under);
}

std::string location(const Place& place) {
  if (!place.source) return "";
  if (place.line == 0) return place.source->name() + ": ";
  return fmt::format("{}:{}:{}: ", place.source->name(), place.line, place.column);
}

}  // namespace

std::string to_text(const Diagnostic& d) {
  std::string text = fmt::format("{}{}[{}]: {}\n", location(d.place),
                                 d.severity == Severity::error ? "error" : "warning", d.code, printable(d.message));
  if (d.place.source && d.place.line > 0) text += caret_lines(d.place);
  if (!d.hint.empty()) text += fmt::format("      help: {}\n", printable(d.hint));
  for (const DiagnosticNote& note : d.notes) {
    text += fmt::format("      note: {}{}\n", location(note.place), printable(note.message));
  }
  return text;
}

void to_json(const Diagnostic& d, JsonWriter& json) {
  json.begin_object();
  json.field("severity", d.severity == Severity::error ? "error" : "warning");
  json.field("code", d.code);
  json.field("file", d.place.source ? d.place.source->name() : "");
  json.field("line", d.place.line);
  json.field("column", d.place.column);
  json.field("length", d.place.length);
  json.field("message", d.message);
  json.field("hint", d.hint);
  json.key("notes");
  json.begin_array();
  for (const DiagnosticNote& note : d.notes) {
    json.begin_object();
    json.field("message", note.message);
    json.field("file", note.place.source ? note.place.source->name() : "");
    json.field("line", note.place.line);
    json.field("column", note.place.column);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace orrery
