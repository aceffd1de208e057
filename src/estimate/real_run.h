#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/base/diagnostic.h"
#include "orrery/base/result.h"
#include "orrery/serving/request_table.h"

namespace orrery {

/// The times of one request of a real run, seconds. "Queued" counts from when the engine takes it up.
struct MeasuredRequest {
  double ttft_queued = 0;
  double ttft_arrival = 0;
  double tpot = 0;  ///< 0 for an answer of one token
  double e2e_queued = 0;
  double e2e_arrival = 0;
};

/// One load stage of a real run that kept distributions only.
struct MeasuredStage {
  double rate = 0;
  double duration = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  double e2e_mean = 0;
  double e2e_median = 0;
  double ttft_mean = 0;
  double ttft_median = 0;
};

/// A run of a real engine: what was asked of it and what it answered.
struct RealRun {
  std::string name;
  std::string server;  ///< catalog ids
  std::string model;
  std::string engine;
  std::int64_t tensor_parallel = 1;
  std::int64_t max_num_seqs = 0;
  std::int64_t max_num_batched_tokens = 0;
  std::optional<std::int64_t> max_model_len;  ///< the model's own limit when absent
  std::optional<std::int64_t> measured_blocks;

  RequestTable requests;                  ///< of a run that is known request by request
  std::vector<MeasuredRequest> measured;  ///< in the order of `requests`
  double makespan = 0;                    ///< from the first request that was taken up to the last token

  std::vector<MeasuredStage> stages;  ///< of a run that is known by distributions
  std::int64_t groups = 0;            ///< of prompts that begin alike
  std::int64_t prompts_per_group = 0;
  std::int64_t shared_tokens = 0;  ///< at the beginning of the prompts of a group
  std::int64_t prompt_tokens = 0;  ///< measured mean
  std::int64_t output_tokens = 0;

  bool is_by_request() const { return !measured.empty(); }
  bool is_overloaded() const;
};

/// Reads every run of a folder laid out as data/serving: NAME/{workload,requests}.jsonl.gz and meta.json, or
/// h100/NAME/{exp-config.yaml, client-resolved.yaml, stage_N_lifecycle_metrics.json}. Hardware is not part of those
/// files and comes from a table by name; a folder that the table does not know is reported.
std::vector<RealRun> read_real_runs(const std::string& folder, Diagnostics& diagnostics);

}  // namespace orrery
