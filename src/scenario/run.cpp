#include "orrery/scenario/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "orrery/fleet/daily_curve.h"
#include "orrery/scenario/accounting.h"
#include "orrery/scenario/adapter_draw.h"
#include "orrery/scenario/service_summary.h"
#include "orrery/scenario/split_run.h"
#include "orrery/scenario/stream_entity.h"
#include "orrery/scenario/trace_reader.h"
#include "orrery/scenario/workload_generator.h"

namespace orrery {
namespace {

struct Arrivals {
  RequestTable table;
  std::string description;
  std::int64_t skipped_rows = 0;
  NetworkTimes network = {};  ///< sums over all requests
};

template <class T>
const T* pointer_to(const std::optional<T>& optional) {
  return optional ? &*optional : nullptr;
}

std::string describe_draw(const WorkloadRecord& workload) {
  if (workload.profile) return fmt::format("profile {}", workload.profile->profile.id);
  if (workload.poisson) return fmt::format("Poisson, {:.6g} req/s", workload.poisson->rate.si());
  if (workload.population) {
    const PopulationWorkload& population = *workload.population;
    const std::string sample = population.sample ? fmt::format("{:g} of ", *population.sample) : "";
    return fmt::format("{}{} users, {:g} requests a day each, daily curve {}", sample, population.users,
                       population.requests_per_user * kDay, population.curve.id);
  }
  return fmt::format("gamma gaps, {:.6g} req/s, variation {:g}", workload.gamma->rate.si(),
                     workload.gamma->gap_variation);
}

std::optional<Arrivals> arrivals_of(const System& system, const SystemService& service, Diagnostics& diagnostics) {
  const WorkloadRecord& workload = service.record.workload;
  if (!workload.trace) {
    return Arrivals{draw_requests(workload,
                                  {pointer_to(service.arrivals_profile), pointer_to(service.lengths_profile),
                                   pointer_to(service.daily_curve)},
                                  system.seed, workload.stream.value_or(service.name)),
                    describe_draw(workload), 0};
  }
  TraceOptions options;
  options.format = workload.trace->format;
  options.skip_bad_rows = system.skip_bad_rows;
  options.rate_multiplier = workload.trace->rate_multiplier.value_or(1);
  auto trace = read_trace(service.trace_path, options, diagnostics);
  if (!trace) return std::nullopt;
  limit_requests(workload, trace->requests);
  std::string description = fmt::format("trace {} ({})", std::filesystem::path(service.trace_path).filename().string(),
                                        enum_name(trace->format));
  if (trace->spread_interval > SimTime()) {
    description += fmt::format(", spread over its ticks of {}", to_text(trace->spread_interval.seconds()));
  }
  return Arrivals{std::move(trace->requests), std::move(description), static_cast<std::int64_t>(trace->skipped_rows)};
}

std::uint64_t path_entity(const SystemService& service) {
  return stream_entity(service.record.workload.stream.value_or(service.name));
}

/// The requests of all services of a pool in one order of arrival; equal times keep the services' order.
struct MergedRequests {
  RequestTable table;
  std::vector<std::pair<std::size_t, std::size_t>> origin;  // service, request; empty: one service, as it is
};

MergedRequests merge(std::vector<Arrivals>& arrivals, const std::vector<std::size_t>& services) {
  MergedRequests merged;
  if (services.size() == 1) merged.table = std::move(arrivals[services[0]].table);
  if (services.size() <= 1) return merged;
  for (const std::size_t service : services) {
    for (std::size_t i = 0; i < arrivals[service].table.size(); ++i) merged.origin.emplace_back(service, i);
  }
  const auto time_of = [&](const auto& o) { return arrivals[o.first].table.arrival_ps[o.second]; };
  std::stable_sort(merged.origin.begin(), merged.origin.end(),
                   [&](const auto& a, const auto& b) { return time_of(a) < time_of(b); });
  merged.table.reserve(merged.origin.size());
  const bool has_adapters = std::any_of(services.begin(), services.end(),
                                        [&](std::size_t service) { return !arrivals[service].table.adapters.empty(); });
  const bool has_keys = std::any_of(services.begin(), services.end(),
                                    [&](std::size_t service) { return arrivals[service].table.has_keys(); });
  for (const auto& [service, i] : merged.origin) {
    const RequestTable& from = arrivals[service].table;
    merged.table.add(from.arrival_ps[i], from.input_tokens[i], from.output_tokens[i]);
    if (has_adapters) merged.table.adapters.push_back(from.adapters.empty() ? 0 : from.adapters[i]);
    if (from.has_keys()) {
      const RequestTable::KeyRange& range = from.key_ranges[i];
      merged.table.add_keys(from.keys_of(i), range.known_tokens, range.tokens_per_key);
    } else if (has_keys) {
      merged.table.add_keys({}, 0, 1);
    }
  }
  return merged;
}

/// When the clients of each request give up, where those of any service do.
void set_patience(const System& system, const std::vector<std::size_t>& services, const std::vector<Arrivals>& arrivals,
                  MergedRequests& merged) {
  const auto patience_of = [&](std::size_t service) { return system.services[service].record.patience; };
  if (std::none_of(services.begin(), services.end(), [&](std::size_t s) { return patience_of(s).has_value(); })) return;
  RequestTable& table = merged.table;
  table.give_up_ps.assign(table.size(), INT64_MAX);
  for (std::size_t row = 0; row < table.size(); ++row) {
    const auto patience = patience_of(merged.origin.empty() ? services[0] : merged.origin[row].first);
    if (!patience) continue;
    const std::int64_t asked = merged.origin.empty()
                                   ? table.asked_ps(row)
                                   : arrivals[merged.origin[row].first].table.asked_ps(merged.origin[row].second);
    table.give_up_ps[row] = RequestTable::give_up_after(asked, to_sim_time(*patience).ps());
  }
}

/// The priority of each request, where those of the services differ.
void set_priorities(const System& system, const std::vector<std::size_t>& services, MergedRequests& merged) {
  const auto priority_of = [&](std::size_t service) { return system.services[service].record.priority.value_or(0); };
  const bool differ = std::any_of(services.begin(), services.end(),
                                  [&](std::size_t s) { return priority_of(s) != priority_of(services[0]); });
  if (!differ) return;
  for (const auto& [service, i] : merged.origin) {
    merged.table.priorities.push_back(static_cast<std::int32_t>(priority_of(service)));
  }
}

/// Gives each service its own rows of what became of a pool's requests.
void split(MergedRequests merged, RequestOutcomes& outcomes, const std::vector<std::size_t>& services,
           std::vector<Arrivals>& arrivals, std::vector<Results::ServiceRequests>& log) {
  if (services.size() == 1) {
    log[services[0]] = {std::move(merged.table), std::move(outcomes)};
    return;
  }
  for (const std::size_t service : services) {
    const std::size_t size = arrivals[service].table.size();
    log[service] = {std::move(arrivals[service].table), RequestOutcomes(size)};
  }
  for (std::size_t row = 0; row < merged.origin.size(); ++row) {
    const auto [service, i] = merged.origin[row];
    log[service].outcomes.take(i, outcomes, row);
  }
}

/// Forgets the requests that a stopped run never came to.
void drop_never_arrived(Results::ServiceRequests& log) {
  RequestOutcomes& o = log.outcomes;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < log.table.size(); ++i) {
    if (!has_arrived(o, i)) continue;
    log.table.arrival_ps[kept] = log.table.arrival_ps[i];
    log.table.input_tokens[kept] = log.table.input_tokens[i];
    log.table.output_tokens[kept] = log.table.output_tokens[i];
    if (log.table.has_ways()) {
      log.table.sent_ps[kept] = log.table.sent_ps[i];
      log.table.answer_way_ps[kept] = log.table.answer_way_ps[i];
    }
    o.take(kept, o, i);
    ++kept;
  }
  log.table.arrival_ps.resize(kept);
  log.table.input_tokens.resize(kept);
  log.table.output_tokens.resize(kept);
  if (log.table.has_ways()) log.table.sent_ps.resize(kept), log.table.answer_way_ps.resize(kept);
  for (auto* column : {&o.queued_ps, &o.scheduled_ps, &o.first_token_ps, &o.finish_ps}) column->resize(kept);
  o.preemptions.resize(kept);
  o.replica.resize(kept);
  o.state.resize(kept);
}

/// One pool's run, in the pool's own order of arrival.
struct PoolRun {
  std::vector<std::size_t> services;
  MergedRequests merged;
  PoolOutcome outcome;
  std::optional<SplitOutcome> prefill;  ///< another pool computed the prompts: both halves, in place of `outcome`
};

PoolRun run_one_pool(const System& system, std::size_t index, std::vector<Arrivals>& arrivals,
                     const RunOptions& options, RunControl& control) {
  const SystemPool& pool = system.pools[index];
  std::vector<std::size_t> services;
  for (std::size_t s = 0; s < system.services.size(); ++s) {
    if (system.services[s].pool == index) services.push_back(s);
  }
  PoolRun run{std::move(services), {}, {.requests = RequestOutcomes(0), .replicas = {}}, {}};
  if (pool.prefills_for) return run;  // that pool's run is this one's, too
  run.merged = merge(arrivals, run.services);
  set_patience(system, run.services, arrivals, run.merged);
  set_priorities(system, run.services, run.merged);
  if (pool.prefill) {
    run.prefill = run_split_pool(split_setup(system, index, options), run.merged.table, control);
  } else {
    run.outcome = run_pool(pool_setup(pool, options), run.merged.table, options.threads, control);
  }
  run.merged.table.drop_keys();  // nobody asks for them any more, and they may be most of the table
  run.merged.table.give_up_ps = {};
  run.merged.table.priorities = {};
  return run;
}

/// Gives both pools of each split one their own halves.
void take_halves_apart(const System& system, std::vector<PoolRun>& runs) {
  for (std::size_t p = 0; p < runs.size(); ++p) {
    if (!runs[p].prefill) continue;
    PoolRun& prefill = runs[system.pools[p].prefill->pool];
    prefill.merged.table = std::move(runs[p].prefill->prompts);
    prefill.merged.table.drop_keys();
    prefill.outcome = std::move(runs[p].prefill->prefill);
    runs[p].outcome = std::move(runs[p].prefill->decode);
  }
}

/// Of one pool: from 0 to its last token, its last arrival, or the end that a workload of its services asks for; of a
/// run that was stopped, to the last step that was simulated. The halves of a split pool last equally long.
Seconds duration_of(const System& system, const std::vector<PoolRun>& runs, std::size_t index) {
  const bool stopped = std::any_of(runs.begin(), runs.end(), [](const PoolRun& pool) { return pool.outcome.stopped; });
  std::int64_t end_ps = 0;
  Seconds asked;
  for (std::size_t p = 0; p < runs.size(); ++p) {
    const SystemPool& pool = system.pools[p];
    const bool is_own = p == index || pool.prefills_for == index || (pool.prefill && pool.prefill->pool == index);
    if (!is_own) continue;
    for (const ReplicaTotals& totals : runs[p].outcome.replicas) end_ps = std::max(end_ps, totals.end_ps);
    if (!stopped && runs[p].merged.table.size() > 0) end_ps = std::max(end_ps, runs[p].merged.table.arrival_ps.back());
    for (const std::size_t service : runs[p].services) {
      asked = std::max(asked, system.services[service].record.workload.duration.value_or(Seconds(0)));
    }
  }
  const Seconds end = SimTime(end_ps).seconds();
  return stopped ? end : std::max(end, asked);
}

Provenance provenance_of(const System& system) {
  Provenance provenance;
  provenance.items = system.provenance;
  for (const ProvenanceItem& item : provenance.items) provenance.weakest = std::max(provenance.weakest, item.status);
  return provenance;
}

void add_up(Results& results) {
  for (const ServiceResult& service : results.services) {
    results.requests.arrived += service.requests.arrived;
    results.requests.completed += service.requests.completed;
    results.requests.rejected += service.requests.rejected;
    results.requests.failed += service.requests.failed;
    results.requests.unfinished += service.requests.unfinished;
    results.input_tokens += service.input_tokens;
    results.output_tokens += service.output_tokens;
  }
  for (const PoolResult& pool : results.pools) {
    results.it_energy_J += pool.it_energy_J;
    results.energy_J += pool.facility_energy_J;
    results.cost_usd += pool.cost_usd;
    results.carbon_g += pool.carbon_g;
  }
}

}  // namespace

