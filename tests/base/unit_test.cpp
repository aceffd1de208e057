#include "orrery/base/unit.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

constexpr Dimension kSeconds = dimension_of(Seconds());
constexpr Dimension kHertz = dimension_of(Hertz());
constexpr Dimension kBytes = dimension_of(Bytes());
constexpr Dimension kBandwidth = dimension_of(BytesPerSecond());
constexpr Dimension kSpeed = dimension_of(FlopsPerSecond());
constexpr Dimension kWatts = dimension_of(Watts());
constexpr Dimension kDollars = dimension_of(Dollars());
constexpr Dimension kRent = dimension_of(DollarsPerSecond());
constexpr Dimension kTariff = dimension_of(DollarsPerJoule());
constexpr Dimension kCarbon = dimension_of(GramsPerJoule());

double read(std::string_view text, const Dimension& dimension) {
  const auto value = parse_quantity(text, dimension);
  EXPECT_TRUE(value) << text << ": " << (value ? "" : value.error().message);
  return value ? *value : std::nan("");
}

struct Refused {
  std::string_view text;
  Dimension dimension;
  UnitError::Kind kind;
  std::string_view message;
  std::string_view hint;
};
using Kind = UnitError::Kind;

void expect_refused(const Refused& refused) {
  const auto value = parse_quantity(refused.text, refused.dimension);
  ASSERT_FALSE(value) << refused.text << " was read as " << *value;
  EXPECT_EQ(value.error().kind, refused.kind) << refused.text;
  EXPECT_EQ(value.error().message, refused.message);
  EXPECT_EQ(value.error().hint, refused.hint) << refused.text;
}

TEST(Unit, QuantitiesAreReadIntoSi) {
  EXPECT_DOUBLE_EQ(read("3.35 TB/s", kBandwidth), 3.35e12);
  EXPECT_DOUBLE_EQ(read("6.4 Gbit/s", kBandwidth), 0.8e9);
  EXPECT_DOUBLE_EQ(read("12 ms", kSeconds), 0.012);
  EXPECT_DOUBLE_EQ(read("4 years", kSeconds), 4 * 365.25 * 86400);
  EXPECT_DOUBLE_EQ(read("9 h", kSeconds), 32400);
  EXPECT_DOUBLE_EQ(read("-5.5 h", kSeconds), -19800);
  EXPECT_DOUBLE_EQ(read("5 req/s", kHertz), 5);
  EXPECT_DOUBLE_EQ(read("1830 MHz", kHertz), 1.83e9);
  EXPECT_DOUBLE_EQ(read("989 TFLOP/s", kSpeed), 989e12);
  EXPECT_DOUBLE_EQ(read("1978 TOP/s", kSpeed), 1978e12);
  EXPECT_DOUBLE_EQ(read("700 W", kWatts), 700);
  EXPECT_DOUBLE_EQ(read("700 J/s", kWatts), 700);
  EXPECT_DOUBLE_EQ(read("1 kWh", dimension_of(Joules())), 3.6e6);
  EXPECT_DOUBLE_EQ(read("3.9 pJ/bit", dimension_of(JoulesPerByte())), 31.2e-12);
}

TEST(Unit, MoneyMayStandBeforeOrAfterTheNumber) {
  EXPECT_DOUBLE_EQ(read("$2.10/h", kRent), 2.10 / 3600);
  EXPECT_DOUBLE_EQ(read("$ 2.10 / h", kRent), 2.10 / 3600);
  EXPECT_DOUBLE_EQ(read("2.10 $/h", kRent), 2.10 / 3600);
  EXPECT_DOUBLE_EQ(read("2.10 USD/h", kRent), 2.10 / 3600);
  EXPECT_DOUBLE_EQ(read("$70000", kDollars), 70000);
  EXPECT_DOUBLE_EQ(read("70 kUSD", kDollars), 70000);
  EXPECT_DOUBLE_EQ(read("0.13 USD/kWh", kTariff), 0.13 / 3.6e6);
  EXPECT_DOUBLE_EQ(read("430.6 gCO2/kWh", kCarbon), 430.6 / 3.6e6);
  EXPECT_DOUBLE_EQ(read("0.4306 kgCO2/kWh", kCarbon), 430.6 / 3.6e6);
}

