#include "orrery/fleet/daily_curve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "curve_text.h"

namespace orrery {
namespace {

DailyCurve catalog(const std::string& id) { return DailyCurve(catalog_curve(id)); }

/// Crosses midnight with every kind of term, and with bells as wide as a day.
DailyCurve mixed() {
  return DailyCurve(
      curve_from("floor: 0.2\n"
                 "peaks: [{hour: 23.5 h, height: 2, width: 3 h}, {hour: 4 h, height: 0.7, width: 24 h}]\n"
                 "stretches: [{from: 22 h, to: 6 h, height: 1.5}, {from: 5 h, to: 9.3 h, height: 0.25}]\n"));
}

/// Mean of at() between two times by small rectangles, which knows nothing of erf or images.
double rectangles(const DailyCurve& curve, Seconds from, Seconds to, int steps) {
  double sum = 0;
  for (int i = 0; i < steps; ++i) sum += curve.at(from + (i + 0.5) / steps * (to - from));
  return sum / steps;
}

TEST(DailyCurve, TwoPeaksHasTheGoldensOfItsFormula) {
  const DailyCurve curve = catalog("two-peaks");
  EXPECT_NEAR(curve.mean_before_division(), 0.9213, 5e-5);
  EXPECT_NEAR(curve.at(hours(21)), 1.954, 5e-4);
  EXPECT_NEAR(curve.at(hours(7)), 1.628, 5e-4);
  double least = 2;
  double most = 0;
  for (double hour = 0; hour < 24; hour += 0.01) {
    least = std::min(least, curve.at(hours(hour)));
    most = std::max(most, curve.at(hours(hour)));
  }
  EXPECT_NEAR(least, 0.651, 5e-4);
  EXPECT_NEAR(most, curve.at(hours(21)), 1e-6);
}

TEST(DailyCurve, AgreesWithTheFormulaWrittenOutOnceMore) {
  const DailyCurve curve = catalog("two-peaks");
  for (double h = 0; h < 24; h += 0.25) {
    const auto bell = [h](double hour, double width) {
      const double away = std::min(std::abs(h - hour), 24 - std::abs(h - hour));
      return std::exp(-std::pow(away / width, 2));
    };
    EXPECT_NEAR(curve.at(hours(h)), (0.6 + 0.9 * bell(7, 1.5) + 1.2 * bell(21, 2.5)) / 0.92126, 1e-5) << h;
  }
}

TEST(DailyCurve, WorkingHoursAreConstantWithinAndZeroOutside) {
  const DailyCurve curve = catalog("working-hours");
  for (double hour : {9.0, 12.34, 17.999}) EXPECT_DOUBLE_EQ(curve.at(hours(hour)), 24.0 / 9) << hour;
  for (double hour : {0.0, 8.999, 18.0, 23.9}) EXPECT_EQ(curve.at(hours(hour)), 0) << hour;
  EXPECT_EQ(curve.integral(hours(18), hours(33)).si(), 0);
  EXPECT_DOUBLE_EQ(curve.integral(hours(0), hours(13.5)).si(), kDay.si() / 2);
}

TEST(DailyCurve, AFlatCurveIsOneAtEveryHour) {
  const DailyCurve curve = catalog("flat");
  for (double hour : {0.0, 3.3, 23.99}) EXPECT_EQ(curve.at(hours(hour)), 1);
  EXPECT_DOUBLE_EQ(curve.integral(hours(5), hours(8)).si(), 3 * 3600);
}

TEST(DailyCurve, TheMeanOfAnyWholeDayIsOne) {
  for (const DailyCurve& curve : {catalog("two-peaks"), catalog("working-hours"), mixed()}) {
    for (double start : {-100.25, 0.0, 7.0, 23.9}) {
      EXPECT_NEAR(curve.integral(hours(start), hours(start + 24)) / kDay, 1, 1e-12) << start;
      EXPECT_NEAR(curve.integral(hours(start), hours(start + 240)) / kDay, 10, 1e-11) << start;
    }
    EXPECT_NEAR(rectangles(curve, hours(0), hours(24), 86'400), 1, 1e-6);
  }
}

TEST(DailyCurve, TheIntegralIsThatOfTheCurve) {
  const DailyCurve curves[] = {catalog("two-peaks"), mixed()};
  for (const DailyCurve& curve : curves) {
    for (auto [from, to] : {std::pair(6.0, 8.0), {22.5, 26.0}, {-3.0, 2.0}, {5.0, 53.0}}) {
      const double sum = rectangles(curve, hours(from), hours(to), 360'000) * hours(to - from).si();
      EXPECT_NEAR(curve.integral(hours(from), hours(to)).si() / sum, 1, 1e-5) << from;
      EXPECT_DOUBLE_EQ(curve.integral(hours(to), hours(from)).si(), -curve.integral(hours(from), hours(to)).si());
    }
  }
}

TEST(DailyCurve, ATimeBeforeMidnightIsOneOfTheDayBefore) {
  EXPECT_EQ(time_of_day(hours(-1)), hours(23));
  EXPECT_EQ(time_of_day(hours(49)), hours(1));
  EXPECT_EQ(time_of_day(Seconds(-1e-20)), Seconds(0));
  const DailyCurve curve = mixed();
  for (double hour : {0.5, 12.0, 22.75}) EXPECT_DOUBLE_EQ(curve.at(hours(hour - 48)), curve.at(hours(hour))) << hour;
  // No step at midnight, though both peaks reach across it.
  EXPECT_NEAR(curve.at(Seconds(-1e-6)), curve.at(Seconds(0)), 1e-9);
}

TEST(DailyCurve, AStretchOverMidnightEndsOnTheNextDay) {
  const DailyCurve curve(curve_from("floor: 0\nstretches: [{from: 22 h, to: 6 h, height: 5}]\n"));
  EXPECT_DOUBLE_EQ(curve.at(hours(23)), 3);
  EXPECT_DOUBLE_EQ(curve.at(hours(5)), 3);
  EXPECT_EQ(curve.at(hours(6)), 0);
  EXPECT_EQ(curve.at(hours(21.9)), 0);
  const DailyCurve all_day(curve_from("floor: 0\nstretches: [{from: 0 h, to: 24 h, height: 5}]\n"));
  EXPECT_DOUBLE_EQ(all_day.at(hours(0)), 1);
  EXPECT_DOUBLE_EQ(all_day.at(hours(23.999)), 1);
}

TEST(DailyCurve, BoundsHoldAtEveryMoment) {
  for (const DailyCurve& curve : {catalog("two-peaks"), catalog("working-hours"), mixed()}) {
    for (double length : {1.0 / 60, 0.7, 5.0, 24.0}) {
      for (double from = 0; from + length <= 24; from += length) {
        const DailyCurve::Bounds bounds = curve.bounds(hours(from), std::min(hours(from + length), kDay));
        for (int i = 0; i < 20; ++i) {
          const double value = curve.at(hours(from + length * i / 20));
          ASSERT_GE(value, bounds.least * (1 - 1e-12)) << from;
          ASSERT_LE(value, bounds.most * (1 + 1e-12)) << from;
        }
      }
    }
  }
}

TEST(DailyCurve, BoundsOfAMinuteAreNarrow) {
  const DailyCurve curve = catalog("two-peaks");
  for (double from = 0; from < 23.99; from += 1.0 / 60) {
    const DailyCurve::Bounds bounds = curve.bounds(hours(from), std::min(hours(from + 1.0 / 60), kDay));
    EXPECT_LT(bounds.most / bounds.least, 1.011) << from;
  }
}

std::string messages_of(const std::string& keys) {
  Diagnostics diagnostics;
  check_physics(curve_from(keys), diagnostics);
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) text += to_text(diagnostic);
  return text;
}

TEST(DailyCurveCheck, TheCurvesOfTheCatalogAreGood) {
  for (const char* id : {"two-peaks", "working-hours", "flat"}) {
    Diagnostics diagnostics;
    check_physics(catalog_curve(id), diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << id;
  }
}

TEST(DailyCurveCheck, HoursOutsideADayAreReported) {
  EXPECT_EQ(messages_of("floor: 1\npeaks: [{hour: 25 h, height: 1, width: 1 h}]\n"),
            "text:6:16: error[out-of-range]: 'hour' is 25 h, and a day has the hours 0 h to 24 h\n"
            "    6 | peaks: [{hour: 25 h, height: 1, width: 1 h}]\n"
            "      |                ^~~~\n"
            "      help: write the users' local time of day, as in 21 h\n");
  EXPECT_NE(messages_of("floor: 1\nstretches: [{from: -1 h, to: 3 h, height: 1}]\n").find("'from' is -1 h"),
            std::string::npos);
  EXPECT_NE(messages_of("floor: 1\nstretches: [{from: 1 h, to: 24.5 h, height: 1}]\n").find("'to' is 24.5 h"),
            std::string::npos);
}

TEST(DailyCurveCheck, NegativeAndExcessiveHeightsAreReported) {
  EXPECT_EQ(messages_of("floor: -0.5\npeaks: [{hour: 7 h, height: 1, width: 1 h}]\n"),
            "text:5:8: error[out-of-range]: 'floor' is -0.5, and demand is never negative\n"
            "    5 | floor: -0.5\n"
            "      |        ^~~~\n"
            "      help: describe what the busy hours add to the floor, not what the quiet ones lack\n");
  EXPECT_NE(messages_of("floor: 1\nstretches: [{from: 2 h, to: 4 h, height: -1}]\n").find("'height' is -1"),
            std::string::npos);
  EXPECT_NE(messages_of("floor: 1e300\n").find("at most 1e+06 is read"), std::string::npos);
}

TEST(DailyCurveCheck, APeakWithoutAWidthIsReported) {
  for (const char* width : {"0 h", "-1 h", "25 h"}) {
    EXPECT_NE(messages_of(std::string("floor: 1\npeaks: [{hour: 7 h, height: 1, width: ") + width + "}]\n")
                  .find("a peak is wider than 0 h and at most 24 h"),
              std::string::npos)
        << width;
  }
}

TEST(DailyCurveCheck, AStretchWithoutALengthIsReported) {
  EXPECT_NE(messages_of("floor: 1\nstretches: [{from: 9 h, to: 9 h, height: 1}]\n")
                .find("the stretch ends where it begins, at 9 h"),
            std::string::npos);
}

TEST(DailyCurveCheck, ACurveThatIsZeroEverywhereIsReported) {
  EXPECT_EQ(messages_of("floor: 0\npeaks: [{hour: 7 h, height: 0, width: 1 h}]\n"),
            "text:5:8: error[impossible-physics]: the curve is zero at every hour\n"
            "    5 | floor: 0\n"
            "      |        ^\n"
            "      help: give a floor above 0, or a peak or a stretch with a height\n");
}

}  // namespace
}  // namespace orrery
