#include "orrery/estimate/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "orrery/base/percentiles.h"
#include "orrery/base/random_stream.h"
#include "orrery/scenario/system.h"
#include "orrery/schema/node.h"

namespace orrery {
namespace {

constexpr double kPicosecond = 1e-12;

/// The scenario of a run, with a workload that nobody draws from.
std::string scenario_text(const RealRun& run, std::optional<std::int64_t> blocks) {
  std::string settings =
      fmt::format("max_num_seqs: {}, max_num_batched_tokens: {}", run.max_num_seqs, run.max_num_batched_tokens);
  if (run.max_model_len) settings += fmt::format(", max_model_len: {}", *run.max_model_len);
  if (blocks) settings += fmt::format(", kv_blocks: {}", *blocks);
  return fmt::format(
      "scenario: {}\nseed: 1\npools:\n  real: {{site: usa, server: {}, servers: 1, model: {}, tensor_parallel: {}, "
      "precision: {{weights: bf16, activations: bf16, kv_cache: bf16}}, engine: {}, engine_settings: {{{}}}, "
      "routing: round-robin, ownership: rented}}\nservices:\n  users: {{pool: real, workload: {{poisson: {{rate: 1 "
      "req/s, "
      "tokens: {{input: 1, output: 1}}}}, requests: 1}}}}\n",
      run.name, run.server, run.model, run.tensor_parallel, run.engine, settings);
}

std::shared_ptr<const System> system_of(const RealRun& run, std::optional<std::int64_t> blocks, const Catalog& catalog,
                                        Diagnostics& diagnostics) {
  const auto source = std::make_shared<const SourceText>(run.name, scenario_text(run, blocks));
  const auto node = parse_yaml(source, diagnostics);
  return node ? compile_system(*node, ".", catalog, diagnostics) : nullptr;
}

PoolOutcome serve(const SystemPool& pool, const RequestTable& requests) {
  RunControl control;
  const PoolSetup setup{&pool.cost, pool.limits, 1, pool.routing, false};
  return run_pool(setup, requests, 1, control);
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// One metric of all requests, measured and simulated.
struct Samples {
  std::string name;
  std::vector<double> measured;
  std::vector<double> simulated;

  void add(double real, double ours) {
    measured.push_back(real);
    simulated.push_back(ours);
  }
  void report(Replay& replay) const {
    replay.figures.push_back({name + " mean", mean_of(measured), mean_of(simulated)});
    std::vector<double> real = measured;
    std::vector<double> ours = simulated;
    Percentiles real_percentiles(real);
    Percentiles our_percentiles(ours);
    for (const double share : {0.5, 0.9, 0.95, 0.99}) {
      replay.figures.push_back(
          {fmt::format("{} p{:g}", name, 100 * share), real_percentiles.at(share), our_percentiles.at(share)});
    }
    replay.per_request.emplace_back(name, own_error(0));
    replay.per_warm_request.emplace_back(name, own_error(kColdRequests));
  }

 private:
  /// Mean of |simulated / measured - 1| from one request on. Pre: there is one.
  double own_error(std::size_t first) const {
    double sum = 0;
    for (std::size_t i = first; i < measured.size(); ++i) sum += std::abs(simulated[i] / measured[i] - 1);
    return sum / static_cast<double>(measured.size() - first);
  }
};

void copy_counts(const PoolOutcome& outcome, Replay& replay) {
  for (const ReplicaTotals& totals : outcome.replicas) {
    replay.steps += totals.steps;
    replay.preemptions += totals.preemptions;
    replay.hit_tokens += totals.hit_tokens;
  }
}

std::optional<Replay> replay_requests(const RealRun& run, std::optional<std::int64_t> blocks, const Catalog& catalog,
                                      Diagnostics& diagnostics) {
  const auto system = system_of(run, blocks, catalog, diagnostics);
  if (!system) return std::nullopt;
  const SystemPool& pool = system->pools.front();
  const PoolOutcome outcome = serve(pool, run.requests);
  Replay replay;
  replay.run = run.name;
  replay.variant = blocks ? "blocks given" : "nothing given";
  replay.chip = pool.chip.header.id;
  copy_counts(outcome, replay);
  Samples ttft_queued{"TTFT queued", {}, {}};
  Samples ttft_arrival{"TTFT arrival", {}, {}};
  Samples tpot{"TPOT", {}, {}};
  Samples e2e{"E2E queued", {}, {}};
  std::int64_t first = INT64_MAX;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < run.requests.size(); ++i) {
    const RequestOutcomes& o = outcome.requests;
    if (o.state[i] != RequestState::completed) continue;
    const auto seconds = [&](std::int64_t from, std::int64_t to) {
      return static_cast<double>(to - from) * kPicosecond;
    };
    first = std::min(first, o.queued_ps[i]);
    last = std::max(last, o.finish_ps[i]);
    const MeasuredRequest& real = run.measured[i];
    ttft_queued.add(real.ttft_queued, seconds(o.queued_ps[i], o.first_token_ps[i]));
    ttft_arrival.add(real.ttft_arrival, seconds(run.requests.arrival_ps[i], o.first_token_ps[i]));
    e2e.add(real.e2e_queued, seconds(o.queued_ps[i], o.finish_ps[i]));
    if (run.requests.output_tokens[i] > 1) {
      tpot.add(real.tpot, seconds(o.first_token_ps[i], o.finish_ps[i]) / (run.requests.output_tokens[i] - 1));
    }
  }
  for (const Samples* samples : {&ttft_queued, &ttft_arrival, &tpot, &e2e}) samples->report(replay);
  replay.figures.push_back({"makespan", run.makespan, static_cast<double>(last - first) * kPicosecond});
  if (run.measured_blocks && !blocks) {
    replay.figures.push_back(
        {"KV blocks", static_cast<double>(*run.measured_blocks), static_cast<double>(pool.memory.kv_blocks)});
  }
  return replay;
}

/// The requests of one stage: as many as rate x duration, with exponential gaps scaled to fill the stage.
void add_stage(const RealRun& run, const MeasuredStage& stage, double start, RandomStream& gaps, std::int64_t& sent,
               std::span<const std::uint64_t> group_keys, RequestTable& table) {
  const auto count = std::llround(stage.rate * stage.duration);
  std::vector<double> times;
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) times.push_back(sum += gaps.exponential());
  const std::int64_t distinct = run.groups * run.prompts_per_group;
  for (const double time : times) {
    const double at = start + time / sum * stage.duration;
    table.add(std::llround(at / kPicosecond), static_cast<std::int32_t>(run.prompt_tokens),
              static_cast<std::int32_t>(run.output_tokens));
    if (run.is_overloaded()) {
      const double patience = std::ceil(at + kClientPatience) - kApiBefore - kApiAfter;
      table.give_up_ps.push_back(std::llround(patience / kPicosecond));
    }
    const auto keys = static_cast<std::size_t>(run.prompt_tokens);
    table.add_keys(group_keys.subspan(static_cast<std::size_t>(sent % distinct) * keys, keys),
                   static_cast<std::int32_t>(run.prompt_tokens), 1);
    ++sent;
  }
}

/// A key for every token of every distinct prompt: equal in a group as far as its prompts are.
std::vector<std::uint64_t> prompt_keys(const RealRun& run) {
  std::vector<std::uint64_t> keys;
  for (std::int64_t group = 0; group < run.groups; ++group) {
    for (std::int64_t prompt = 0; prompt < run.prompts_per_group; ++prompt) {
      RandomStream shared(1, "replay", "group", static_cast<std::uint64_t>(group));
      RandomStream own(1, "replay", "prompt", static_cast<std::uint64_t>(group * run.prompts_per_group + prompt));
      for (std::int64_t token = 0; token < run.prompt_tokens; ++token) {
        keys.push_back(token < run.shared_tokens ? shared.next() : own.next());
      }
    }
  }
  return keys;
}

struct StageMeans {
  double e2e = 0;
  double e2e_median = 0;
  double ttft = 0;
  double ttft_median = 0;
  double failed = 0;
};

/// What the stages of a run come to, in the mean over the seeds.
struct StageRuns {
  std::vector<StageMeans> stages;
  Replay counts;  ///< of steps and tokens, all seeds together
};

constexpr std::uint64_t kSeeds = 3;

StageRuns run_stages(const RealRun& run, const SystemPool& pool, const std::vector<std::uint64_t>& keys) {
  constexpr double kPause = 60;  // seconds between stages: long enough for the engine to run empty
  StageRuns runs;
  std::vector<StageMeans>& means = runs.stages;
  means.resize(run.stages.size());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    RequestTable table;
    RandomStream gaps(seed, "replay", "gaps");
    std::int64_t sent = 0;
    double start = 0;
    std::vector<std::size_t> ends;
    for (const MeasuredStage& stage : run.stages) {
      add_stage(run, stage, start, gaps, sent, keys, table);
      start += stage.duration + kPause;
      ends.push_back(table.size());
    }
    const PoolOutcome outcome = serve(pool, table);
    copy_counts(outcome, runs.counts);
    std::size_t i = 0;
    for (std::size_t stage = 0; stage < ends.size(); ++stage) {
      std::vector<double> ttft;
      std::vector<double> e2e;
      double failed = 0;
      for (; i < ends[stage]; ++i) {
        if (outcome.requests.state[i] == RequestState::failed) ++failed;
        if (outcome.requests.state[i] != RequestState::completed) continue;
        const auto since = [&](std::int64_t at) {
          return static_cast<double>(at - table.arrival_ps[i]) * kPicosecond + kApiBefore;
        };
        ttft.push_back(since(outcome.requests.first_token_ps[i]));
        e2e.push_back(since(outcome.requests.finish_ps[i]) + kApiAfter);
      }
      means[stage].e2e += mean_of(e2e) / kSeeds;
      means[stage].e2e_median += Percentiles(e2e).at(0.5) / kSeeds;
      means[stage].failed += failed / kSeeds;
      means[stage].ttft += mean_of(ttft) / kSeeds;
      means[stage].ttft_median += Percentiles(ttft).at(0.5) / kSeeds;
    }
  }
  return runs;
}