TEST(Unit, DecimalAndBinaryPrefixesDiffer) {
  EXPECT_EQ(read("80 GB", kBytes), 80e9);
  EXPECT_EQ(read("80 GiB", kBytes), 80.0 * (1 << 30));
  EXPECT_EQ(read("50 MB", kBytes), 50e6);
  EXPECT_EQ(read("50 MiB", kBytes), 50.0 * (1 << 20));
  EXPECT_EQ(read("1 kB", kBytes), 1000);
  EXPECT_EQ(read("1 KiB", kBytes), 1024);
}

TEST(Unit, BlanksAroundAndWithinDoNotMatter) {
  EXPECT_DOUBLE_EQ(read("80GB", kBytes), 80e9);
  EXPECT_DOUBLE_EQ(read("  80\tGB  ", kBytes), 80e9);
  EXPECT_DOUBLE_EQ(read("3 TB / s", kBandwidth), 3e12);
  EXPECT_DOUBLE_EQ(read("+80 GB", kBytes), 80e9);
  EXPECT_DOUBLE_EQ(read("8e10 B", kBytes), 80e9);
}

TEST(Unit, ABareNumberIsRefused) {
  expect_refused({"80", kBytes, Kind::missing_unit, "'80' has no unit", "write a number and a unit, such as '80 GB'"});
  expect_refused(
      {"1e6", kSeconds, Kind::missing_unit, "'1e6' has no unit", "write a number and a unit, such as '1e6 ms'"});
}

TEST(Unit, ABarePrefixIsAmbiguous) {
  expect_refused({"80 G", kBytes, Kind::unknown_unit, "'G' is not a unit",
                  "'G' alone is ambiguous: write GB (powers of 1000) or GiB (powers of 1024)"});
  expect_refused({"80 k", kBytes, Kind::unknown_unit, "'k' is not a unit",
                  "'k' alone is ambiguous: write kB (powers of 1000) or KiB (powers of 1024)"});
  expect_refused({"80K", kBytes, Kind::unknown_unit, "'K' is not a unit",
                  "'K' alone is ambiguous: write kB (powers of 1000) or KiB (powers of 1024)"});
}

TEST(Unit, BitsAndBytesAreNotConfused) {
  expect_refused({"80 Gb", kBytes, Kind::unknown_unit, "'Gb' is not a unit", "write Gbit for bits or GB for bytes"});
  expect_refused({"8 b", kBytes, Kind::unknown_unit, "'b' is not a unit", "write bit for bits or B for bytes"});
  EXPECT_EQ(read("80 Gbit", kBytes), 10e9);
}

TEST(Unit, UsualSpellingsAreNamedInTheHint) {
  expect_refused({"40 Gbps", kBandwidth, Kind::unknown_unit, "'Gbps' is not a unit", "write Gbit/s"});
  expect_refused({"40 GBps", kBandwidth, Kind::unknown_unit, "'GBps' is not a unit", "write GB/s"});
  expect_refused({"989 TFLOPS", kSpeed, Kind::unknown_unit, "'TFLOPS' is not a unit", "write TFLOP/s"});
  expect_refused({"1978 TOPS", kSpeed, Kind::unknown_unit, "'TOPS' is not a unit", "write TOP/s"});
  expect_refused({"3 sec", kSeconds, Kind::unknown_unit, "'sec' is not a unit", "write s"});
  expect_refused({"3 hours", kSeconds, Kind::unknown_unit, "'hours' is not a unit", "write h"});
  expect_refused({"3 \xc2\xb5s", kSeconds, Kind::unknown_unit, "'\xc2\xb5s' is not a unit", "write us"});
  expect_refused({"80 gb", kBytes, Kind::unknown_unit, "'gb' is not a unit", "did you mean 'GB'?"});
  expect_refused(
      {"80 parsec", kBytes, Kind::unknown_unit, "'parsec' is not a unit", "a unit such as GB is expected here"});
  expect_refused(
      {"80 GB/", kBandwidth, Kind::unknown_unit, "'' is not a unit", "a unit such as TB/s is expected here"});
}

