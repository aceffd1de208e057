#pragma once

#include <cstdint>
#include <vector>

#include "orrery/serving/kv_exchange.h"
#include "orrery/serving/pool.h"

namespace orrery {

/// A pool that computes prompts on some replicas and answers on others: disaggregated prefill and decode.
struct SplitSetup {
  PoolSetup prefill;
  PoolSetup decode;  ///< step_by_step is that of `prefill`
  TransferPath path;
};

struct SplitOutcome {
  RequestOutcomes requests{0};  ///< as their senders see them; the replica is the one that gave the last token
  /// Each half by itself. The prompts are all requests, with one token to generate; the answers those that were
  /// handed over, in their order, with the time of that as arrival.
  RequestTable prompts;
  PoolOutcome prefill{.requests = RequestOutcomes(0), .replicas = {}};
  RequestTable answers;
  PoolOutcome decode{.requests = RequestOutcomes(0), .replicas = {}};

  /// One of each of `answers`.
  struct Transfer {
    std::int64_t prefilled_ps = RequestOutcomes::kUnset;  ///< the prompt is computed
    std::int64_t reserved_ps = RequestOutcomes::kUnset;   ///< the decode engine has blocks for it
    std::int64_t received_ps = RequestOutcomes::kUnset;   ///< its keys and values are there
  };
  std::vector<Transfer> transfers;
  std::int64_t sent = 0;          ///< transfers with at least one byte
  std::int64_t sent_tokens = 0;   ///< tokens of those that were asked for
  std::int64_t asked_bytes = 0;   ///< their bytes
  double ended_bytes = 0;         ///< bytes of transfers, or of their parts, that have ended
  double flowed_bytes = 0;        ///< the integral of the links' rates
  std::int64_t link_busy_ps = 0;  ///< summed over the links
  std::size_t links = 0;
};

/// Serves all requests to the end, in one order of time: at equal times links come before arrivals, these before
/// prefill engines, and these before decode engines. Equal input gives equal output.
/// A request that could never be served by one of the halves is rejected at once. Pre: no clients give up.
SplitOutcome run_split_pool(const SplitSetup& setup, const RequestTable& requests, RunControl& control);

}  // namespace orrery
