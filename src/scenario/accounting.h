#pragma once

#include <string>
#include <vector>

#include "orrery/scenario/results.h"
#include "orrery/scenario/system.h"

namespace orrery {

/// Energy, money, carbon and utilisation of a pool over `duration`, from what its replicas counted.
/// Energy: static power while kernels run and idle power otherwise, dynamic energy of the work, hosts
/// between idle and peak by the busy share, what it sends to other pools, all times the site's PUE.
PoolResult account_pool(const SystemPool& pool, const PoolOutcome& outcome, Seconds duration,
                        Joules sending = Joules(0));

/// The conservation laws of one pool that do not hold: requests, tokens, steps, blocks, time in the
/// system (Little), power within idle and limit, bandwidth within the peak. Empty in a good run.
std::vector<std::string> broken_laws(const SystemPool& pool, const RequestTable& requests, const PoolOutcome& outcome,
                                     const PoolResult& result, Seconds duration);

/// Means of the network's parts over the `sent` requests of a service, and what its bytes cost.
PathResult account_path(const UserPath& path, const NetworkTimes& sums, std::size_t sent, const ServiceResult& service);

/// Whether a request came up before a run was stopped.
inline bool has_arrived(const RequestOutcomes& outcomes, std::size_t request) {
  return outcomes.state[request] != RequestState::unfinished || outcomes.queued_ps[request] != RequestOutcomes::kUnset;
}

/// Counts by state; requests that a stopped run never came to are not counted.
RequestCounts count_requests(const RequestOutcomes& outcomes);

}  // namespace orrery
