#include "orrery/scenario/accounting.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "orrery/scenario/duration_sample.h"

namespace orrery {
namespace {

/// Work of one chip of the replica.
StepWork work_of(const SystemPool& pool, const ReplicaTotals& totals) {
  const StepCost& cost = pool.cost;
  StepWork work = totals.prefill_work;
  work += totals.speculation_work;
  const auto add = [&](std::int64_t times, const StepWork& each) { work += static_cast<double>(times) * each; };
  const auto& by_tokens =
      totals.steps_by_padded_tokens.empty() ? totals.steps_by_tokens : totals.steps_by_padded_tokens;
  for (std::size_t t = 0; t < by_tokens.size(); ++t) {
    if (by_tokens[t] != 0) add(by_tokens[t], cost.tokens_work[t]);
  }
  for (std::size_t n = 0; n < totals.steps_by_sequences.size(); ++n) {
    if (totals.steps_by_sequences[n] != 0) add(totals.steps_by_sequences[n], cost.sequences_work[n]);
  }
  if (pool.adapters) {
    add(totals.adapter_steps, pool.adapters->adapter_work);
    add(totals.adapted_tokens, pool.adapters->token_work);
  }
  add(totals.decode_sequence_steps, cost.decode_sequence_work);
  add(totals.context_token_steps, cost.context_token_work);
  add(totals.window_token_steps, cost.window_token_work);
  return work;
}

double cost_of(const SystemPool& pool, Seconds duration, Joules facility_energy) {
  const auto servers = static_cast<double>(pool.record.servers);
  if (pool.record.ownership == Ownership::rented) {
    return (pool.server.price_per_hour.value * duration).si() * servers;
  }
  const double share_of_life = duration / *pool.record.lifetime;
  return pool.server.capital_price.value.si() * servers * share_of_life +
         (facility_energy * pool.site.electricity_price.value).si();
}

std::int64_t weighted_sum(const std::vector<std::int64_t>& counts) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) sum += static_cast<std::int64_t>(i) * counts[i];
  return sum;
}

}  // namespace

PathResult account_path(const UserPath& path, const NetworkTimes& sums, std::size_t sent,
                        const ServiceResult& service) {
  PathResult result;
  result.name = path.name();
  const auto mean = [&](Int128 sum) {
    return sent == 0 ? 0 : static_cast<double>(sum) * 1e-12 / static_cast<double>(sent);
  };
  result.wake_up_s = mean(sums.wake_up);
  result.connection_s = mean(sums.connection);
  result.upload_s = mean(sums.upload);
  result.access_s = mean(sums.access);
  result.core_s = mean(sums.core);
  result.wan_s = mean(sums.wan);
  result.sleep_s = mean(sums.sleep);
  const Bytes bytes = path.bytes(static_cast<std::int64_t>(sent), service.output_tokens);
  result.bytes = bytes.si();
  result.energy_J = (bytes * path.energy_per_byte()).si();
  result.cost_usd = (bytes * path.price_per_byte()).si();
  return result;
}

RequestCounts count_requests(const RequestOutcomes& outcomes) {
  RequestCounts counts;
  for (std::size_t i = 0; i < outcomes.state.size(); ++i) {
    const RequestState state = outcomes.state[i];
    counts.completed += state == RequestState::completed;
    counts.rejected += state == RequestState::rejected;
    counts.failed += state == RequestState::failed;
    counts.unfinished += state == RequestState::unfinished && has_arrived(outcomes, i);
  }
  counts.arrived = counts.completed + counts.rejected + counts.failed + counts.unfinished;
  return counts;
}

namespace {

SpeculationResult account_speculation(const SystemSpeculation& speculation, const PoolOutcome& outcome) {
  SpeculationResult result;
  result.draft = speculation.name;
  result.tokens = speculation.setup.tokens;
  for (const ReplicaTotals& totals : outcome.replicas) {
    result.drafted += totals.drafted_tokens;
    result.accepted += totals.accepted_tokens;
    result.verifications += totals.verifications;
  }
  if (result.verifications > 0) {
    result.tokens_per_verification =
        static_cast<double>(result.verifications + result.accepted) / static_cast<double>(result.verifications);
  }
  return result;
}

}  // namespace