TEST(Unit, AnotherDimensionIsRefused) {
  expect_refused({"80 GB", kBandwidth, Kind::wrong_dimension, "'80 GB' is not measured in TB/s",
                  "a unit such as TB/s is expected here"});
  expect_refused({"700 W", dimension_of(Joules()), Kind::wrong_dimension, "'700 W' is not measured in J",
                  "a unit such as J is expected here"});
  expect_refused(
      {"$5", kRent, Kind::wrong_dimension, "'$5' is not measured in USD/h", "a unit such as USD/h is expected here"});
  expect_refused({"989 TFLOP", kSpeed, Kind::wrong_dimension, "'989 TFLOP' is not measured in TFLOP/s",
                  "a unit such as TFLOP/s is expected here"});
  expect_refused({"1 B/s/s", kBandwidth, Kind::wrong_dimension, "'1 B/s/s' is not measured in TB/s",
                  "a unit such as TB/s is expected here"});
}

TEST(Unit, WhatIsNotADecimalNumberIsRefused) {
  constexpr std::string_view kDecimal = "numbers are decimal, without separators: 1000, 1.5, 1e6";
  expect_refused({"0x10 GB", kBytes, Kind::not_a_number, "'0x10 GB' is not a number and a unit", kDecimal});
  expect_refused({"1,000 GB", kBytes, Kind::not_a_number, "'1,000 GB' is not a number and a unit", kDecimal});
  expect_refused({"$1,000", kDollars, Kind::not_a_number, "'$1,000' is not a number and a unit", kDecimal});
  expect_refused({"1_000 GB", kBytes, Kind::not_a_number, "'1_000 GB' is not a number and a unit", kDecimal});
  expect_refused({"1 000 GB", kBytes, Kind::not_a_number, "'1 000 GB' is not a number and a unit", kDecimal});
  expect_refused({"1.2.3 GB", kBytes, Kind::not_a_number, "'1.2.3 GB' is not a number and a unit", kDecimal});
  expect_refused({"nan GB", kBytes, Kind::not_a_number, "'nan' is not a number", ""});
  expect_refused({"inf GB", kBytes, Kind::not_a_number, "'inf' is not a number", ""});
  expect_refused({"-infinity s", kSeconds, Kind::not_a_number, "'-infinity' is not a number", ""});
  expect_refused(
      {"1e400 GB", kBytes, Kind::not_a_number, "'1e400' is beyond what a number can hold, about 1e-308 to 1e308", ""});
  expect_refused({"1e300 TB", kBytes, Kind::not_a_number, "'1e300 TB' is too large", ""});
  constexpr std::string_view kSuch = "write a number and a unit, such as '1.5 GB'";
  expect_refused({"", kBytes, Kind::not_a_number, "'' does not start with a number", kSuch});
  expect_refused({"GB", kBytes, Kind::not_a_number, "'GB' does not start with a number", kSuch});
  expect_refused({"much", kBytes, Kind::not_a_number, "'much' does not start with a number", kSuch});
  expect_refused({"+-5 GB", kBytes, Kind::not_a_number, "'+-5 GB' does not start with a number", kSuch});
  expect_refused({"++5 GB", kBytes, Kind::not_a_number, "'++5 GB' does not start with a number", kSuch});
}

