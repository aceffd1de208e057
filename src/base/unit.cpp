#include "orrery/base/unit.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

struct BaseUnit {
  std::string_view symbol;
  Dimension dimension;
  double factor;
  std::string_view prefixes;  // SI prefixes that may stand before the symbol
};

constexpr double kYear = 365.25 * 86400;

//                                                 s  B  F  J  $  t  g  A; what is left out is 0
constexpr BaseUnit kBaseUnits[] = {
    {"s", {1, 0, 0, 0, 0, 0, 0}, 1, "munp"},       {"min", {1, 0, 0, 0, 0, 0, 0}, 60, ""},
    {"h", {1, 0, 0, 0, 0, 0, 0}, 3600, ""},        {"day", {1, 0, 0, 0, 0, 0, 0}, 86400, ""},
    {"days", {1, 0, 0, 0, 0, 0, 0}, 86400, ""},    {"year", {1, 0, 0, 0, 0, 0, 0}, kYear, ""},
    {"years", {1, 0, 0, 0, 0, 0, 0}, kYear, ""},   {"Hz", {-1, 0, 0, 0, 0, 0, 0}, 1, "kMG"},
    {"req", {0, 0, 0, 0, 0, 0, 0}, 1, "kM"},       {"B", {0, 1, 0, 0, 0, 0, 0}, 1, "kMGTPE"},
    {"KiB", {0, 1, 0, 0, 0, 0, 0}, 0x1p10, ""},    {"MiB", {0, 1, 0, 0, 0, 0, 0}, 0x1p20, ""},
    {"GiB", {0, 1, 0, 0, 0, 0, 0}, 0x1p30, ""},    {"TiB", {0, 1, 0, 0, 0, 0, 0}, 0x1p40, ""},
    {"bit", {0, 1, 0, 0, 0, 0, 0}, 0.125, "kMGT"}, {"FLOP", {0, 0, 1, 0, 0, 0, 0}, 1, "kMGTPE"},
    {"OP", {0, 0, 1, 0, 0, 0, 0}, 1, "kMGTPE"},    {"J", {0, 0, 0, 1, 0, 0, 0}, 1, "pnumkMG"},
    {"Wh", {0, 0, 0, 1, 0, 0, 0}, 3600, "kMG"},    {"W", {-1, 0, 0, 1, 0, 0, 0}, 1, "mkMG"},
    {"$", {0, 0, 0, 0, 1, 0, 0}, 1, "kM"},         {"USD", {0, 0, 0, 0, 1, 0, 0}, 1, "kM"},
    {"token", {0, 0, 0, 0, 0, 1, 0}, 1, "kM"},     {"tokens", {0, 0, 0, 0, 0, 1, 0}, 1, "kM"},
    {"gCO2", {0, 0, 0, 0, 0, 0, 1}, 1, "k"},       {"tCO2", {0, 0, 0, 0, 0, 0, 1}, 1e6, ""},
    {"A", {0, 0, 0, 0, 0, 0, 0, 1}, 1, "um"},      {"V", {-1, 0, 0, 1, 0, 0, 0, -1}, 1, "m"},
};

std::optional<double> prefix_factor(char prefix) {
  switch (prefix) {
    case 'p':
      return 1e-12;
    case 'n':
      return 1e-9;
    case 'u':
      return 1e-6;
    case 'm':
      return 1e-3;
    case 'k':
      return 1e3;
    case 'M':
      return 1e6;
    case 'G':
      return 1e9;
    case 'T':
      return 1e12;
    case 'P':
      return 1e15;
    case 'E':
      return 1e18;
    default:
      return std::nullopt;
  }
}

struct Unit {
  Dimension dimension{};
  double factor = 1;
};

std::optional<Unit> find_unit(std::string_view symbol) {
  for (const BaseUnit& base : kBaseUnits) {
    if (symbol == base.symbol) return Unit{base.dimension, base.factor};
    if (symbol.size() == base.symbol.size() + 1 && symbol.substr(1) == base.symbol &&
        base.prefixes.find(symbol[0]) != std::string_view::npos) {
      return Unit{base.dimension, base.factor * *prefix_factor(symbol[0])};
    }
  }
  return std::nullopt;
}

