#include "orrery/report/serving_report.h"

#include <fmt/format.h>

namespace orrery {
namespace {

constexpr std::string_view kTreatment =
    "Time per output token (TPOT) and time to first token (TTFT) of whole deployments against measured runs. Scored "
    "are\n"
    "rows whose configuration is complete, without sign of speculative decoding, and no outlier. A hash of the\n"
    "deployment (chip, framework, model, formats, layout) chooses one half of the deployments: on their runs the few\n"
    "constants of each framework were fitted. All figures by group are of the other half; the form of the estimate "
    "was\n"
    "chosen with both halves in view. Calibrated: with all that is known of the chip's kernels, or of its class where "
    "it\n"
    "was never measured. Datasheet only: as if no kernel of the row's chip had ever been measured; the framework's\n"
    "constants have seen runs of other deployments on it. TTFT is scored up to 5 s measured. Errors are\n"
    "|estimated / measured - 1| in percent, median/mean/p90; the share inside is that of runs within the 80 % band.\n";

std::string figures(const ErrorSummary& errors) {
  if (errors.points == 0) return "-";
  return fmt::format("{:.1f}/{:.1f}/{:.1f}", 100 * errors.median, 100 * errors.mean, 100 * errors.p90);
}

std::string head_line(const ServingAccuracy& accuracy) {
  return fmt::format("{} rows of {}; {} to score, {} of them answered", accuracy.rows, accuracy.file,
                     accuracy.scoreable, accuracy.answered);
}

std::vector<std::string> cells_of(const ServingGroup& group) {
  const auto percent = [](double share) { return fmt::format("{:.0f}", 100 * share); };
  return {group.by,
          group.name,
          fmt::format("{}", group.calibrated.tpot.points),
          figures(group.calibrated.tpot),
          figures(group.calibrated.ttft),
          percent(group.calibrated.tpot_inside) + " " + percent(group.calibrated.ttft_inside),
          figures(group.datasheet.tpot),
          figures(group.datasheet.ttft),
          percent(group.datasheet.tpot_inside) + " " + percent(group.datasheet.ttft_inside)};
}

const std::vector<std::string> kHead = {
    "by", "group", "runs", "TPOT", "TTFT", "inside %", "TPOT, datasheet only", "TTFT, datasheet only", "inside %"};

void write_errors(JsonWriter& json, std::string_view key, const ServingErrors& errors) {
  json.key(key);
  json.begin_object();
  for (const auto& [name, summary, inside] :
       {std::tuple("tpot", errors.tpot, errors.tpot_inside), std::tuple("ttft", errors.ttft, errors.ttft_inside)}) {
    json.key(name);
    json.begin_object();
    json.field("points", summary.points);
    json.field("median", summary.median);
    json.field("mean", summary.mean);
    json.field("p90", summary.p90);
    json.field("inside_band", inside);
    json.end_object();
  }
  json.end_object();
}

void write_group(JsonWriter& json, const ServingGroup& group) {
  json.begin_object();
  json.field("by", group.by);
  json.field("name", group.name);
  write_errors(json, "calibrated", group.calibrated);
  write_errors(json, "datasheet_only", group.datasheet);
  json.end_object();
}

}  // namespace

std::string serving_accuracy_text(const ServingAccuracy& accuracy, const TextStyle& style) {
  std::string text = fmt::format("{}\n{}.\n", colored("serving", TextColor::bold, style), head_line(accuracy));
  TextTable table(kHead, 2);
  table.add(cells_of(accuracy.fitted));
  table.add(cells_of(accuracy.unseen));
  for (const ServingGroup& group : accuracy.groups) table.add(cells_of(group));
  return text + table.render(style) + "\n" + std::string(kTreatment);
}

std::string serving_accuracy_markdown(const ServingAccuracy& accuracy) {
  std::string text = fmt::format("\n## serving\n\n{}.\n\n{}\n", head_line(accuracy), kTreatment);
  text += fmt::format("| {} |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n", fmt::join(kHead, " | "));
  text += fmt::format("| {} |\n", fmt::join(cells_of(accuracy.fitted), " | "));
  text += fmt::format("| {} |\n", fmt::join(cells_of(accuracy.unseen), " | "));
  for (const ServingGroup& group : accuracy.groups) text += fmt::format("| {} |\n", fmt::join(cells_of(group), " | "));
  return text;
}

void write_serving_accuracy(JsonWriter& json, const ServingAccuracy& accuracy) {
  json.begin_object();
  json.field("file", accuracy.file);
  json.field("rows", accuracy.rows);
  json.field("scoreable", accuracy.scoreable);
  json.field("answered", accuracy.answered);
  json.key("groups");
  json.begin_array();
  write_group(json, accuracy.fitted);
  write_group(json, accuracy.unseen);
  for (const ServingGroup& group : accuracy.groups) write_group(json, group);
  json.end_array();
  json.end_object();
}

}  // namespace orrery