PoolResult account_pool(const SystemPool& pool, const PoolOutcome& outcome, Seconds duration, Joules sending) {
  PoolResult result;
  result.name = pool.name;
  result.site = pool.record.site.id;
  result.server = pool.record.server.id;
  result.chip = pool.chip.header.id;
  result.model = pool.model.header.id;
  result.servers = pool.record.servers;
  result.replicas = pool.replicas;
  result.layout = pool.layout;
  result.has_other_chip = pool.record.chip.has_value();
  result.chips = pool.chips;
  result.requests = count_requests(outcome.requests);
  result.kv_blocks = pool.memory.kv_blocks;
  result.weight_bytes_per_chip = pool.memory.weights;
  result.kv_bytes_per_token = pool.memory.kv_per_token;

  const auto chips_per_replica = static_cast<double>(pool.record.tensor_parallel);
  LogHistogram gaps;
  StepWork work;  // of one chip of each replica, summed over replicas
  std::int64_t sequence_steps = 0;
  std::int64_t adapter_steps = 0;
  std::int64_t resident_steps = 0;
  std::int64_t peak_blocks = 0;
  double busy_s = 0;
  for (const ReplicaTotals& totals : outcome.replicas) {
    gaps.merge(totals.token_gaps);
    work += work_of(pool, totals);
    result.steps += totals.steps;
    result.preemptions += totals.preemptions;
    result.recomputed_tokens += totals.recomputed_tokens;
    result.hit_tokens += totals.hit_tokens;
    result.evicted_blocks += totals.evicted_blocks;
    result.generated_tokens += totals.generated_tokens;
    result.failed_tokens += totals.failed_tokens;
    sequence_steps += weighted_sum(totals.steps_by_sequences);
    resident_steps += totals.resident_token_steps;
    adapter_steps += totals.adapter_steps;
    peak_blocks = std::max(peak_blocks, totals.peak_blocks);
    busy_s += SimTime(totals.busy_ps).seconds().si();
  }
  result.itl = summarize(gaps);
  if (pool.speculation) result.speculation = account_speculation(*pool.speculation, outcome);

  const double replica_s = duration.si() * static_cast<double>(pool.replicas);
  const auto steps = static_cast<double>(std::max<std::int64_t>(result.steps, 1));
  const double kv_tokens = static_cast<double>(pool.limits.usable_blocks * pool.limits.block_size);
  if (pool.adapters) result.adapters = {pool.limits.max_adapters, static_cast<double>(adapter_steps) / steps};
  result.mean_batch = static_cast<double>(sequence_steps) / steps;
  result.kv_mean = static_cast<double>(resident_steps) / steps / kv_tokens;
  result.kv_peak = static_cast<double>(peak_blocks) / static_cast<double>(pool.limits.usable_blocks);
  result.busy_share = replica_s > 0 ? busy_s / replica_s : 0;
  if (busy_s > 0) {
    result.compute_utilisation = work.flops / (busy_s * pool.dense_peak);
    result.bandwidth_utilisation = work.memory_bytes / (busy_s * pool.chip.memory.bandwidth.value.si());
  }

  const double static_W = pool.chip.static_power.value.si();
  const double idle_W = pool.chip.idle_power.value.si();
  const double chips_J = chips_per_replica * (busy_s * static_W + (replica_s - busy_s) * idle_W + work.dynamic_joules);
  const double host_idle_W = pool.server.host.idle_power.value.si();
  const double host_W = host_idle_W + result.busy_share * (pool.server.host.peak_power.value.si() - host_idle_W);
  const double hosts_J = host_W * duration.si() * static_cast<double>(pool.record.servers);
  result.it_energy_J = chips_J + hosts_J + sending.si();
  result.facility_energy_J = result.it_energy_J * pool.site.power_usage_effectiveness.value;
  result.mean_chip_power_W = replica_s > 0 ? chips_J / (replica_s * chips_per_replica) : 0;
  result.cost_usd = cost_of(pool, duration, Joules(result.facility_energy_J));
  result.carbon_g = (Joules(result.facility_energy_J) * pool.site.grid_carbon.value).si();
  return result;
}

std::vector<std::string> broken_laws(const SystemPool& pool, const RequestTable& requests, const PoolOutcome& outcome,
                                     const PoolResult& result, Seconds duration) {
  std::vector<std::string> broken;
  const auto expect = [&](bool holds, std::string law) {
    if (!holds) broken.push_back(fmt::format("pool {}: {}", pool.name, law));
  };
  const RequestCounts& counts = result.requests;
  const bool all_arrived = counts.arrived == static_cast<std::int64_t>(requests.size());
  expect(all_arrived || outcome.stopped, "every request arrives");

  std::int64_t tokens = 0;
  Int128 latency_ps = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const RequestState state = outcome.requests.state[i];
    if (state == RequestState::completed) tokens += requests.output_tokens[i];
    if (state != RequestState::completed && state != RequestState::failed) continue;
    latency_ps += outcome.requests.finish_ps[i] - requests.arrival_ps[i];
  }
  Int128 in_system_ps = 0;
  std::int64_t failed = 0;
  for (const ReplicaTotals& totals : outcome.replicas) {
    in_system_ps += totals.request_ps;
    const std::int64_t steps =
        std::accumulate(totals.steps_by_tokens.begin(), totals.steps_by_tokens.end(), std::int64_t{0});
    expect(steps == totals.steps, "every step is counted once");
    expect(weighted_sum(totals.steps_by_tokens) ==
               totals.prefill_tokens + totals.decode_sequence_steps + totals.drafted_tokens,
           "tokens scheduled are tokens computed");
    expect(totals.accepted_tokens <= totals.drafted_tokens, "no more drafts are taken than made");
    failed += totals.failed;
    expect(totals.busy_ps <= totals.end_ps, "a replica is not busy for longer than it runs");
  }
  if (counts.unfinished == 0) {
    expect(tokens == result.generated_tokens - result.failed_tokens,
           "tokens generated are tokens delivered and tokens of failed requests");
    expect(in_system_ps == latency_ps, "Little's law: time in the system is the sum of latencies");
  }
  expect(failed == counts.failed, "requests that failed are those that the replicas let go of");
  expect(outcome.blocks_balance, "all KV blocks are free at the end");

  constexpr double kRounding = 1 + 1e-9;
  const double idle_W = std::min(pool.chip.idle_power.value.si(), pool.chip.static_power.value.si());
  expect(duration.si() <= 0 || (result.mean_chip_power_W * kRounding >= idle_W &&
                                result.mean_chip_power_W <= pool.chip.power_limit.value.si() * kRounding),
         fmt::format("mean power of a chip ({:.1f} W) lies between idle and limit", result.mean_chip_power_W));
  expect(result.bandwidth_utilisation <= kRounding, "no more bytes move than the memory can carry");
  expect(result.compute_utilisation <= kRounding, "no more is computed than the chip can");
  return broken;
}

}  // namespace orrery