std::vector<std::string> all_unit_symbols() {
  std::vector<std::string> names;
  for (const BaseUnit& base : kBaseUnits) {
    names.emplace_back(base.symbol);
    for (char prefix : base.prefixes) names.push_back(prefix + std::string(base.symbol));
  }
  return names;
}

/// How people also write a unit's end, and how it is written here.
struct Spelling {
  std::string_view usual;
  std::string_view ours;
};
constexpr Spelling kSpellings[] = {{"Bps", "B/s"},  {"bps", "bit/s"}, {"FLOPS", "FLOP/s"}, {"FLOPs", "FLOP/s"},
                                   {"OPS", "OP/s"}, {"seconds", "s"}, {"sec", "s"},        {"minutes", "min"},
                                   {"hours", "h"},  {"hour", "h"},    {"\u00b5s", "us"},   {"\u03bcs", "us"}};

std::string unit_hint(std::string_view symbol) {
  if (symbol.size() == 1 && std::string_view("kKMGT").find(symbol[0]) != std::string_view::npos) {
    const char decimal = symbol[0] == 'K' ? 'k' : symbol[0];
    const char binary = symbol[0] == 'k' ? 'K' : symbol[0];
    return fmt::format("'{}' alone is ambiguous: write {}B (powers of 1000) or {}iB (powers of 1024)", symbol, decimal,
                       binary);
  }
  if (symbol.ends_with('b') && symbol.size() <= 2) {
    const std::string_view prefix = symbol.substr(0, symbol.size() - 1);
    if (find_unit(std::string(prefix) + "bit")) return fmt::format("write {0}bit for bits or {0}B for bytes", prefix);
  }
  for (const Spelling& spelling : kSpellings) {
    if (!symbol.ends_with(spelling.usual)) continue;
    const std::string ours =
        fmt::format("{}{}", symbol.substr(0, symbol.size() - spelling.usual.size()), spelling.ours);
    if (find_unit(std::string_view(ours).substr(0, ours.find('/')))) return fmt::format("write {}", ours);
  }
  return did_you_mean(symbol, all_unit_symbols());
}

UnitError unknown_unit(std::string_view symbol) {
  return {UnitError::Kind::unknown_unit, fmt::format("'{}' is not a unit", symbol), unit_hint(symbol)};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Without a '+' before a number, which from_chars does not take.
std::string_view without_plus(std::string_view text) {
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+';
  return plus ? text.substr(1) : text;
}

/// Of the number that a text begins with, also one that a double cannot hold.
std::size_t number_length(std::string_view text) {
  double ignored = 0;
  const std::string_view number = without_plus(text);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), ignored);
  if (error == std::errc::invalid_argument) return 0;
  return static_cast<std::size_t>(end - text.data());
}

/// "TB/s", "kgCO2/kWh", "USD/Mtokens", "B/token/s": the first factor multiplies, the others divide.
std::expected<Unit, UnitError> parse_unit(std::string_view text) {
  Unit unit;
  bool divide = text.starts_with('/');
  if (divide) text.remove_prefix(1);
  for (;;) {
    std::size_t slash = text.find('/');
    std::string_view symbol = trimmed(text.substr(0, slash));
    auto factor = find_unit(symbol);
    if (!factor) return std::unexpected(unknown_unit(symbol));
    unit.factor = divide ? unit.factor / factor->factor : unit.factor * factor->factor;
    for (std::size_t i = 0; i < unit.dimension.size(); ++i) {
      unit.dimension[i] += divide ? -factor->dimension[i] : factor->dimension[i];
    }
    if (slash == std::string_view::npos) return unit;
    text.remove_prefix(slash + 1);
    divide = true;
  }
}

struct DisplayScale {
  Dimension dimension;
  std::vector<std::pair<std::string_view, double>> units;  // descending factor
  std::string_view example;
};

