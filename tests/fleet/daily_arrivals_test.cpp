#include "orrery/fleet/daily_arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "curve_text.h"

namespace orrery {
namespace {

std::vector<double> draw(const DailyCurve& curve, double rate, Seconds starts_at, Seconds duration,
                         std::uint64_t seed = 1) {
  DailyArrivals arrivals(curve, Hertz(rate), starts_at, duration, RandomStream(seed, "fleet", "test"));
  std::vector<double> times;
  while (const auto time = arrivals.next()) times.push_back(time->si());
  return times;
}

/// Sum over the stretches of (count - expected)^2 / expected, of arrivals by their local time of day.
double chi_square(const std::vector<double>& times, const DailyCurve& curve, double rate, Seconds starts_at,
                  Seconds duration, std::size_t bins) {
  std::vector<double> counts(bins);
  for (double time : times) {
    ++counts[static_cast<std::size_t>(time_of_day(starts_at + Seconds(time)) / kDay * static_cast<double>(bins))];
  }
  double sum = 0;
  const double days = duration / kDay;
  for (std::size_t i = 0; i < bins; ++i) {
    const Seconds from = static_cast<double>(i) / static_cast<double>(bins) * kDay;
    const Seconds to = static_cast<double>(i + 1) / static_cast<double>(bins) * kDay;
    const double expected = days * (Hertz(rate) * curve.integral(from, to));
    if (expected == 0) {
      EXPECT_EQ(counts[i], 0) << i;
      continue;
    }
    sum += std::pow(counts[i] - expected, 2) / expected;
  }
  return sum;
}

TEST(DailyArrivals, TheCountsOfEachStretchOfTheDayAreThoseOfTheCurve) {
  const DailyCurve curve(catalog_curve("two-peaks"));
  const std::vector<double> times = draw(curve, 10, hours(13.7), 10 * kDay);
  // Bins of 3.75 minutes, which share no grid with the sampler. Chi-square of 384 degrees has the standard deviation
  // 27.7: four of them either way.
  const double sum = chi_square(times, curve, 10, hours(13.7), 10 * kDay, 384);
  EXPECT_GT(sum, 384 - 4 * 27.7);
  EXPECT_LT(sum, 384 + 4 * 27.7);
}

TEST(DailyArrivals, NarrowPeaksAreFollowedWithinAMinute) {
  const DailyCurve curve(curve_from("floor: 0.1\npeaks: [{hour: 12.01 h, height: 50, width: 0.01 h}]\n"));
  const std::vector<double> times = draw(curve, 20, hours(0), 4 * kDay);
  const double sum = chi_square(times, curve, 20, hours(0), 4 * kDay, 8640);  // bins of 10 s
  EXPECT_GT(sum, 8640 - 4 * 131.5);
  EXPECT_LT(sum, 8640 + 4 * 131.5);
}

TEST(DailyArrivals, GapsOfAFlatCurveAreExponential) {
  const std::vector<double> times = draw(DailyCurve(catalog_curve("flat")), 2, hours(0), 2 * kDay);
  const auto count = static_cast<double>(times.size());
  EXPECT_NEAR(count / (2 * 2 * kDay.si()), 1, 0.01);
  double squares = 0;
  double longer = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    squares += std::pow(times[i] - times[i - 1] - 0.5, 2);
    longer += times[i] - times[i - 1] > 0.5 ? 1 : 0;
  }
  EXPECT_NEAR(std::sqrt(squares / count) / 0.5, 1, 0.01);
  EXPECT_NEAR(longer / count, std::exp(-1), 0.005);
}

TEST(DailyArrivals, ComeInTimeOrderAndEndWithTheDuration) {
  for (const char* id : {"two-peaks", "working-hours", "flat"}) {
    const std::vector<double> times = draw(DailyCurve(catalog_curve(id)), 3, hours(16.9), hours(31));
    EXPECT_TRUE(std::is_sorted(times.begin(), times.end())) << id;
    EXPECT_GE(times.front(), 0) << id;
    EXPECT_LE(times.back(), hours(31).si()) << id;
  }
}

TEST(DailyArrivals, EmptyHoursHaveNoArrivals) {
  const DailyCurve curve(catalog_curve("working-hours"));
  const std::vector<double> times = draw(curve, 5, hours(12), 3 * kDay);
  EXPECT_GT(times.size(), 1'000'000);
  for (double time : times) {
    const Seconds local = time_of_day(hours(12) + Seconds(time));
    ASSERT_GE(local, hours(9));
    ASSERT_LT(local, hours(18) + Seconds(1e-6));
  }
  EXPECT_TRUE(draw(curve, 5, hours(18), hours(15)).empty());
}

TEST(DailyArrivals, AStartWithinAMinuteIsKeptToTheSecond) {
  const DailyCurve curve(catalog_curve("working-hours"));
  const std::vector<double> times = draw(curve, 50, hours(18) - Seconds(20), hours(10));  // 133 a second until six
  EXPECT_NEAR(static_cast<double>(times.size()), 20 * 50 * 24.0 / 9, 4 * std::sqrt(2667));
  EXPECT_LT(times.back(), 20 + 1e-6);
  EXPECT_GT(times.back(), 19);
}

TEST(DailyArrivals, AStartADayLaterOrAnHourBeforeMidnightIsTheSameHour) {
  const DailyCurve curve(catalog_curve("two-peaks"));
  EXPECT_EQ(draw(curve, 1, hours(-1), hours(8)), draw(curve, 1, hours(23), hours(8)));
  EXPECT_EQ(draw(curve, 1, hours(45), hours(8)), draw(curve, 1, hours(21), hours(8)));
  EXPECT_NE(draw(curve, 1, hours(20), hours(8)), draw(curve, 1, hours(21), hours(8)));
}

TEST(DailyArrivals, EqualSeedsDrawEqualArrivalsAndALongerDrawBeginsWithTheShorter) {
  const DailyCurve curve(catalog_curve("two-peaks"));
  const std::vector<double> times = draw(curve, 1, hours(5), kDay);
  EXPECT_EQ(times, draw(curve, 1, hours(5), kDay));
  EXPECT_NE(times, draw(curve, 1, hours(5), kDay, 2));
  const std::vector<double> longer = draw(curve, 1, hours(5), 3 * kDay);
  ASSERT_GT(longer.size(), times.size());
  EXPECT_TRUE(std::equal(times.begin(), times.end(), longer.begin()));
  EXPECT_GT(longer[times.size()], kDay.si());
}

TEST(DailyArrivals, NothingIsLeftBehindTheEnd) {
  const DailyCurve curve(catalog_curve("flat"));
  DailyArrivals arrivals(curve, Hertz(1e-9), hours(0), Seconds(10), RandomStream(1, "fleet", "test"));
  EXPECT_FALSE(arrivals.next());
  EXPECT_FALSE(arrivals.next());
  DailyArrivals none(curve, Hertz(1), hours(0), Seconds(0), RandomStream(1, "fleet", "test"));
  EXPECT_FALSE(none.next());
}

}  // namespace
}  // namespace orrery