TEST(Unit, PlainNumbersAreDecimal) {
  EXPECT_EQ(parse_number("1e3").value(), 1000);
  EXPECT_EQ(parse_number("-2.5").value(), -2.5);
  EXPECT_EQ(parse_number("+.5").value(), 0.5);
  EXPECT_EQ(parse_number("010").value(), 10);
  for (const char* text : {"", "+", "-", "+-1", "nan", "inf", "-inf", "0x10", "1e400", "1e-400", "1 ", " 1", "1_000",
                           "1,5", "12ms", "true", "1e"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(Unit, WholeNumbersAreWhole) {
  EXPECT_EQ(parse_integer("010").value(), 10);
  EXPECT_EQ(parse_integer("-3").value(), -3);
  EXPECT_EQ(parse_integer("+3").value(), 3);
  EXPECT_EQ(parse_integer("9223372036854775807").value(), 9223372036854775807LL);
  EXPECT_EQ(parse_integer("1.5").error(), "'1.5' is not a whole number");
  EXPECT_EQ(parse_integer("1e3").error(), "'1e3' is not a whole number");
  EXPECT_EQ(parse_integer("0x10").error(), "'0x10' is not a whole number");
  EXPECT_EQ(parse_integer("").error(), "'' is not a whole number");
  EXPECT_EQ(parse_integer("+-1").error(), "'+-1' is not a whole number");
  EXPECT_EQ(parse_integer("9223372036854775808").error(),
            "'9223372036854775808' is beyond what a whole number can hold, about 9.2e+18");
}

TEST(Unit, UnsignedNumbersReachTwiceAsFar) {
  EXPECT_EQ(parse_unsigned("18446744073709551615").value(), 18446744073709551615ULL);
  EXPECT_EQ(parse_unsigned("18446744073709551616").error(),
            "'18446744073709551616' is beyond what a whole number can hold, about 1.8e+19");
  EXPECT_EQ(parse_unsigned("-1").error(), "'-1' is not a whole number");
}

TEST(Unit, QuantitiesArePrintedInTheUnitThatPeopleUse) {
  EXPECT_EQ(to_text(BytesPerSecond(3.35e12)), "3.35 TB/s");
  EXPECT_EQ(to_text(Bytes(80e9)), "80 GB");
  EXPECT_EQ(to_text(Bytes(85899345920.0)), "85.8993 GB");
  EXPECT_EQ(to_text(Watts(700)), "700 W");
  EXPECT_EQ(to_text(Watts(0)), "0 W");
  EXPECT_EQ(to_text(Seconds(0)), "0 s");
  EXPECT_EQ(to_text(Seconds(0.012)), "12 ms");
  EXPECT_EQ(to_text(Seconds(-19800)), "-19800 s");
  EXPECT_EQ(to_text(Seconds(1.0 / 3), 3), "333 ms");
  EXPECT_EQ(to_text(Hertz(1.83e9)), "1.83 GHz");
  EXPECT_EQ(to_text(DollarsPerSecond(2.1 / 3600)), "2.1 USD/h");
  EXPECT_EQ(to_text(DollarsPerJoule(0.13 / 3.6e6)), "0.13 USD/kWh");
  EXPECT_EQ(to_text(GramsPerJoule(430.6 / 3.6e6)), "430.6 gCO2/kWh");
  EXPECT_EQ(to_text(JoulesPerByte(31.2e-12)), "31.2 pJ/B");
}

/// Every dimension that a record may hold, by one value of it.
const Dimension kPrinted[] = {
    dimension_of(Seconds()),          dimension_of(Bytes()),           dimension_of(Flops()),
    dimension_of(Joules()),           dimension_of(Dollars()),         dimension_of(Tokens()),
    dimension_of(GramsCO2()),         dimension_of(Hertz()),           dimension_of(BytesPerSecond()),
    dimension_of(FlopsPerSecond()),   dimension_of(TokensPerSecond()), dimension_of(Watts()),
    dimension_of(JoulesPerByte()),    dimension_of(JoulesPerFlop()),   dimension_of(JoulesPerToken()),
    dimension_of(DollarsPerSecond()), dimension_of(DollarsPerJoule()), dimension_of(DollarsPerToken()),
    dimension_of(GramsPerJoule())};

TEST(Unit, WhatIsPrintedReadsBackInEveryUnit) {
  for (const Dimension& dimension : kPrinted) {
    for (int exponent = -15; exponent <= 18; ++exponent) {
      for (double digits : {1.0, 1.234567, 9.99999999}) {
        for (double sign : {1.0, -1.0}) {
          const double value = sign * digits * std::pow(10.0, exponent);
          const std::string text = format_quantity(value, dimension, 15);
          EXPECT_NEAR(read(text, dimension) / value, 1, 1e-14) << text;
        }
      }
    }
    EXPECT_EQ(read(format_quantity(0, dimension), dimension), 0);
  }
}

TEST(Unit, TheExampleOfADimensionIsAUnitOfIt) {
  for (const Dimension& dimension : kPrinted) {
    const std::string example = example_unit(dimension);
    EXPECT_TRUE(parse_quantity("1 " + example, dimension)) << example;
  }
}

}  // namespace
}  // namespace orrery
