#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <thread>

#include "orrery/cli/command.h"
#include "orrery/cli/program.h"
#include "orrery/cli/run_watcher.h"
#include "orrery/report/json_summary.h"
#include "orrery/report/requests_csv.h"
#include "orrery/report/requirement.h"
#include "orrery/report/run_folder.h"
#include "orrery/report/text_summary.h"
#include "orrery/scenario/run.h"

namespace orrery {
namespace {

using Clock = std::chrono::steady_clock;

/// The options of `run`, read but for the requirements, which need the names of the scenario.
struct RunRequest {
  std::string scenario;
  LoadOptions load;
  RunOptions run;
  std::vector<std::string> conditions;
  std::optional<std::string> folder;
  std::optional<std::string> requests_file;
  ExistingRun existing = ExistingRun::refuse;
  bool json = false;
  bool quiet = false;
};

struct Requirements {
  bool slo = false;
  std::vector<Requirement> metrics;
};

int usual_threads() {
  constexpr unsigned kMost = 64;
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kMost));
}

Result<std::int64_t> whole_number(const Arguments& arguments, std::string_view key, std::int64_t low, std::int64_t high,
                                  std::int64_t when_absent) {
  const auto text = arguments.get(key);
  if (!text) return when_absent;
  const auto number = parse_integer(*text);
  if (number && *number >= low && *number <= high) return *number;
  return failure(fmt::format("{} takes a whole number from {} to {}, not '{}'", key, low, high, *text));
}

/// Fails with what is wrong with the command line.
Result<RunRequest> read_request(const Arguments& arguments) {
  constexpr std::int64_t kMostThreads = 1024;
  RunRequest request;
  request.scenario = *arguments.get("SCENARIO");
  for (const std::string& text : arguments.all("--set")) {
    auto one = parse_override(text);
    if (!one) return failure(fmt::format("--set {}: {}", text, one.error()));
    request.load.overrides.push_back(std::move(*one));
  }
  for (const std::string& text : arguments.all("--trace")) {
    const std::size_t equals = text.find('=');
    const bool named = equals != std::string::npos && equals < text.find('/');  // a path may hold an '='
    request.load.traces.push_back(named ? TraceOverride{text.substr(0, equals), text.substr(equals + 1)}
                                        : TraceOverride{"", text});
  }
  if (const auto text = arguments.get("--seed")) {
    std::uint64_t seed = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seed);
    if (error != std::errc{} || end != text->data() + text->size()) {
      return failure(fmt::format("--seed takes a whole number from 0 to 2^64 - 1, not '{}'", *text));
    }
    request.load.seed = seed;
  }
  const auto threads = whole_number(arguments, "--threads", 1, kMostThreads, usual_threads());
  if (!threads) return failure(threads.error());
  request.run.threads = static_cast<int>(*threads);
  request.run.step_by_step = arguments.has("--step-by-step");
  request.load.skip_bad_rows = arguments.has("--skip-bad-rows");
  request.conditions = arguments.all("--require");
  request.folder = arguments.get("--out");
  request.requests_file = arguments.get("--requests-out");
  if (arguments.has("--force")) request.existing = ExistingRun::replace;
  if (arguments.has("--force") && !request.folder) return failure("--force goes with --out DIR");
  request.json = arguments.has("--json");
  request.quiet = arguments.has("--quiet");
  if (request.json && request.quiet) return failure("--json and --quiet exclude each other");
  return request;
}

/// Against the metrics that this system will have, before anything is simulated.
Result<Requirements> read_requirements(const RunRequest& request, const System& system) {
  Results names;
  for (const SystemPool& pool : system.pools) {
    names.pools.emplace_back().name = pool.name;
    names.pools.back().site = pool.site.header.id;
    if (pool.adapters) names.pools.back().adapters.emplace();
    if (pool.speculation) names.pools.back().speculation.emplace();
    if (pool.prefill) names.pools.back().transfers.emplace();
  }
  for (const SystemService& service : system.services) names.services.emplace_back().name = service.name;
  const std::vector<Metric> metrics = summary_metrics(names);
  Requirements requirements;
  for (const std::string& text : request.conditions) {
    if (text == "slo") {
      const auto has_targets = [](const SystemService& service) { return service.record.slo.has_value(); };
      if (std::none_of(system.services.begin(), system.services.end(), has_targets)) {
        return failure("--require slo: the scenario has no SLO");
      }
      requirements.slo = true;
      continue;
    }
    auto requirement = parse_requirement(text, metrics);
    if (!requirement) return failure(fmt::format("--require {}", requirement.error()));
    requirements.metrics.push_back(std::move(*requirement));
  }
  return requirements;
}

