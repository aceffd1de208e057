#include "orrery/fleet/daily_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "orrery/base/result.h"

namespace orrery {
namespace {

constexpr double kFarAway = 6.2;     // widths: exp(-6.2^2) = 2e-17
constexpr double kMostHeight = 1e6;  // keeps sums far from what a double cannot hold
const double kSqrtPi = std::sqrt(std::numbers::pi);

double bell(double time, double centre, double width) {
  const double x = (time - centre) / width;
  return std::exp(-x * x);
}

std::string hours_text(Seconds time) { return fmt::format("{:g} h", time.si() / 3600); }

/// Of a stretch; one that ends before it begins ends on the next day.
Seconds length_of(const DailyStretch& stretch) {
  const Seconds length = *stretch.to - *stretch.from;
  return length < Seconds(0) ? length + kDay : length;
}

void check_hour(std::string_view key, const Sourced<Seconds>& hour, Diagnostics& diagnostics) {
  if (*hour >= Seconds(0) && *hour <= kDay) return;
  diagnostics.error("out-of-range", hour.place,
                    fmt::format("'{}' is {}, and a day has the hours 0 h to 24 h", key, hours_text(*hour)),
                    "write the users' local time of day, as in 21 h");
}

void check_height(std::string_view key, const Sourced<double>& height, Diagnostics& diagnostics) {
  if (*height < 0) {
    diagnostics.error("out-of-range", height.place,
                      fmt::format("'{}' is {:g}, and demand is never negative", key, *height),
                      "describe what the busy hours add to the floor, not what the quiet ones lack");
  } else if (*height > kMostHeight) {
    diagnostics.error("out-of-range", height.place,
                      fmt::format("'{}' is {:g}; at most {:g} is read", key, *height, kMostHeight),
                      "only the shape counts: divide all heights by the same number");
  }
}

}  // namespace

Seconds time_of_day(Seconds time) {
  const double rest = std::fmod(time.si(), kDay.si());
  if (rest >= 0) return Seconds(rest);
  const double wrapped = rest + kDay.si();
  return Seconds(wrapped < kDay.si() ? wrapped : 0);  // a rest of -1e-20 s rounds to the whole day
}

DailyCurve::DailyCurve(const DailyCurveRecord& record) : floor_(*record.floor) {
  double sum = floor_ * kDay.si();
  for (const DailyPeak& peak : record.peaks) {
    const double width = peak.width->si();
    const double height = *peak.height;
    sum += kSqrtPi * height * width;
    const int days = static_cast<int>(std::ceil(kFarAway * width / kDay.si())) + 1;
    for (int day = -days; day <= days; ++day) {
      const double centre = peak.hour->si() + day * kDay.si();
      if (centre < -kFarAway * width || centre > kDay.si() + kFarAway * width) continue;
      bells_.push_back({centre, width, height});
    }
  }
  for (const DailyStretch& stretch : record.stretches) {
    const double from = time_of_day(*stretch.from).si();
    const double to = from + length_of(stretch).si();
    sum += *stretch.height * (to - from);
    steps_.push_back({from, std::min(to, kDay.si()), *stretch.height});
    if (to > kDay.si()) steps_.push_back({0, to - kDay.si(), *stretch.height});
  }
  mean_ = sum / kDay.si();
  ORRERY_CHECK(mean_ > 0);
}

double DailyCurve::at(Seconds time) const {
  const double t = time_of_day(time).si();
  double sum = floor_;
  for (const Bell& b : bells_) sum += b.height * bell(t, b.centre, b.width);
  for (const Step& step : steps_) {
    if (t >= step.from && t < step.to) sum += step.height;
  }
  return sum / mean_;
}

double DailyCurve::up_to(double time) const {
  double sum = floor_ * time;
  for (const Bell& b : bells_) {
    sum += b.height * b.width * kSqrtPi / 2 * (std::erf((time - b.centre) / b.width) - std::erf(-b.centre / b.width));
  }
  for (const Step& step : steps_) sum += step.height * std::max(0.0, std::min(time, step.to) - step.from);
  return sum;
}

Seconds DailyCurve::integral(Seconds from, Seconds to) const {
  const double start = time_of_day(from).si();
  const double end = time_of_day(to).si();
  const double whole_days = std::round(((to.si() - end) - (from.si() - start)) / kDay.si());
  return whole_days * kDay + Seconds((up_to(end) - up_to(start)) / mean_);
}

DailyCurve::Bounds DailyCurve::bounds(Seconds from, Seconds to) const {
  ORRERY_CHECK(Seconds(0) <= from && from < to && to <= kDay);
  double least = floor_;
  double most = floor_;
  for (const Bell& b : bells_) {
    // A bell rises up to its centre and falls behind it.
    const double first = bell(from.si(), b.centre, b.width);
    const double last = bell(to.si(), b.centre, b.width);
    const bool has_centre = from.si() <= b.centre && b.centre <= to.si();
    least += b.height * std::min(first, last);
    most += b.height * (has_centre ? 1 : std::max(first, last));
  }
  for (const Step& step : steps_) {
    if (step.from <= from.si() && to.si() <= step.to) least += step.height;
    if (step.from < to.si() && from.si() < step.to) most += step.height;
  }
  return {least / mean_, most / mean_};
}

void check_physics(const DailyCurveRecord& curve, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  check_height("floor", curve.floor, diagnostics);
  bool adds = *curve.floor > 0;
  for (const DailyPeak& peak : curve.peaks) {
    check_hour("hour", peak.hour, diagnostics);
    check_height("height", peak.height, diagnostics);
    if (*peak.width <= Seconds(0) || *peak.width > kDay) {
      diagnostics.error(
          "out-of-range", peak.width.place,
          fmt::format("'width' is {}; a peak is wider than 0 h and at most 24 h", hours_text(*peak.width)),
          "write how far from its hour the peak has fallen to 37 %, as in 2.5 h");
    }
    adds = adds || *peak.height > 0;
  }
  for (const DailyStretch& stretch : curve.stretches) {
    check_hour("from", stretch.from, diagnostics);
    check_hour("to", stretch.to, diagnostics);
    check_height("height", stretch.height, diagnostics);
    if (length_of(stretch) == Seconds(0)) {
      diagnostics.error("impossible-physics", stretch.place,
                        fmt::format("the stretch ends where it begins, at {}", hours_text(*stretch.from)),
                        "what holds all day is the floor; a stretch over midnight ends at an earlier hour");
    }
    adds = adds || *stretch.height > 0;
  }
  if (!adds && diagnostics.error_count() == errors_before) {
    diagnostics.error("impossible-physics", curve.header.place_of("floor"), "the curve is zero at every hour",
                      "give a floor above 0, or a peak or a stretch with a height");
  }
}

}  // namespace orrery