ReplayedFigure tpot_of(const RealRun& run, const MeasuredStage& real, const StageMeans& ours) {
  const auto gaps = static_cast<double>(run.output_tokens - 1);
  return {"TPOT mean", (real.e2e_mean - real.ttft_mean) / gaps, (ours.e2e - ours.ttft) / gaps};
}

std::vector<Replay> report_stages(const RealRun& run, const SystemPool& pool, const StageRuns& runs,
                                  std::string_view given) {
  std::vector<Replay> replays;
  for (std::size_t stage = 0; stage < run.stages.size(); ++stage) {
    const MeasuredStage& real = run.stages[stage];
    const StageMeans& ours = runs.stages[stage];
    Replay& replay = replays.emplace_back();
    replay.run = run.name;
    replay.variant = fmt::format("{:g} req/s{}", real.rate, given);
    replay.chip = pool.chip.header.id;
    const ReplayedFigure tpot = tpot_of(run, real, ours);
    const ReplayedFigure ttft{"TTFT median", real.ttft_median, ours.ttft_median};
    if (run.is_overloaded()) {
      replay.figures = {{"failures", static_cast<double>(real.failed), ours.failed},
                        {"E2E median", real.e2e_median, ours.e2e_median},
                        ttft,
                        tpot};
    } else {
      replay.figures = {{"E2E mean", real.e2e_mean, ours.e2e}, tpot, ttft};
    }
    replay.steps = runs.counts.steps / static_cast<std::int64_t>(kSeeds);
    replay.hit_tokens = runs.counts.hit_tokens / static_cast<std::int64_t>(kSeeds);
    replay.preemptions = runs.counts.preemptions / static_cast<std::int64_t>(kSeeds);
  }
  return replays;
}

