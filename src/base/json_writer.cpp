#include "orrery/base/json_writer.h"

#include <fmt/format.h>

#include <cmath>

#include "orrery/base/utf8.h"

namespace orrery {
namespace {

/// JSON is UTF-8: bytes that are not become U+FFFD.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const Utf8Character character = utf8_character(text, i);
    switch (character.code) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (!character.valid) {
          out += "\xef\xbf\xbd";
        } else if (is_control(character.code)) {
          out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(character.code));
        } else {
          out += text.substr(i, character.bytes);
        }
    }
    i += character.bytes;
  }
  out += '"';
}

}  // namespace

void JsonWriter::new_line() {
  text_ += '\n';
  text_.append(2 * has_items_.size(), ' ');
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
  } else if (!has_items_.empty()) {
    if (has_items_.back()) text_ += ',';
    has_items_.back() = true;
    new_line();
  }
}

void JsonWriter::open(char bracket) {
  before_value();
  text_ += bracket;
  has_items_.push_back(false);
}

void JsonWriter::close(char bracket) {
  const bool had_items = has_items_.back();
  has_items_.pop_back();
  if (had_items) new_line();
  text_ += bracket;
  if (has_items_.empty()) text_ += '\n';
}

void JsonWriter::key(std::string_view name) {
  before_value();
  append_quoted(text_, name);
  text_ += ": ";
  after_key_ = true;
}

void JsonWriter::value(std::string_view text) {
  before_value();
  append_quoted(text_, text);
}

void JsonWriter::value(double number) { raw(std::isfinite(number) ? fmt::format("{}", number) : "null"); }

void JsonWriter::raw(std::string_view token) {
  before_value();
  text_ += token;
}

}  // namespace orrery
