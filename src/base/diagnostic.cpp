#include "orrery/base/diagnostic.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/diagnostic_codes.h"
#include "orrery/base/json_writer.h"
#include "orrery/base/result.h"

namespace orrery {

SourceText::SourceText(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = text_.find('\n'); i != std::string::npos; i = text_.find('\n', i + 1)) {
    line_starts_.push_back(i + 1);
  }
}

std::string_view SourceText::line(int line) const {
  if (line < 1 || line > line_count()) return {};
  std::string_view rest = std::string_view(text_).substr(line_starts_[static_cast<std::size_t>(line) - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

Diagnostic& Diagnostics::add(Severity severity, std::string_view code, Place place, std::string message,
                             std::string hint) {
  ORRERY_CHECK(find_diagnostic_code(code) != nullptr);
  all_.push_back({severity, std::string(code), std::move(place), std::move(message), std::move(hint), {}});
  return all_.back();
}

Diagnostic& Diagnostics::error(std::string_view code, Place place, std::string message, std::string hint) {
  ++errors_;
  return add(Severity::error, code, std::move(place), std::move(message), std::move(hint));
}

Diagnostic& Diagnostics::warning(std::string_view code, Place place, std::string message, std::string hint) {
  return add(Severity::warning, code, std::move(place), std::move(message), std::move(hint));
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> result = all_;
  auto key = [](const Diagnostic& d) {
    return std::tuple<std::string_view, int, int>(d.place.source ? std::string_view(d.place.source->name()) : "",
                                                  d.place.line, d.place.column);
  };
  std::stable_sort(result.begin(), result.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return key(a) < key(b); });
  return result;
}

namespace {

constexpr std::size_t kShownColumns = 100;

/// The length in bytes of the character at `i`; invalid UTF-8 counts byte by byte.
std::size_t character_bytes(std::string_view text, std::size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  std::size_t bytes = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  return std::min(bytes, text.size() - i);
}

/// Terminal cells of one character: 2 for East Asian wide ones and emoji (3 and 4 byte UTF-8 from
/// U+1100 on), else 1.
std::size_t character_cells(std::string_view text, std::size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  if (lead >= 0xF0) return 2;
  if (lead < 0xE1) return 1;
  return (lead >= 0xE3 || lead == 0xE1) && character_bytes(text, i) == 3 ? 2 : 1;
}

/// Control characters would disturb the terminal: they are shown as '?', tabs stay.
std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) c = '?';
  }
  return shown;
}

std::string caret_lines(const Place& place) {
  std::string_view line = place.source->line(place.line);
  std::size_t column = std::min<std::size_t>(static_cast<std::size_t>(std::max(place.column, 1)) - 1, line.size());
  std::size_t cut = 0;
  if (column > kShownColumns * 3 / 4) cut = column - kShownColumns / 2;
  while (cut > 0 && cut < line.size() && (static_cast<unsigned char>(line[cut]) & 0xC0) == 0x80) --cut;
  line.remove_prefix(cut);
  column -= cut;
  std::string tail;
  if (line.size() > kShownColumns) {
    std::size_t end = kShownColumns;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
    line = line.substr(0, end);
    tail = "...";
  }
  const std::string lead = cut > 0 ? "..." : "";
  std::string under(lead.size(), ' ');
  for (std::size_t i = 0; i < column && i < line.size(); i += character_bytes(line, i)) {
    under += line[i] == '\t' ? std::string("\t") : std::string(character_cells(line, i), ' ');
  }
  under += '^';
  std::size_t cells = 0;
  const std::size_t end = std::min(line.size(), column + static_cast<std::size_t>(std::max(place.length, 1)));
  for (std::size_t i = column; i < end; i += character_bytes(line, i)) cells += character_cells(line, i);
  if (cells > 1) under += std::string(cells - 1, '~');
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