std::optional<Results> run(const System& system, const RunOptions& options, RunControl& control,
                           Diagnostics& diagnostics) {
  std::vector<Arrivals> arrivals;
  std::uint64_t expected = 0;
  std::uint32_t next_adapter = 1;
  for (const SystemService& service : system.services) {
    auto requests = arrivals_of(system, service, diagnostics);
    if (const auto& adapters = service.record.adapters; adapters && requests) {
      draw_adapters(*adapters, next_adapter, system.seed, service.record.workload.stream.value_or(service.name),
                    requests->table);
      next_adapter += static_cast<std::uint32_t>(adapters->count);
    }
    if (service.path && requests) {
      requests->network = service.path->send(requests->table, system.seed, path_entity(service));
    }
    if (requests) expected += requests->table.size();
    arrivals.push_back(requests ? std::move(*requests) : Arrivals{});
  }
  if (diagnostics.has_errors()) return std::nullopt;
  control.set_expected(expected);

  std::vector<PoolRun> runs;
  for (std::size_t p = 0; p < system.pools.size(); ++p) {
    runs.push_back(run_one_pool(system, p, arrivals, options, control));
  }
  take_halves_apart(system, runs);
  for (std::size_t p = 0; p < system.pools.size(); ++p) {
    if (!runs[p].outcome.beyond_horizon) continue;
    diagnostics.error("out-of-range", system.pools[p].record.place,
                      fmt::format("pool '{}' would serve its requests for more than 105 days", system.pools[p].name),
                      "lower the rate or the duration, or add servers");
    return std::nullopt;
  }

  Results results;
  results.scenario = system.name;
  results.description = system.description;
  results.seed = system.seed;
  results.provenance = provenance_of(system);
  std::vector<Seconds> durations;  // before the requests move to their services
  for (std::size_t p = 0; p < runs.size(); ++p) durations.push_back(duration_of(system, runs, p));
  results.simulated_s = std::max_element(durations.begin(), durations.end())->si();
  results.request_log.resize(system.services.size(), {RequestTable(), RequestOutcomes(0)});
  LogHistogram gaps;
  for (std::size_t p = 0; p < runs.size(); ++p) {
    PoolRun& pool = runs[p];
    const SystemPool& own = system.pools[p];
    const Seconds duration = durations[p];
    Joules sending;
    if (own.prefills_for) sending = sending_energy(system.pools[*own.prefills_for], *runs[*own.prefills_for].prefill);
    PoolResult result = account_pool(own, pool.outcome, duration, sending);
    const RequestTable& table = pool.prefill ? pool.prefill->answers : pool.merged.table;
    std::vector<std::string> broken = broken_laws(own, table, pool.outcome, result, duration);
    if (pool.prefill) {
      result.transfers = account_transfers(system, p, pool.outcome, *pool.prefill, duration);
      const PoolOutcome& prefill = runs[own.prefill->pool].outcome;
      for (std::string& law : broken_transfer_laws(own, prefill, pool.outcome, *pool.prefill, *result.transfers)) {
        broken.push_back(std::move(law));
      }
    }
    results.broken_laws.insert(results.broken_laws.end(), broken.begin(), broken.end());
    for (const ReplicaTotals& totals : pool.outcome.replicas) gaps.merge(totals.token_gaps);
    results.pools.push_back(std::move(result));
    split(std::move(pool.merged), pool.prefill ? pool.prefill->requests : pool.outcome.requests, pool.services,
          arrivals, results.request_log);
  }
  results.itl = summarize(gaps);

  LatencySamples all;
  for (std::size_t s = 0; s < system.services.size(); ++s) {
    Results::ServiceRequests& log = results.request_log[s];
    const std::size_t sent = log.table.size();
    if (control.is_stopped()) drop_never_arrived(log);
    const SystemService& asked = system.services[s];
    if (asked.path) {
      arrivals[s].network.sleep = asked.path->reach_sleepers(log.table, log.outcomes, system.seed, path_entity(asked));
    }
    LatencySamples own;
    own.add(log);
    if (system.services.size() > 1) all.add(log);
    ServiceResult service = summarize_service(asked, log, own.summary());
    if (asked.path) service.path = account_path(*asked.path, arrivals[s].network, sent, service);
    service.workload = arrivals[s].description;
    service.skipped_rows = arrivals[s].skipped_rows;
    results.services.push_back(std::move(service));
  }
  results.latency = system.services.size() > 1 ? all.summary() : results.services[0].latency;
  add_up(results);
  results.complete = std::none_of(runs.begin(), runs.end(), [](const PoolRun& pool) { return pool.outcome.stopped; });
  return results;
}

}  // namespace orrery