const std::vector<DisplayScale>& display_scales() {
  static const std::vector<DisplayScale> scales = {
      {{1, 0, 0, 0, 0, 0, 0}, {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"ps", 1e-12}}, "ms"},
      {{-1, 0, 0, 0, 0, 0, 0}, {{"GHz", 1e9}, {"MHz", 1e6}, {"kHz", 1e3}, {"/s", 1}, {"/h", 1.0 / 3600}}, "req/s"},
      {{0, 1, 0, 0, 0, 0, 0}, {{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}, "GB"},
      {{-1, 1, 0, 0, 0, 0, 0}, {{"TB/s", 1e12}, {"GB/s", 1e9}, {"MB/s", 1e6}, {"kB/s", 1e3}, {"B/s", 1}}, "TB/s"},
      {{0, 0, 1, 0, 0, 0, 0}, {{"PFLOP", 1e15}, {"TFLOP", 1e12}, {"GFLOP", 1e9}, {"MFLOP", 1e6}, {"FLOP", 1}}, "GFLOP"},
      {{-1, 0, 1, 0, 0, 0, 0}, {{"TFLOP/s", 1e12}, {"GFLOP/s", 1e9}, {"FLOP/s", 1}}, "TFLOP/s"},
      {{0, 0, 0, 1, 0, 0, 0}, {{"MWh", 3.6e9}, {"kWh", 3.6e6}, {"kJ", 1e3}, {"J", 1}, {"mJ", 1e-3}, {"uJ", 1e-6}}, "J"},
      {{-1, 0, 0, 1, 0, 0, 0}, {{"MW", 1e6}, {"kW", 1e3}, {"W", 1}, {"mW", 1e-3}}, "W"},
      {{0, -1, 0, 1, 0, 0, 0}, {{"nJ/B", 1e-9}, {"pJ/B", 1e-12}}, "pJ/B"},
      {{0, 0, -1, 1, 0, 0, 0}, {{"nJ/FLOP", 1e-9}, {"pJ/FLOP", 1e-12}}, "pJ/FLOP"},
      {{0, 0, 0, 1, 0, -1, 0}, {{"J/token", 1}, {"mJ/token", 1e-3}}, "J/token"},
      {{0, 0, 0, 0, 1, 0, 0}, {{"USD", 1}}, "USD"},
      {{-1, 0, 0, 0, 1, 0, 0}, {{"USD/h", 1.0 / 3600}}, "USD/h"},
      {{0, 0, 0, -1, 1, 0, 0}, {{"USD/kWh", 1 / 3.6e6}}, "USD/kWh"},
      {{0, 0, 0, 0, 1, -1, 0}, {{"USD/Mtoken", 1e-6}}, "USD/Mtoken"},
      {{0, -1, 0, 0, 1, 0, 0}, {{"USD/GB", 1e-9}}, "USD/GB"},
      {{0, 0, 0, 0, 0, 1, 0}, {{"tokens", 1}}, "tokens"},
      {{-1, 0, 0, 0, 0, 1, 0}, {{"token/s", 1}}, "token/s"},
      {{0, 0, 0, 0, 0, 0, 1}, {{"tCO2", 1e6}, {"kgCO2", 1e3}, {"gCO2", 1}}, "gCO2"},
      {{0, 0, 0, -1, 0, 0, 1}, {{"gCO2/kWh", 1 / 3.6e6}}, "gCO2/kWh"},
      {{0, 0, 0, 0, 0, 0, 0, 1}, {{"A", 1}, {"mA", 1e-3}}, "mA"},
      {{-1, 0, 0, 1, 0, 0, 0, -1}, {{"V", 1}, {"mV", 1e-3}}, "V"},
  };
  return scales;
}

const DisplayScale* find_scale(const Dimension& dimension) {
  for (const DisplayScale& scale : display_scales()) {
    if (scale.dimension == dimension) return &scale;
  }
  return nullptr;
}

}  // namespace

