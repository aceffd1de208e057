#pragma once

#include <optional>

#include "orrery/serving/replica.h"

namespace orrery {

struct ReplicaRun {
  RequestOutcomes outcomes;
  ReplicaTotals totals;
  std::int64_t free_blocks = 0;
};

/// Serves a table on one replica, to the end.
inline ReplicaRun serve(const StepCost& cost, const EngineLimits& limits, const RequestTable& table,
                        bool step_by_step = false, const Speculation* speculation = nullptr,
                        const AdapterCost* adapters = nullptr) {
  ReplicaRun run{RequestOutcomes(table.size()), {}, 0};
  std::optional<PrefixTree> prefixes;
  if (limits.prefix_caching) prefixes.emplace(table, limits.block_size);
  Replica replica(cost, limits, table, prefixes ? &*prefixes : nullptr, run.outcomes, 0, step_by_step);
  if (adapters != nullptr) replica.use_adapters(*adapters);
  if (speculation != nullptr) replica.speculate(*speculation);
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    while (replica.next_event().ps() < table.arrival_ps[i]) replica.advance();
    replica.submit(i);
  }
  while (replica.next_event() < SimTime::never()) replica.advance();
  run.totals = replica.totals();
  run.free_blocks = replica.free_blocks();
  return run;
}

}  // namespace orrery
