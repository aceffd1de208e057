#pragma once

#include <string>
#include <vector>

#include "orrery/scenario/results.h"
#include "orrery/scenario/run.h"
#include "orrery/scenario/system.h"
#include "orrery/serving/split_pool.h"

namespace orrery {

// Runs of pools whose prompts another pool computes, and what is told of them.

PoolSetup pool_setup(const SystemPool& pool, const RunOptions& options);
/// Pre: the pool has a prefill.
SplitSetup split_setup(const System& system, std::size_t pool, const RunOptions& options);

/// What sending prompts has cost the pool that computed them.
Joules sending_energy(const SystemPool& decode, const SplitOutcome& outcome);
/// `decode_half` is that of `outcome`, which may have given it away.
TransferResult account_transfers(const System& system, std::size_t decode, const PoolOutcome& decode_half,
                                 const SplitOutcome& outcome, Seconds duration);
/// The laws of both halves together that do not hold: each prompt that was computed is received or was the whole
/// answer, tokens sent and tokens found are the tokens of these prompts, bytes sent are bytes received, no link
/// carries more than it can.
std::vector<std::string> broken_transfer_laws(const SystemPool& decode, const PoolOutcome& prefill_half,
                                              const PoolOutcome& decode_half, const SplitOutcome& outcome,
                                              const TransferResult& result);

}  // namespace orrery
