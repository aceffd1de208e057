#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "orrery/calibration/chip_table.h"
#include "orrery/estimate/closed_loop.h"
#include "orrery/estimate/deployment.h"
#include "orrery/estimate/framework_times.h"
#include "orrery/operators/predictor.h"

namespace orrery {

/// Times of one deployment, milliseconds, with 80 % bands.
struct ServingEstimate {
  double ttft_ms = 0, ttft_low_ms = 0, ttft_high_ms = 0;
  double tpot_ms = 0, tpot_low_ms = 0, tpot_high_ms = 0;
  Basis basis = Basis::datasheet;
};

/// What is known of a deployment before a framework adds to it: the costly part of an estimate.
struct PreparedDeployment {
  const ModelRecord* model = nullptr;
  RankSteps steps;          ///< of a rank that decodes
  RankSteps prefill_steps;  ///< of a rank of the prefill engines, where there are some
  ClosedLoop loop;          ///< of one rank
  double ranks = 1;         ///< with requests of their own
  double prefill_ranks = 0;
  double concurrency = 1;
  Basis basis = Basis::fitted;
};

/// TTFT and TPOT of whole deployments, means over requests in a closed loop: the calibrated operators of the chip, or
/// of its class, summed to steps, and a scheduler in closed form around them. Valid: one model in one framework on
/// equal chips; no prefix reuse, no speculative decoding. Engines without a scheduler of their own behave as vLLM V1
/// or, with prompts_pause_decoding, take prompts in steps of their own.
class ServingEstimator {
 public:
  /// Reads models, frameworks and calibrations; what is wrong with one is reported. `without_chip` as in Predictor.
  /// Pre: chips outlives the estimator.
  static ServingEstimator read(const Catalog& catalog, const ChipTable& chips, std::string without_chip,
                               Diagnostics& diagnostics);

  /// Catalog id by id or alias; nothing when there is none. The hint goes after a message.
  std::optional<std::string> model_id(std::string_view name) const;
  std::optional<std::string> framework_id(std::string_view name) const;
  std::string model_hint(std::string_view name) const;
  std::string framework_hint(std::string_view name) const;
  const FrameworkRecord& framework(const std::string& id) const { return frameworks_.at(id); }

  /// Fails, with the reason, where the model does not fit the chips, a layout does not divide it, or no operator
  /// form speaks of the chip. Pre: chip, model and framework of the deployment are ids that were found.
  Result<PreparedDeployment> prepare(const Deployment& deployment);
  Result<ServingEstimate> estimate(const Deployment& deployment);

 private:
  explicit ServingEstimator(const ChipTable& chips) : chips_(chips) {}

  const ChipTable& chips_;
  std::unique_ptr<Predictor> predictor_;  // operator times refer to it
  std::map<std::string, ModelRecord, std::less<>> models_;
  std::map<std::string, FrameworkRecord, std::less<>> frameworks_;
  std::map<std::string, OperatorTimes, std::less<>> times_;  ///< by chip
};

/// An estimator for each chip that is to be left out, read when it is first asked for. Pre: all outlive it.
class EstimatorsWithout {
 public:
  EstimatorsWithout(const Catalog& catalog, const ChipTable& chips, Diagnostics& diagnostics)
      : catalog_(catalog), chips_(chips), diagnostics_(diagnostics) {}

  /// As if no kernel of the chip had been measured.
  ServingEstimator& chip(const std::string& id);

 private:
  const Catalog& catalog_;
  const ChipTable& chips_;
  Diagnostics& diagnostics_;
  std::map<std::string, ServingEstimator, std::less<>> by_chip_;
};

/// Milliseconds of TTFT and TPOT of a prepared deployment.
struct MeanTimes {
  double ttft_ms = 0;
  double tpot_ms = 0;
};
MeanTimes mean_times(const PreparedDeployment& prepared, const FrameworkTimes& framework);

}  // namespace orrery
