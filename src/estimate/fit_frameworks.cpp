#include "orrery/estimate/fit_frameworks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "orrery/base/percentiles.h"
#include "orrery/base/unit.h"
#include "orrery/calibration/minimiser.h"

namespace orrery {
namespace {

constexpr double kTtftWeight = 0.3;
constexpr double kLongestTtft = 5000;  // ms
constexpr double kPull = 0.002;        // toward the present constants, per squared logarithm
constexpr double kLargestError = 1;    // of a logarithm: what is worse, is something else than an overhead
constexpr int kMostCalls = 400;
constexpr double kMicrosecond = 1e-6;

struct FitRun {
  DeploymentRow row;
  PreparedDeployment prepared;
  PreparedDeployment datasheet;  ///< as if no kernel of the chip had been measured
};

double log_error(double estimated, double measured) { return std::log(estimated / measured); }

double loss_of(const std::vector<FitRun>& runs, const FrameworkTimes& times) {
  double sum = 0;
  for (const FitRun& run : runs) {
    const MeanTimes mean = mean_times(run.prepared, times);
    sum += std::min(kLargestError, std::abs(log_error(mean.tpot_ms, *run.row.tpot_ms)));
    if (*run.row.ttft_ms > kLongestTtft) continue;
    sum += kTtftWeight * std::min(kLargestError, std::abs(log_error(mean.ttft_ms, *run.row.ttft_ms)));
  }
  return sum / static_cast<double>(runs.size());
}

FrameworkTimes fit_times(const std::vector<FitRun>& runs, FrameworkTimes start) {
  std::vector<double> from;
  for (const double value : start.values) from.push_back(std::log(value));
  const auto times_at = [&](std::span<const double> logarithms) {
    FrameworkTimes times = start;
    for (std::size_t i = 0; i < FrameworkTimes::kCount; ++i)
      times.values[i] = std::max(std::exp(logarithms[i]), FrameworkTimes::kLeast[i]);
    return times;
  };
  const auto objective = [&](std::span<const double> logarithms) {
    double pull = 0;
    for (std::size_t i = 0; i < FrameworkTimes::kCount; ++i) pull += std::pow(logarithms[i] - from[i], 2);
    return loss_of(runs, times_at(logarithms)) + kPull * pull;
  };
  const std::vector<double> steps(FrameworkTimes::kCount, 0.7);
  return times_at(minimise(objective, from, steps, kMostCalls, 1e-3).at);
}

/// Four digits: more than a fit can tell apart.
double rounded(double value) { return *parse_number(fmt::format("{:.4g}", value)); }

/// The factors that nine of ten measured times lie above and below.
std::pair<double, double> band_of(std::vector<double> ratios) {
  Percentiles percentiles(ratios);
  const double low = percentiles.at(0.1);
  return {rounded(std::min(1.0, low)), rounded(std::max(1.0, percentiles.at(0.9)))};
}

/// What runs miss by when their deployment took no part in the fit: two halves of the deployments, each judged by the
/// constants of the other.
class HeldOut {
 public:
  HeldOut(const std::vector<FitRun>& runs, const FrameworkTimes& start) {
    for (const bool odd : {false, true}) {
      std::vector<FitRun> others;
      for (const FitRun& run : runs) {
        if (is_odd(run) != odd) others.push_back(run);
      }
      times_.push_back(others.empty() ? start : fit_times(others, start));
    }
  }
  EstimateBand band(const std::vector<FitRun>& runs, PreparedDeployment FitRun::* which) const {
    std::vector<double> tpot;
    std::vector<double> ttft;
    for (const FitRun& run : runs) {
      const MeanTimes mean = mean_times(run.*which, times_[is_odd(run) ? 1 : 0]);
      tpot.push_back(*run.row.tpot_ms / mean.tpot_ms);
      if (*run.row.ttft_ms <= kLongestTtft) ttft.push_back(*run.row.ttft_ms / mean.ttft_ms);
    }
    if (ttft.empty()) ttft.push_back(1);
    EstimateBand band;
    std::tie(band.tpot_low, band.tpot_high) = band_of(std::move(tpot));
    std::tie(band.ttft_low, band.ttft_high) = band_of(std::move(ttft));
    return band;
  }

 private:
  static bool is_odd(const FitRun& run) { return run.row.key / 2 % 2 == 1; }  // the lowest bit chose the half

  std::vector<FrameworkTimes> times_;  ///< for even and for odd runs
};

FrameworkRecord fitted_record(FrameworkRecord record, const FrameworkTimes& times, const std::vector<FitRun>& runs,
                              const HeldOut& held_out, const std::string& file, const DeploymentSource& source) {
  const auto seconds = [](double us) { return Sourced<Seconds>(Seconds(rounded(us) * kMicrosecond), Status::fitted); };
  record.step_overhead = seconds(times.values[0]);
  record.layer_overhead = seconds(times.values[1]);
  record.sequence_overhead = seconds(times.values[2]);
  record.prompt_token_overhead = seconds(times.values[3]);
  record.prompt_factor = Sourced<double>(rounded(times.values[4]), Status::fitted);
  record.request_latency = seconds(times.values[5]);
  record.user_latency = seconds(times.values[6]);
  record.measured_chip = held_out.band(runs, &FitRun::prepared);
  record.other_chip = held_out.band(runs, &FitRun::datasheet);
  record.header.status = Status::fitted;
  record.header.source.emplace().id = "runs";
  record.header.note = fmt::format(
      "Fitted on {} to {} runs of {}: the half of the deployments that a hash of the deployment chooses. What the "
      "framework overlaps, fuses or waits for is in these constants, so that they go with these kernels only.",
      source.fit_date, runs.size(), file);
  record.header.sources.clear();
  Named<SourceRecord> runs_source;
  runs_source.name = "runs";
  runs_source.value = {source.title, source.publisher, source.date, file, std::nullopt};
  record.header.sources.push_back(std::move(runs_source));
  record.prompts_pause_decoding.status = Status::assumed;
  return record;
}

}  // namespace

std::vector<FrameworkRecord> fit_frameworks(const MeasurementTable& table, const Catalog& catalog,
                                            const ChipTable& chips, const DeploymentSource& source,
                                            Diagnostics& diagnostics) {
  ServingEstimator estimator = ServingEstimator::read(catalog, chips, "", diagnostics);
  EstimatorsWithout without(catalog, chips, diagnostics);
  const auto reader = DeploymentReader::make(table, chips, estimator);
  std::map<std::string, std::vector<FitRun>> by_framework;
  for (std::size_t index = 0; reader && index < table.row_count(); ++index) {
    auto row = reader->read(index);
    if (!row || !row->scoreable || !row->is_for_fitting()) continue;
    auto prepared = estimator.prepare(row->deployment);
    auto datasheet = without.chip(row->deployment.chip).prepare(row->deployment);
    if (!prepared || !datasheet) continue;
    std::vector<FitRun>& runs = by_framework[row->deployment.framework];
    runs.push_back({std::move(*row), *prepared, *datasheet});
  }
  std::vector<FrameworkRecord> records;
  const std::string file = std::filesystem::path(table.path()).filename().string();
  for (const auto& [id, runs] : by_framework) {
    FrameworkTimes start = framework_times(estimator.framework(id));
    start.values = FrameworkTimes::kPriors;  // not the present entry's: a fit may not depend on the one before it
    const FrameworkTimes times = fit_times(runs, start);
    records.push_back(fitted_record(estimator.framework(id), times, runs, HeldOut(runs, start), file, source));
  }
  return records;
}

}  // namespace orrery
