#include "orrery/estimate/serving_accuracy.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace orrery {
namespace {

constexpr double kLongestTtft = 5000;  // ms

std::string concurrency_band(double concurrency) {
  for (const auto& [most, name] : {std::pair(8.0, "1-8"), {32.0, "9-32"}, {128.0, "33-128"}, {512.0, "129-512"}}) {
    if (concurrency <= most) return name;
  }
  return "513-";
}

using Runs = std::vector<const ScoredRun*>;

ServingErrors errors_of(const Runs& runs, ServingEstimate ScoredRun::* which) {
  std::vector<double> tpot;
  std::vector<double> ttft;
  double tpot_inside = 0;
  double ttft_inside = 0;
  for (const ScoredRun* run : runs) {
    const ServingEstimate& estimate = run->*which;
    const double measured = *run->row.tpot_ms;
    tpot.push_back(std::log(estimate.tpot_ms / measured));
    tpot_inside += estimate.tpot_low_ms <= measured && measured <= estimate.tpot_high_ms;
    const double first = *run->row.ttft_ms;
    if (first > kLongestTtft) continue;
    ttft.push_back(std::log(estimate.ttft_ms / first));
    ttft_inside += estimate.ttft_low_ms <= first && first <= estimate.ttft_high_ms;
  }
  ServingErrors errors;
  if (!tpot.empty()) errors.tpot_inside = tpot_inside / static_cast<double>(tpot.size());
  if (!ttft.empty()) errors.ttft_inside = ttft_inside / static_cast<double>(ttft.size());
  if (!tpot.empty()) errors.tpot = summarise(std::move(tpot));
  if (!ttft.empty()) errors.ttft = summarise(std::move(ttft));
  return errors;
}

ServingGroup group_of(std::string by, std::string name, const Runs& runs) {
  return {std::move(by), std::move(name), errors_of(runs, &ScoredRun::calibrated),
          errors_of(runs, &ScoredRun::datasheet)};
}

}  // namespace

Result<ServingAccuracy> evaluate_serving(const MeasurementTable& table, const Catalog& catalog, const ChipTable& chips,
                                         std::vector<RowProblem>& problems, Diagnostics& diagnostics) {
  ServingEstimator calibrated = ServingEstimator::read(catalog, chips, "", diagnostics);
  EstimatorsWithout without(catalog, chips, diagnostics);
  const auto reader = DeploymentReader::make(table, chips, calibrated);
  if (!reader) return failure(reader.error());

  ServingAccuracy accuracy;
  accuracy.file = std::filesystem::path(table.path()).filename().string();
  accuracy.rows = table.row_count();
  std::vector<ScoredRun> runs;
  for (std::size_t index = 0; index < table.row_count(); ++index) {
    auto row = reader->read(index);
    if (!row) {
      if (reader->cell(index, "config_complete") != "0")
        problems.push_back({table.path(), table.line(index), row.error()});
      continue;
    }
    if (!row->scoreable) continue;
    ++accuracy.scoreable;
    const auto estimate = calibrated.estimate(row->deployment);
    const auto datasheet = without.chip(row->deployment.chip).estimate(row->deployment);
    if (!estimate || !datasheet) {
      problems.push_back({table.path(), table.line(index), estimate ? datasheet.error() : estimate.error()});
      continue;
    }
    const Deployment& d = row->deployment;
    std::vector<std::pair<std::string, std::string>> labels = {
        {"gpu", d.chip},
        {"framework", d.framework},
        {"model", d.model},
        {"precision", std::string(reader->cell(index, "precision"))},
        {"mode", d.disaggregated ? "disagg" : "agg"},
        {"concurrency", concurrency_band(d.concurrency)}};
    runs.push_back({std::move(*row), std::move(labels), *estimate, *datasheet});
  }
  accuracy.answered = runs.size();

  Runs fitted;
  Runs unseen;
  std::vector<std::pair<std::pair<std::string, std::string>, Runs>> groups;
  for (const ScoredRun& run : runs) {
    (run.row.is_for_fitting() ? fitted : unseen).push_back(&run);
    if (run.row.is_for_fitting()) continue;
    for (const auto& label : run.labels) {
      auto found = std::find_if(groups.begin(), groups.end(), [&](const auto& group) { return group.first == label; });
      if (found == groups.end()) found = groups.insert(groups.end(), {label, {}});
      found->second.push_back(&run);
    }
  }
  std::stable_sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  accuracy.fitted = group_of("half", "fitted on", fitted);
  accuracy.unseen = group_of("half", "unseen", unseen);
  for (const auto& [label, members] : groups) accuracy.groups.push_back(group_of(label.first, label.second, members));
  return accuracy;
}

}  // namespace orrery
