#include "orrery/scenario/split_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "orrery/scenario/duration_sample.h"

namespace orrery {

PoolSetup pool_setup(const SystemPool& pool, const RunOptions& options) {
  return {&pool.cost,
          pool.limits,
          static_cast<std::size_t>(pool.replicas),
          pool.routing,
          options.step_by_step,
          static_cast<std::size_t>(pool.layout.data),
          pool.adapters ? &*pool.adapters : nullptr,
          pool.speculation ? &pool.speculation->setup : nullptr};
}

SplitSetup split_setup(const System& system, std::size_t pool, const RunOptions& options) {
  const SystemPrefill& prefill = *system.pools[pool].prefill;
  return {pool_setup(system.pools[prefill.pool], options), pool_setup(system.pools[pool], options), prefill.path};
}

Joules sending_energy(const SystemPool& decode, const SplitOutcome& outcome) {
  return Bytes(outcome.ended_bytes) * decode.prefill->energy_per_byte;
}

TransferResult account_transfers(const System& system, std::size_t decode, const PoolOutcome& decode_half,
                                 const SplitOutcome& outcome, Seconds duration) {
  const SystemPool& pool = system.pools[decode];
  const PrefilledBy& record = *pool.record.prefilled_by;
  TransferResult result;
  result.from = system.pools[pool.prefill->pool].name;
  result.link = record.link.id;
  result.links = record.links;
  result.shared_by = record.shared_by;
  result.first_token = record.first_token;
  result.overlap = record.overlap;
  result.transfers = outcome.sent;
  result.tokens = outcome.sent_tokens;
  result.bytes = outcome.ended_bytes;
  result.energy_J = sending_energy(pool, outcome).si();
  DurationSample blocks;
  DurationSample transfer;
  DurationSample resume;
  for (std::size_t i = 0; i < outcome.transfers.size(); ++i) {
    if (decode_half.requests.state[i] != RequestState::completed) continue;
    const SplitOutcome::Transfer& each = outcome.transfers[i];
    const std::int64_t ready = std::max(each.prefilled_ps, each.reserved_ps);
    blocks.add(ready - each.prefilled_ps);
    transfer.add(each.received_ps - ready);
    resume.add(decode_half.requests.scheduled_ps[i] - each.received_ps);
  }
  result.blocks = blocks.summary();
  result.transfer = transfer.summary();
  result.resume = resume.summary();
  const double carried = pool.prefill->path.capacity.si() * static_cast<double>(outcome.links) * duration.si();
  result.link_utilisation = carried > 0 ? outcome.flowed_bytes / carried : 0;
  return result;
}

std::vector<std::string> broken_transfer_laws(const SystemPool& decode, const PoolOutcome& prefill_half,
                                              const PoolOutcome& decode_half, const SplitOutcome& outcome,
                                              const TransferResult& result) {
  std::vector<std::string> broken;
  const auto expect = [&](bool holds, std::string_view law) {
    if (!holds) broken.push_back(fmt::format("pool {}: {}", decode.name, law));
  };
  // A link ends each part of a transfer up to a picosecond late, and goes on carrying what others have in it.
  const TransferPath& path = decode.prefill->path;
  const double rounding = 1e-9 * outcome.flowed_bytes +
                          2 * static_cast<double>(outcome.sent) * path.capacity.si() / SimTime::kPicosecondsPerSecond;
  expect(std::abs(outcome.flowed_bytes - outcome.ended_bytes) <= rounding || decode_half.stopped,
         "bytes that flowed are bytes of transfers");
  expect(result.link_utilisation <= 1 + 1e-9, "no more bytes are sent than the links can carry");
  if (decode_half.stopped || decode_half.beyond_horizon || prefill_half.beyond_horizon) return broken;

  std::int64_t prompt_tokens = 0;
  const std::int64_t given = path.first_token == FirstToken::prefill ? 1 : 0;
  for (const std::int32_t tokens : outcome.answers.input_tokens) prompt_tokens += tokens - given;
  std::int64_t found = 0;
  for (const ReplicaTotals& totals : decode_half.replicas) found += totals.hit_tokens;
  std::int64_t without_answer = 0;
  std::int64_t computed = 0;
  for (std::size_t i = 0; i < outcome.requests.state.size(); ++i) {
    computed += prefill_half.requests.state[i] == RequestState::completed;
    without_answer += outcome.requests.state[i] == RequestState::completed &&
                      outcome.requests.finish_ps[i] == prefill_half.requests.finish_ps[i];
  }
  const bool all_received = std::all_of(outcome.transfers.begin(), outcome.transfers.end(), [](const auto& each) {
    return each.received_ps >= each.prefilled_ps && each.received_ps > each.reserved_ps && each.prefilled_ps >= 0 &&
           each.reserved_ps >= 0;
  });
  expect(all_received, "every prompt that is handed over is computed, given blocks and received");
  expect(computed == static_cast<std::int64_t>(outcome.answers.size()) + without_answer,
         "every prompt that is computed is handed over, or was all there was to compute");
  expect(outcome.sent_tokens + found == prompt_tokens, "tokens sent and tokens found are the tokens of the prompts");
  expect(outcome.ended_bytes == static_cast<double>(outcome.asked_bytes), "bytes asked for are bytes received");
  return broken;
}

}  // namespace orrery
