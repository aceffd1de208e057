#pragma once

#include <vector>

#include "orrery/schema/entry.h"

namespace orrery {

struct DailyCurveKind {
  static constexpr std::string_view kName = "daily-curve";
};

/// Hours around one hour of the day at which more is asked for: a bell, height * exp(-((h - hour) / width)^2).
struct DailyPeak {
  Sourced<Seconds> hour;
  Sourced<double> height;
  Sourced<Seconds> width;
};
constexpr RecordName record_name(const DailyPeak*) {
  return {"DailyPeak",
          "A bell around an hour of the day: height * exp(-((h - hour) / width)^2), over midnight as well"};
}
template <class Visitor>
void visit(Visitor& v, DailyPeak& r) {
  v.required("hour", r.hour, "Where it is highest, local time of the users, 0 h to 24 h");
  v.required("height", r.height, "What it adds there, in the same measure as `floor`; at least 0");
  v.required("width", r.width, "How far from the hour it has fallen to 1/e = 37 %; above 0 h, at most 24 h");
}

/// Hours in which so much more is asked for, all alike: opening or working hours.
struct DailyStretch {
  Sourced<Seconds> from;
  Sourced<Seconds> to;
  Sourced<double> height;
  Place place;
};
constexpr RecordName record_name(const DailyStretch*) {
  return {"DailyStretch", "Hours that are all alike, as opening hours are"};
}
template <class Visitor>
void visit(Visitor& v, DailyStretch& r) {
  v.required("from", r.from, "First moment, local time of the users, 0 h to 24 h");
  v.required("to", r.to, "First moment behind it, 0 h to 24 h; before `from`: on the next day");
  v.required("height", r.height, "What it adds all the while, in the same measure as `floor`; at least 0");
  v.place(r.place);
}

/// How demand follows the hours of the day: a floor, and what peaks and stretches add. Only the shape counts: it is
/// divided by its mean, so that heights have no unit. All days are alike.
struct DailyCurveRecord {
  EntryHeader header;
  Sourced<double> floor;
  std::vector<DailyPeak> peaks;
  std::vector<DailyStretch> stretches;
};
constexpr RecordName record_name(const DailyCurveRecord*) {
  return {"DailyCurve",
          "How demand follows the hours of the day: the sum of a floor, peaks and stretches, divided by its mean"};
}
template <class Visitor>
void visit(Visitor& v, DailyCurveRecord& r) {
  visit_header(v, r.header);
  v.required("floor", r.floor, "What is asked for at every hour; at least 0");
  v.optional_list("peaks", r.peaks, "Bells around hours of the day; none when absent");
  v.optional_list("stretches", r.stretches, "Hours that are all alike; where two overlap, both are added");
}

/// Reports hours outside a day, negative or excessive heights, widths that are none, stretches without a length and
/// curves that are zero everywhere.
void check_physics(const DailyCurveRecord& curve, Diagnostics& diagnostics);

}  // namespace orrery