std::expected<double, UnitError> parse_quantity(std::string_view whole, const Dimension& expected) {
  using Kind = UnitError::Kind;
  const std::string_view text = trimmed(whole);
  const std::string example = example_unit(expected);
  const bool dollars_first = text.starts_with('$');  // "$2.10/h"
  const std::string_view amount = dollars_first ? trimmed(text.substr(1)) : text;
  const std::string_view number = amount.substr(0, number_length(amount));
  const std::string_view rest = trimmed(amount.substr(number.size()));
  const std::string unit_text = (dollars_first ? "$" : "") + std::string(rest);
  if (number.empty()) {
    return std::unexpected(UnitError{Kind::not_a_number, fmt::format("'{}' does not start with a number", whole),
                                     fmt::format("write a number and a unit, such as '1.5 {}'", example)});
  }
  const auto value = parse_number(number);
  if (!value) return std::unexpected(UnitError{Kind::not_a_number, value.error(), ""});
  if (unit_text.empty()) {
    return std::unexpected(UnitError{Kind::missing_unit, fmt::format("'{}' has no unit", whole),
                                     fmt::format("write a number and a unit, such as '{} {}'", number, example)});
  }
  if (!rest.empty() && std::string_view("xX,._'0123456789").find(rest[0]) != std::string_view::npos) {
    return std::unexpected(UnitError{Kind::not_a_number, fmt::format("'{}' is not a number and a unit", whole),
                                     "numbers are decimal, without separators: 1000, 1.5, 1e6"});
  }
  auto unit = parse_unit(unit_text);
  if (!unit) {
    if (unit.error().hint.empty()) unit.error().hint = fmt::format("a unit such as {} is expected here", example);
    return std::unexpected(unit.error());
  }
  if (unit->dimension != expected) {
    return std::unexpected(UnitError{Kind::wrong_dimension, fmt::format("'{}' is not measured in {}", whole, example),
                                     fmt::format("a unit such as {} is expected here", example)});
  }
  double si = *value * unit->factor;
  if (!std::isfinite(si)) {
    return std::unexpected(UnitError{Kind::not_a_number, fmt::format("'{}' is too large", whole), ""});
  }
  return si;
}

std::string format_quantity(double si, const Dimension& dimension, int digits) {
  const DisplayScale* scale = find_scale(dimension);
  if (scale == nullptr) return fmt::format("{:.{}g}", si, digits);
  const double magnitude = std::fabs(si);
  const auto* chosen = &scale->units.back();
  for (const auto& unit : scale->units) {
    if (magnitude >= unit.second * 0.9999995) {
      chosen = &unit;
      break;
    }
  }
  if (si == 0) {
    for (const auto& unit : scale->units) {
      if (unit.second == 1) chosen = &unit;
    }
  }
  return fmt::format("{:.{}g} {}", si / chosen->second, digits, chosen->first);
}

std::string example_unit(const Dimension& dimension) {
  const DisplayScale* scale = find_scale(dimension);
  return scale != nullptr ? std::string(scale->example) : std::string("a number");
}

Result<double> parse_number(std::string_view text) {
  const std::string_view number = without_plus(text);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool whole = !number.empty() && end == number.data() + number.size();
  if (whole && error == std::errc::result_out_of_range) {
    return failure(fmt::format("'{}' is beyond what a number can hold, about 1e-308 to 1e308", text));
  }
  if (!whole || error != std::errc{} || !std::isfinite(value))
    return failure(fmt::format("'{}' is not a number", text));
  return value;
}

namespace {

template <class Integer>
Result<Integer> parse_whole(std::string_view text) {
  const std::string_view number = without_plus(text);
  Integer value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool whole = !number.empty() && end == number.data() + number.size();
  if (whole && error == std::errc::result_out_of_range) {
    constexpr auto kLargest = static_cast<double>(std::numeric_limits<Integer>::max());
    return failure(fmt::format("'{}' is beyond what a whole number can hold, about {:.2g}", text, kLargest));
  }
  if (!whole || error != std::errc{}) return failure(fmt::format("'{}' is not a whole number", text));
  return value;
}

}  // namespace

Result<long long> parse_integer(std::string_view text) { return parse_whole<long long>(text); }
Result<unsigned long long> parse_unsigned(std::string_view text) { return parse_whole<unsigned long long>(text); }

}  // namespace orrery
