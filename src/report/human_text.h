#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace orrery {

// How figures and names appear in tables for people: three significant digits, no exponents.

/// 0.0123 is "0.0123", 12.345 "12.3", 12345.6 "12,346"; "-" for nan and inf.
std::string figure_text(double value);
/// With thousands separators: "19,366".
std::string count_text(std::int64_t count);
/// In at most seven characters: "999,999", "1.23 M".
std::string short_count_text(std::int64_t count);
/// Seconds in the unit that fits: "412 us", "12.3 ms", "58.6 min".
std::string duration_text(double seconds);
/// A share between 0 and 1: "97.4 %".
std::string share_text(double share);
/// Joules as J, kJ, kWh or MWh.
std::string energy_text(double joules);
/// Grams of CO2 as gCO2, kgCO2 or tCO2.
std::string carbon_text(double grams);

/// Control characters, which could steer a terminal, and what is not UTF-8 become '?'.
std::string plain_text(std::string_view text);
/// Columns that a terminal gives to a text.
std::size_t text_width(std::string_view text);
/// At most `width` columns; a longer text ends in "...". Pre: width >= 3.
std::string clipped_text(std::string_view text, std::size_t width);

}  // namespace orrery
