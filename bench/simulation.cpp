// How fast whole runs are, in CPU time: requests and steps per second, memory, start-up.
// Run from the repository root. The Azure traces are read from ../shared/data/traces where they exist.

#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <filesystem>

#include "orrery/scenario/run.h"
#include "orrery/scenario/trace_reader.h"

extern char** environ;

namespace orrery {
namespace {

constexpr const char* kConversationTrace = "../shared/data/traces/azure-2023-conv.csv.gz";
constexpr const char* kMooncakeTrace = "../shared/data/traces/mooncake-conversation.jsonl.gz";

std::shared_ptr<const System> load(const LoadOptions& options) {
  const Catalog catalog("catalog");
  Diagnostics diagnostics;
  return load_system("scenarios/azure-conversation.yaml", catalog, options, diagnostics);
}

LoadOptions with_trace(std::vector<Override> overrides = {}, const char* trace = kConversationTrace) {
  LoadOptions options;
  options.overrides = std::move(overrides);
  options.traces.push_back({"", trace});
  return options;
}

/// Eight engines with a prefix cache, each Llama-3.1-8B on one H100.
LoadOptions mooncake() {
  return with_trace({{"pools.chat.server", "h100-sxm-x8"},
                     {"pools.chat.servers", "1"},
                     {"pools.chat.model", "llama-3.1-8b"},
                     {"pools.chat.tensor_parallel", "1"},
                     {"pools.chat.engine_settings", "{prefix_caching: true}"}},
                    kMooncakeTrace);
}

double peak_memory_MB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1000;
}

/// Everything that grows with the requests: the trace is unpacked and served, latencies summed up and the laws checked.
/// What a process does once, reading the catalog and compiling the scenario, is StartUpOfFirstSteps.
void run_trace(benchmark::State& state, const LoadOptions& options, bool step_by_step) {
  if (!std::filesystem::exists(options.traces.front().file)) {
    state.SkipWithError("../shared/data/traces is absent");
    return;
  }
  std::int64_t requests = 0;
  std::int64_t steps = 0;
  const auto system = load(options);
  for (auto _ : state) {
    RunControl control;
    Diagnostics diagnostics;
    const auto results = run(*system, {.threads = 1, .step_by_step = step_by_step}, control, diagnostics);
    requests += results->requests.completed;
    for (const PoolResult& pool : results->pools) steps += pool.steps;
  }
  state.counters["requests_per_cpu_s"] = benchmark::Counter(static_cast<double>(requests), benchmark::Counter::kIsRate);
  state.counters["steps_per_cpu_s"] = benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
}

void AzureConversation70B(benchmark::State& state) { run_trace(state, with_trace(), false); }
BENCHMARK(AzureConversation70B)->Unit(benchmark::kMillisecond);

void AzureConversation70BStepByStep(benchmark::State& state) { run_trace(state, with_trace(), true); }
BENCHMARK(AzureConversation70BStepByStep)->Unit(benchmark::kMillisecond);

void AzureConversation8BOnOneA100(benchmark::State& state) {
  run_trace(state,
            with_trace({{"pools.chat.server", "a100-sxm-80gb-x1"},
                        {"pools.chat.model", "llama-3.1-8b"},
                        {"pools.chat.tensor_parallel", "1"},
                        {"pools.chat.precision", "{weights: bf16, activations: bf16, kv_cache: bf16}"}}),
            false);
}
BENCHMARK(AzureConversation8BOnOneA100)->Unit(benchmark::kMillisecond);

/// The same without a prefix cache and synchronously: only blocks are counted.
void AzureConversation70BWithoutPrefixCache(benchmark::State& state) {
  run_trace(state, with_trace({{"pools.chat.engine_settings", "{prefix_caching: false, async_scheduling: false}"}}),
            false);
}
BENCHMARK(AzureConversation70BWithoutPrefixCache)->Unit(benchmark::kMillisecond);

void MooncakeConversationOn8Engines(benchmark::State& state) { run_trace(state, mooncake(), false); }
BENCHMARK(MooncakeConversationOn8Engines)->Unit(benchmark::kMillisecond);

/// The simulation alone: the trace is read before, and nothing is summed up.
void MooncakeConversationOn8EnginesServedOnly(benchmark::State& state) {
  if (!std::filesystem::exists(kMooncakeTrace)) {
    state.SkipWithError("../shared/data/traces is absent");
    return;
  }
  Diagnostics diagnostics;
  const auto system = load(mooncake());
  const auto trace = read_trace(kMooncakeTrace, {}, diagnostics);
  const SystemPool& pool = system->pools.front();
  const PoolSetup setup{&pool.cost, pool.limits, static_cast<std::size_t>(pool.replicas), pool.routing, false};
  std::int64_t requests = 0;
  std::int64_t hit_tokens = 0;
  for (auto _ : state) {
    RunControl control;
    const PoolOutcome outcome = run_pool(setup, trace->requests, 1, control);
    for (const ReplicaTotals& totals : outcome.replicas) {
      requests += totals.completed;
      hit_tokens += totals.hit_tokens;
    }
  }
  state.counters["requests_per_cpu_s"] = benchmark::Counter(static_cast<double>(requests), benchmark::Counter::kIsRate);
  state.counters["hit_tokens"] =
      benchmark::Counter(static_cast<double>(hit_tokens), benchmark::Counter::kAvgIterations);
}
BENCHMARK(MooncakeConversationOn8EnginesServedOnly)->Unit(benchmark::kMillisecond);

/// One engine alone: an event is a scheduling, and between two of them lies a run of steps of any length.
void EventsOfOneEngine(benchmark::State& state) {
  if (!std::filesystem::exists(kConversationTrace)) {
    state.SkipWithError("../shared/data/traces is absent");
    return;
  }
  Diagnostics diagnostics;
  const auto system = load(with_trace({{"pools.chat.engine_settings", "{prefix_caching: false}"}}));
  const auto trace = read_trace(kConversationTrace, {}, diagnostics);
  const SystemPool& pool = system->pools.front();
  const RequestTable& requests = trace->requests;
  std::int64_t events = 0;
  std::int64_t steps = 0;
  for (auto _ : state) {
    RequestOutcomes outcomes(requests.size());
    Replica replica(pool.cost, pool.limits, requests, nullptr, outcomes, 0, false);
    for (std::uint32_t i = 0; i < requests.size(); ++i) {
      for (; replica.next_event().ps() < requests.arrival_ps[i]; ++events) replica.advance();
      replica.submit(i);
    }
    for (; replica.next_event() < SimTime::never(); ++events) replica.advance();
    steps += replica.totals().steps;
  }
  state.counters["s_per_event"] =
      benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["steps_per_event"] = static_cast<double>(steps) / static_cast<double>(events);
}
BENCHMARK(EventsOfOneEngine)->Unit(benchmark::kMillisecond);

void TenMillionRequestsOn64Replicas(benchmark::State& state) {
  LoadOptions options;
  options.overrides = {{"pools.chat.servers", "32"},
                       {"services.conversation.workload",
                        "{profile: {profile: azure-2023-conversation, rate: 200 req/s}, requests: 10000000}"}};
  std::int64_t requests = 0;
  for (auto _ : state) {
    RunControl control;
    Diagnostics diagnostics;
    const auto system = load(options);
    requests += run(*system, {}, control, diagnostics)->requests.completed;
  }
  state.counters["requests_per_cpu_s"] = benchmark::Counter(static_cast<double>(requests), benchmark::Counter::kIsRate);
  state.counters["peak_memory_MB"] = peak_memory_MB();
}
BENCHMARK(TenMillionRequestsOn64Replicas)->Unit(benchmark::kSecond)->Iterations(1);

/// The whole program, from exec to exit: CPU time of the child.
void StartUpOfFirstSteps(benchmark::State& state) {
  const char* program = "build/orrery";
  if (!std::filesystem::exists(program)) {
    state.SkipWithError("build/orrery is absent");
    return;
  }
  for (auto _ : state) {
    const char* arguments[] = {program, "run", "scenarios/first-steps.yaml", "--json", nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1 /* O_WRONLY */, 0);
    pid_t child = 0;
    posix_spawn(&child, program, &actions, nullptr, const_cast<char* const*>(arguments), environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    if (status != 0) state.SkipWithError("build/orrery failed");
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    state.SetIterationTime(seconds(usage.ru_utime) + seconds(usage.ru_stime));
  }
}
BENCHMARK(StartUpOfFirstSteps)->Unit(benchmark::kMillisecond)->UseManualTime()->Iterations(50);

}  // namespace
}  // namespace orrery