std::vector<Replay> replay_stages(const RealRun& run, const Catalog& catalog, Diagnostics& diagnostics) {
  const auto system = system_of(run, std::nullopt, catalog, diagnostics);
  if (!system) return {};
  const SystemPool& pool = system->pools.front();
  return report_stages(run, pool, run_stages(run, pool, prompt_keys(run)), "");
}

/// The same, and where its time per token is far off once more with every step longer or shorter by as much as brings
/// the first stage's time per token to the measured one: what is left are the errors of scheduling and of clients that
/// give up.
std::vector<Replay> replay_overload(const RealRun& run, const Catalog& catalog, Diagnostics& diagnostics) {
  constexpr int kMostRounds = 12;
  constexpr double kFarOff = 0.05;
  constexpr double kCloseEnough = 0.002;
  const auto system = system_of(run, std::nullopt, catalog, diagnostics);
  if (!system) return {};
  SystemPool pool = system->pools.front();
  const std::vector<std::uint64_t> keys = prompt_keys(run);
  StageRuns runs = run_stages(run, pool, keys);
  std::vector<Replay> replays = report_stages(run, pool, runs, "");
  if (std::abs(tpot_of(run, run.stages.front(), runs.stages.front()).error()) < kFarOff) return replays;
  for (int round = 0; round < kMostRounds; ++round) {
    const ReplayedFigure tpot = tpot_of(run, run.stages.front(), runs.stages.front());
    if (std::abs(tpot.error()) < kCloseEnough) break;
    const std::int64_t longer = std::llround((tpot.measured - tpot.simulated) / kPicosecond);
    for (std::int64_t& time : pool.cost.tokens_ps) time = std::max<std::int64_t>(time + longer, 1);
    runs = run_stages(run, pool, keys);
  }
  for (Replay& replay : report_stages(run, pool, runs, ", TPOT given")) replays.push_back(std::move(replay));
  return replays;
}

}  // namespace

ReplaySuite replay_real_runs(const std::string& folder, const Catalog& catalog, Diagnostics& diagnostics) {
  ReplaySuite suite;
  for (const RealRun& run : read_real_runs(folder, diagnostics)) {
    if (run.is_by_request()) {
      if (run.measured_blocks) {
        if (auto replay = replay_requests(run, run.measured_blocks, catalog, diagnostics)) {
          suite.by_request.push_back(std::move(*replay));
        }
      }
      if (auto replay = replay_requests(run, std::nullopt, catalog, diagnostics)) {
        suite.by_request.push_back(std::move(*replay));
      }
      continue;
    }
    const bool in_overload = run.is_overloaded();
    const auto replays =
        in_overload ? replay_overload(run, catalog, diagnostics) : replay_stages(run, catalog, diagnostics);
    auto& suite_part = in_overload ? suite.in_overload : suite.by_stage;
    suite_part.insert(suite_part.end(), replays.begin(), replays.end());
  }
  return suite;
}

}  // namespace orrery
