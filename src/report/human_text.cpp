#include "orrery/report/human_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/base/utf8.h"

namespace orrery {

std::string figure_text(double value) {
  if (!std::isfinite(value)) return "-";
  const double magnitude = std::fabs(value);
  if (magnitude >= 999.5) return count_text(std::llround(std::min(magnitude, 9e18)) * (value < 0 ? -1 : 1));
  if (magnitude >= 99.95) return fmt::format("{:.0f}", value);
  if (magnitude >= 9.995) return fmt::format("{:.1f}", value);
  if (magnitude >= 1) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3g}", value);
}

std::string count_text(std::int64_t count) {
  std::string text = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t i = text.size(); i > first + 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string short_count_text(std::int64_t count) {
  if (count < 1'000'000) return count_text(count);
  if (count < 999'500'000) return figure_text(static_cast<double>(count) / 1e6) + " M";
  return figure_text(static_cast<double>(count) / 1e9) + " G";
}

std::string duration_text(double seconds) {
  const double magnitude = std::fabs(seconds);
  if (!std::isfinite(seconds)) return "-";
  if (magnitude == 0) return "0 s";
  if (magnitude < 1e-6) return figure_text(seconds * 1e9) + " ns";
  if (magnitude < 1e-3) return figure_text(seconds * 1e6) + " us";
  if (magnitude < 1) return figure_text(seconds * 1e3) + " ms";
  if (magnitude < 120) return figure_text(seconds) + " s";
  if (magnitude < 7200) return figure_text(seconds / 60) + " min";
  if (magnitude < 172800) return figure_text(seconds / 3600) + " h";
  return figure_text(seconds / 86400) + " days";
}

std::string share_text(double share) { return figure_text(share * 100) + " %"; }

std::string energy_text(double joules) {
  const double magnitude = std::fabs(joules);
  if (magnitude >= 3.6e9) return figure_text(joules / 3.6e9) + " MWh";
  if (magnitude >= 3.6e5) return figure_text(joules / 3.6e6) + " kWh";
  if (magnitude >= 1e3) return figure_text(joules / 1e3) + " kJ";
  return figure_text(joules) + " J";
}

std::string carbon_text(double grams) {
  const double magnitude = std::fabs(grams);
  if (magnitude >= 1e6) return figure_text(grams / 1e6) + " tCO2";
  if (magnitude >= 1e3) return figure_text(grams / 1e3) + " kgCO2";
  return figure_text(grams) + " gCO2";
}

std::string plain_text(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8_character(text, at);
    if (character.valid && !is_control(character.code)) {
      plain += text.substr(at, character.bytes);
    } else {
      plain += '?';
    }
    at += character.bytes;
  }
  return plain;
}

std::size_t text_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Character character = utf8_character(text, at);
    width += static_cast<std::size_t>(terminal_columns(character.code));
    at += character.bytes;
  }
  return width;
}

std::string clipped_text(std::string_view text, std::size_t width) {
  if (text_width(text) <= width) return std::string(text);
  std::size_t end = 0;
  std::size_t columns = 0;
  while (end < text.size()) {
    const Utf8Character character = utf8_character(text, end);
    columns += static_cast<std::size_t>(terminal_columns(character.code));
    if (columns > width - 3) break;
    end += character.bytes;
  }
  return std::string(text.substr(0, end)) + "...";
}

}  // namespace orrery
