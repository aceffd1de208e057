#include "orrery/report/accuracy_report.h"

#include <fmt/format.h>

#include "orrery/base/json_writer.h"
#include "orrery/report/serving_report.h"

namespace orrery {
namespace {

constexpr std::string_view kTreatment =
    "Own fit: constants of the chip, fitted to four fifths of its points, judged on the other fifth, which a hash of\n"
    "the row chooses and no fit sees. Left out: constants fitted to the other chips alone, judged on all points of "
    "the\n"
    "chip; neither the constants nor the band have seen any of them. +24: the same, refitted to 24 of its points and\n"
    "judged on the others. Roofline: the larger of FLOPs / peak and bytes / bandwidth, by the datasheet.\n"
    "Cold rows: operands that cannot have stayed in the cache. Rows that can have (the column cache_resident marks\n"
    "the fastest of them) count in `all` only, and weigh half in fits. Rows marked suspect are left out; repeats of a\n"
    "row are merged into their median. Errors are |predicted / measured - 1| in percent; the share inside is that of\n"
    "points within the 80 % band.\n";

std::string percent(double value) { return fmt::format("{:.1f}", 100 * value); }

/// "4.7/6.1", or "-" without points.
std::string median_mean(const ErrorSummary& errors) {
  return errors.points == 0 ? "-" : fmt::format("{:.1f}/{:.1f}", 100 * errors.median, 100 * errors.mean);
}

std::string with_p90(const ErrorSummary& errors) {
  return errors.points == 0
             ? "-"
             : fmt::format("{:.1f}/{:.1f}/{:.1f}", 100 * errors.median, 100 * errors.mean, 100 * errors.p90);
}

std::string points_line(const OperatorAccuracy& one) {
  return fmt::format("{} rows of {}; left out: {} suspect, {} that cannot be used; {} repeats merged", one.rows,
                     one.file, one.suspect, one.unusable, one.duplicates);
}

std::string coverage_line(const OperatorAccuracy& one) {
  return fmt::format("Inside the 80 % band: own fit {} %, left out {} %, +24 {} %", percent(one.own_coverage),
                     percent(one.left_out_coverage), percent(one.few_coverage));
}

/// Constants of other chips with the same kernels, or what the form falls back to.
std::string left_out_text(const ChipAccuracy& chip, const ErrorSummary& errors) {
  return chip.has_peers ? with_p90(errors) : with_p90(errors) + " *";
}

void write_errors(JsonWriter& json, std::string_view name, const SplitErrors& errors) {
  json.key(name);
  json.begin_object();
  for (const auto& [rows, summary] : {std::pair("cold", errors.cold), {"all", errors.all}}) {
    json.key(rows);
    json.begin_object();
    json.field("points", summary.points);
    if (summary.points > 0) {
      json.field("median", summary.median);
      json.field("mean", summary.mean);
      json.field("p90", summary.p90);
    }
    json.end_object();
  }
  json.end_object();
}

void write_chip(JsonWriter& json, const ChipAccuracy& chip) {
  json.begin_object();
  json.field("family", chip.family);
  json.field("chip", chip.chip);
  json.field("software", chip.software);
  json.field("points", chip.left_out.all.points);
  write_errors(json, "own_seen", chip.own_seen);
  write_errors(json, "own_unseen", chip.own_unseen);
  json.field("left_out_has_peers", chip.has_peers);
  write_errors(json, "left_out", chip.left_out);
  if (chip.has_other_generations) write_errors(json, "generation_out", chip.generation_out);
  json.field("few_points", chip.few_points);
  write_errors(json, "few", chip.few);
  write_errors(json, "roofline", chip.roofline);
  json.field("own_coverage", chip.own_coverage);
  json.field("left_out_coverage", chip.left_out_coverage);
  json.field("few_coverage", chip.few_coverage);
  json.end_object();
}

constexpr std::string_view kPowerTreatment =
    "Board power of repeated calls, from the work of a call and its measured time: static power and the energy per\n"
    "byte and per FLOP of the chip's family, at most the power limit. The energies of B200 were taken from a few "
    "calls\n"
    "at the limit and a few that only read memory of this same file, so that these rows are not unseen.\n";

std::string power_line(const PowerAccuracy& one) {
  return fmt::format("{}: {} rows of {}; calls of {:g} us and longer", one.chip, one.rows, one.file, one.least_us);
}

std::string_view bound_text(const PowerSummary& summary) { return summary.matrix_bound ? "arithmetic" : "memory"; }

void write_power(JsonWriter& json, const PowerAccuracy& one) {
  json.begin_object();
  json.field("chip", one.chip);
  json.field("file", one.file);
  json.field("rows", one.rows);
  json.field("least_us", one.least_us);
  json.key("operators");
  json.begin_array();
  for (const PowerSummary& summary : one.summaries) {
    json.begin_object();
    json.field("kind", summary.op);
    json.field("dtype", summary.dtype);
    json.field("energy_mostly_of", bound_text(summary));
    json.field("points", summary.errors.points);
    json.field("median", summary.errors.median);
    json.field("mean", summary.errors.mean);
    json.field("p90", summary.errors.p90);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace

std::string accuracy_text(const AccuracyReport& report, const TextStyle& style) {
  std::string text;
  for (const OperatorAccuracy& one : report.operators) {
    text +=
        fmt::format("{}\n{}.\n{}.\n", colored(one.kind, TextColor::bold, style), points_line(one), coverage_line(one));
    TextTable table({"family", "chip", "points", "own cold", "own all", "seen all", "left out cold", "left out all",
                     "+24 cold", "+24 all", "roofline cold", "roofline all", "inside %"},
                    2);
    for (const ChipAccuracy& chip : one.chips) {
      table.add({chip.family, chip.chip, fmt::format("{}", chip.left_out.all.points), with_p90(chip.own_unseen.cold),
                 with_p90(chip.own_unseen.all), median_mean(chip.own_seen.all), left_out_text(chip, chip.left_out.cold),
                 left_out_text(chip, chip.left_out.all), median_mean(chip.few.cold), median_mean(chip.few.all),
                 median_mean(chip.roofline.cold), median_mean(chip.roofline.all),
                 fmt::format("{:.0f} {:.0f} {:.0f}", 100 * chip.own_coverage, 100 * chip.left_out_coverage,
                             100 * chip.few_coverage)});
    }
    text += table.render(style) + "\n";
  }
  for (const PowerAccuracy& one : report.power) {
    text += fmt::format("{}\n{}.\n{}", colored("power", TextColor::bold, style), power_line(one), kPowerTreatment);
    TextTable table({"operator", "dtype", "energy mostly of", "points", "median/mean/p90"}, 3);
    for (const PowerSummary& summary : one.summaries) {
      table.add({summary.op, summary.dtype, std::string(bound_text(summary)), fmt::format("{}", summary.errors.points),
                 with_p90(summary.errors)});
    }
    text += table.render(style) + "\n";
  }
  if (report.serving) text += serving_accuracy_text(*report.serving, style) + "\n";
  text += kTreatment;
  text +=
      "Columns: median/mean/p90, or median/mean. * no other chip ran these kernels: the family that they fall back "
      "to.\n";
  return text;
}

std::string accuracy_markdown(const AccuracyReport& report) {
  std::string text =
      "# Accuracy of operator predictions\n\n"
      "Generated by `orrery validate DATA --markdown` from public measurements; not written by hand.\n\n";
  text += fmt::format("{}\n", kTreatment);
  text +=
      "Where every generation has one chip, leaving out the generation is leaving out the chip. Columns give\n"
      "median/mean/p90, or median/mean. An asterisk: no other chip ran these kernels, so that the constants of the\n"
      "kernels that they fall back to were used, with a wider band. The last column: share inside the band for own "
      "fit, left out, +24.\n";
  for (const OperatorAccuracy& one : report.operators) {
    text += fmt::format("\n## {}\n\n{}.\n{}.\n\n", one.kind, points_line(one), coverage_line(one));
    text +=
        "| family | chip | points | own fit, cold | own fit, all | own fit, seen, all | left out, cold | left out, all "
        "| "
        "+24, cold | +24, all | roofline, cold | roofline, all | inside % |\n"
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
    for (const ChipAccuracy& chip : one.chips) {
      text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {:.0f} {:.0f} {:.0f} |\n",
                          chip.family, chip.chip, chip.left_out.all.points, with_p90(chip.own_unseen.cold),
                          with_p90(chip.own_unseen.all), median_mean(chip.own_seen.all),
                          left_out_text(chip, chip.left_out.cold), left_out_text(chip, chip.left_out.all),
                          median_mean(chip.few.cold), median_mean(chip.few.all), median_mean(chip.roofline.cold),
                          median_mean(chip.roofline.all), 100 * chip.own_coverage, 100 * chip.left_out_coverage,
                          100 * chip.few_coverage);
    }
  }
  for (const PowerAccuracy& one : report.power) {
    text += fmt::format("\n## power\n\n{}.\n\n{}\n", power_line(one), kPowerTreatment);
    text += "| operator | dtype | energy mostly of | points | median/mean/p90 |\n|---|---|---|---:|---:|\n";
    for (const PowerSummary& summary : one.summaries) {
      text += fmt::format("| {} | {} | {} | {} | {} |\n", summary.op, summary.dtype, bound_text(summary),
                          summary.errors.points, with_p90(summary.errors));
    }
  }
  if (report.serving) text += serving_accuracy_markdown(*report.serving);
  return text;
}

std::string accuracy_json(const AccuracyReport& report) {
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  json.key("operators");
  json.begin_array();
  for (const OperatorAccuracy& one : report.operators) {
    json.begin_object();
    json.field("kind", one.kind);
    json.field("file", one.file);
    json.field("rows", one.rows);
    json.field("suspect_left_out", one.suspect);
    json.field("unusable_left_out", one.unusable);
    json.field("duplicates_merged", one.duplicates);
    json.field("own_coverage", one.own_coverage);
    json.field("left_out_coverage", one.left_out_coverage);
    json.field("few_coverage", one.few_coverage);
    json.key("chips");
    json.begin_array();
    for (const ChipAccuracy& chip : one.chips) write_chip(json, chip);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.key("power");
  json.begin_array();
  for (const PowerAccuracy& one : report.power) write_power(json, one);
  json.end_array();
  if (report.serving) {
    json.key("serving");
    write_serving_accuracy(json, *report.serving);
  }
  json.key("problems");
  json.begin_array();
  for (const RowProblem& problem : report.problems) json.value(to_text(problem));
  json.end_array();
  json.end_object();
  return json.text();
}

}  // namespace orrery