/// Says what is missed; returns whether nothing is.
bool meets(const Requirements& requirements, const Results& results, const Program& program) {
  bool good = true;
  const auto miss = [&](const std::string& what) {
    program.note("missed: " + what);
    good = false;
  };
  if (requirements.slo) {
    for (const ServiceResult& service : results.services) {
      for (const SloResult& slo : service.slo) {
        if (slo.met) continue;
        const bool has_value = std::isfinite(slo.value_s) && slo.value_s > slo.target_s;
        miss(fmt::format("SLO {} of service {}: {}, required <= {}", slo.metric, service.name,
                         has_value ? to_text(Seconds(slo.value_s)) : "too few requests completed",
                         to_text(Seconds(slo.target_s))));
      }
    }
  }
  if (requirements.metrics.empty()) return good;
  const std::vector<Metric> metrics = summary_metrics(results);
  for (const Requirement& requirement : requirements.metrics) {
    if (const std::string why = unmet(requirement, metrics); !why.empty()) miss(why);
  }
  return good;
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// The file for --requests-out has a folder, if only the one that --out makes, and is none of the inputs.
Result<void> check_requests_file(const RunRequest& request, const System& system) {
  namespace fs = std::filesystem;
  const std::string& file = *request.requests_file;
  const fs::path folder = fs::absolute(file).lexically_normal().parent_path();
  std::error_code error;
  const bool made_by_out = request.folder && (fs::absolute(*request.folder) / "").lexically_normal() == folder / "";
  if (!made_by_out && !fs::is_directory(folder, error)) {
    return failure(fmt::format("cannot write {}: there is no folder {}", file, folder.string()));
  }
  std::vector<std::string> inputs = {request.scenario};
  for (const SystemService& service : system.services) {
    if (!service.trace_path.empty()) inputs.push_back(service.trace_path);
  }
  for (const std::string& input : inputs) {
    if (fs::equivalent(file, input, error)) {
      return failure(fmt::format("cannot write {}: it is an input of this run; choose another name", file));
    }
  }
  return {};
}

/// Where the results will go is looked at before the simulation, not after it.
Result<std::optional<RunFolder>> prepare_outputs(const RunRequest& request, const System& system) {
  if (request.requests_file) {
    if (auto good = check_requests_file(request, system); !good) return failure(good.error());
  }
  if (!request.folder) return std::nullopt;
  const std::string now = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  auto folder =
      RunFolder::create(*request.folder, {system.name, system.seed, now, system.resolved_yaml}, request.existing);
  if (!folder) return failure(folder.error());
  return std::optional<RunFolder>(std::move(*folder));
}

/// Files first, then stdout: a reader that goes away loses nothing.
int write_results(const RunRequest& request, const Results& results, std::optional<RunFolder>& folder,
                  const Program& program) {
  const std::string summary = json_summary(results);
  if (request.requests_file) {
    if (auto done = write_requests_csv(results, *request.requests_file); !done) return program.fail(done.error());
  }
  if (folder) {
    if (auto done = folder->finish(results, summary); !done) return program.fail(done.error());
  }
  if (request.quiet) return kAnswered;
  return program.print(request.json ? summary : text_summary(results, program.surroundings().style));
}

int simulate(const RunRequest& request, const System& system, const Requirements& requirements, Clock::time_point start,
             const Program& program) {
  RunControl control;
  RunWatcher watcher(control, program.surroundings().shows_progress && !request.quiet);
  auto folder = prepare_outputs(request, system);
  if (!folder) return program.fail(folder.error());

  Diagnostics diagnostics;
  auto results = run(system, request.run, control, diagnostics);
  watcher.end_progress();
  if (!results) {
    if (*folder) (*folder)->discard();
    return program.report(diagnostics, request.json);
  }
  program.report(diagnostics, false);  // warnings
  results->wall_s = std::chrono::duration<double>(Clock::now() - start).count();
  results->cpu_s = cpu_seconds();

  if (const int code = write_results(request, *results, *folder, program); code != kAnswered) return code;
  for (const std::string& law : results->broken_laws) program.note("internal error: " + law);
  if (!results->broken_laws.empty()) return kFailed;
  if (!results->complete) {
    program.note("interrupted; the results are partial");
    return kInterrupted;
  }
  return meets(requirements, *results, program) ? kAnswered : kAnsweredNo;
}

}  // namespace

int command_run(const Arguments& arguments, Program& program) {
  const Clock::time_point start = Clock::now();
  const auto request = read_request(arguments);
  if (!request) return program.refuse(request.error());
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  Diagnostics diagnostics;
  const auto system = load_system(request->scenario, *catalog, request->load, diagnostics);
  if (system == nullptr || diagnostics.has_errors()) return program.report(diagnostics, request->json);
  program.report(diagnostics, false);  // warnings
  const auto requirements = read_requirements(*request, *system);
  if (!requirements) return program.refuse(requirements.error());
  return simulate(*request, *system, *requirements, start, program);
}

}  // namespace orrery
