#pragma once

#include <string>
#include <vector>

#include "orrery/estimate/real_run.h"
#include "orrery/scenario/catalog.h"

namespace orrery {

/// One figure of a run, seconds, or blocks.
struct ReplayedFigure {
  std::string name;  ///< "TTFT queued p90"
  double measured = 0;
  double simulated = 0;
  double error() const { return simulated / measured - 1; }
};

inline constexpr std::size_t kColdRequests = 5;

/// A run replayed by the engine of the simulations.
struct Replay {
  std::string run;
  std::string variant;  ///< "blocks given", "nothing given", or the rate of a stage
  std::string chip;
  std::vector<ReplayedFigure> figures;
  /// Mean over requests of |simulated / measured - 1|; empty for runs without requests.
  std::vector<std::pair<std::string, double>> per_request;
  /// The same without the first kColdRequests, which found a real engine cold.
  std::vector<std::pair<std::string, double>> per_warm_request;
  std::int64_t steps = 0;
  std::int64_t preemptions = 0;
  std::int64_t hit_tokens = 0;
};

struct ReplaySuite {
  std::vector<Replay> by_request;
  std::vector<Replay> by_stage;
  std::vector<Replay> in_overload;  ///< stages whose clients gave up: failures, and the survivors' times
};

/// Replays every run: same arrivals, lengths, token ids and engine settings; step times from the catalog's chip.
/// Runs that are known request by request are replayed twice: with the KV blocks that the engine reported, where it
/// did, and with predicted ones. Stages draw exponential gaps scaled to fill the stage, from three seeds, and the
/// client's distinct prompts in their order; the mean over the seeds is compared. Clients of a stage in which any gave
/// up have kClientPatience, and their run is replayed once more with its measured time per token
/// where the simulated one is off by more than 5 %. What is wrong with
/// the data is reported.
ReplaySuite replay_real_runs(const std::string& folder, const Catalog& catalog, Diagnostics& diagnostics);

/// Between client and engine, of a request that comes over HTTP, in seconds.
/// Source: BLIS, inference-sim/training output/fit/coefficients.json: 9.3 ms from the API to the scheduler and 1.85 ms
/// after the end, fitted over its runs of vLLM 0.15.1 on H100.
inline constexpr double kApiBefore = 9.3e-3;
inline constexpr double kApiAfter = 1.85e-3;

/// The client of those runs gives up after so many seconds, rounded up to a whole second of its clock.
/// Source: the default of aiohttp's ClientTimeout(total), which rounds times above ceil_threshold (5 s) up. The runs
/// agree: every failure took 300.0 to 301.0 s, spread evenly.
inline constexpr double kClientPatience = 300;

}  // namespace orrery
