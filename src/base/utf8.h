#pragma once

#include <cstddef>
#include <string_view>

namespace orrery {

/// One character of a text that should be UTF-8. A byte that is not part of a valid character is an
/// invalid character of one byte.
struct Utf8Character {
  char32_t code = 0xFFFD;
  std::size_t bytes = 1;
  bool valid = false;
};

/// The character that begins at byte `at`. Pre: at < text.size().
Utf8Character utf8_character(std::string_view text, std::size_t at);

/// C0 controls, DEL and C1 controls: they would disturb a terminal.
constexpr bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

/// Columns that a terminal gives to a character: 2 for East Asian wide ones and emoji, 0 for marks that
/// join the character before them, else 1. Source: Unicode Standard Annex 11, by blocks.
int terminal_columns(char32_t code);

}  // namespace orrery
