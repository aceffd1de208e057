#pragma once

#include "orrery/scenario/duration_sample.h"
#include "orrery/scenario/results.h"
#include "orrery/scenario/system.h"

namespace orrery {

/// Latencies of completed requests.
class LatencySamples {
 public:
  void add(const Results::ServiceRequests& log);
  LatencySummary summary();

 private:
  DurationSample ttft_, ttft_queued_, tpot_, e2e_, queue_, user_ttft_, user_e2e_;
};

/// What became of the requests of one service: counts, tokens, its latency targets, and its goodput, the share of
/// requests that met every target themselves. Where the requests came from is left to the caller.
ServiceResult summarize_service(const SystemService& service, const Results::ServiceRequests& log,
                                const LatencySummary& latency);

}  // namespace orrery
