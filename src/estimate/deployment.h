#pragma once

#include <string>

namespace orrery {

/// How the chips of one engine share a model.
struct ParallelLayout {
  double tensor = 1;  ///< chips that share one attention head group and one dense MLP
  double pipeline = 1;
  double attention_data = 1;  ///< groups of `tensor` chips with requests of their own
  double moe_tensor = 1;      ///< chips that share one expert
  double moe_expert = 1;      ///< chips that the experts are spread over

  double chips() const { return tensor * pipeline * attention_data; }
  friend bool operator==(const ParallelLayout&, const ParallelLayout&) = default;
};

/// Number formats by the names of the kernel tables: "bfloat16", "fp8_block", "nvfp4".
struct DeploymentFormats {
  std::string attention;  ///< projections around attention
  std::string linear;     ///< dense MLP and shared experts
  std::string experts;
  std::string kv_cache;
  friend bool operator==(const DeploymentFormats&, const DeploymentFormats&) = default;
};

/// One model served by one framework at a constant number of requests in flight: a row of a table of measured runs.
struct Deployment {
  std::string chip;       ///< catalog id
  std::string model;      ///< catalog id
  std::string framework;  ///< catalog id
  DeploymentFormats formats;
  double input_tokens = 1;    ///< nominal
  double output_tokens = 1;   ///< nominal
  double shortest_share = 1;  ///< lengths are drawn uniformly between this share of the nominal ones and all of them
  double concurrency = 1;
  double chips = 1;
  bool disaggregated = false;
  ParallelLayout engine;   ///< of the one engine, or of the decoding ones
  double engines = 1;      ///< of that layout
  ParallelLayout prefill;  ///< of engines that compute prompts alone; unused otherwise
  double prefill_engines = 0;
};

}  // namespace orrery
