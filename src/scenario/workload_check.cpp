#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "orrery/base/sim_time.h"
#include "orrery/fleet/daily_curve.h"
#include "orrery/scenario/workload_record.h"

namespace orrery {
namespace {

constexpr double kRateTolerance = 0.01;    // of a mean rate that is given beside requests and span
constexpr double kMinutesTolerance = 0.5;  // seconds, for a span that was rounded
constexpr std::int64_t kMostTokens = 100'000'000;
constexpr double kWesternmost = -12;  // hours from UTC, of places with people or ships
constexpr double kEasternmost = 14;

/// Exactly one way to say how long prompts and answers are.
void check_lengths(const LengthsRecord& tokens, Diagnostics& diagnostics) {
  const bool fixed = tokens.input || tokens.output;
  if (tokens.profile && fixed) {
    diagnostics.error("impossible-physics", tokens.place,
                      fmt::format("lengths come from the profile '{}', and '{}' is given as well", tokens.profile->id,
                                  tokens.input ? "input" : "output"),
                      "keep either `profile`, or `input` and `output`");
  } else if (!tokens.profile && !fixed) {
    diagnostics.error("missing-key", tokens.place, "token counts are missing",
                      "give `input` and `output`, or a `profile` to draw both from");
  } else if (fixed && !(tokens.input && tokens.output)) {
    diagnostics.error("missing-key", tokens.place,
                      fmt::format("'{}' is missing from Lengths", tokens.input ? "output" : "input"),
                      "give both `input` and `output`, or a `profile` to draw both from");
  }
}

/// A drawn workload ends, and does so before simulated time does.
void check_end(const WorkloadRecord& workload, std::optional<Hertz> rate, Diagnostics& diagnostics) {
  if (!workload.requests && !workload.duration) {
    diagnostics.error("missing-key", workload.place, "a workload that is drawn has no end of its own",
                      "give `requests` (how many) or `duration` (how long)");
  } else if (rate && !workload.duration) {
    const Seconds span = static_cast<double>(*workload.requests) / *rate;
    if (span > kLongestSimTime) {
      diagnostics.error("impossible-physics", workload.place,
                        fmt::format("{} requests at {} last {}, and a run lasts at most {}", *workload.requests,
                                    to_text(*rate), to_text(span), to_text(kLongestSimTime)),
                        "give fewer `requests`, a higher `rate`, or a `duration`");
    }
  } else if (rate && !workload.requests && *rate * *workload.duration > kMostRequests) {
    diagnostics.error("out-of-range", workload.place,
                      fmt::format("{} for {} are {:.3g} requests; at most {:.3g} are simulated", to_text(*rate),
                                  to_text(*workload.duration), *rate * *workload.duration, kMostRequests),
                      "lower the `rate` or the `duration`, or give `requests`");
  }
}

const Place& place_of(const PopulationWorkload& population, std::string_view key) {
  for (const auto& [known, place] : population.key_places) {
    if (known == key) return place;
  }
  return population.place;
}

/// Offsets and hours of a population lie where there are some.
void check_hours(const PopulationWorkload& population, Diagnostics& diagnostics) {
  const auto check = [&](std::string_view key, Seconds time, double low, double high, std::string_view what,
                         std::string hint) {
    const double hours = time.si() / 3600;
    if (hours >= low && hours <= high) return;
    diagnostics.error("out-of-range", place_of(population, key),
                      fmt::format("'{}' is {:g} h, and {} from {:g} h to {:g} h", key, hours, what, low, high),
                      std::move(hint));
  };
  check("local_time", population.local_time, kWesternmost, kEasternmost, "local times differ from UTC",
        "write local time less UTC: 9 h in Korea, -8 h in California in winter");
  check("starts_at", population.starts_at, 0, 24, "a day has the hours",
        "write a UTC time of day; `duration` says how many hours or days the run lasts");
}

void check_quantiles(std::string_view name, const std::vector<std::int64_t>& quantiles, double tail_mean,
                     const LengthStratum& stratum, Diagnostics& diagnostics) {
  if (quantiles.size() < 2) {
    diagnostics.error("wrong-type", stratum.place,
                      fmt::format("'{}' needs at least two quantiles, the smallest and the largest", name));
    return;
  }
  const auto fall = std::is_sorted_until(quantiles.begin(), quantiles.end());
  if (fall != quantiles.end()) {
    diagnostics.error("impossible-physics", stratum.place,
                      fmt::format("'{}' falls from {} to {}: quantiles never fall", name, *(fall - 1), *fall));
  } else if (const auto low = static_cast<double>(*(quantiles.end() - 2)), high = static_cast<double>(quantiles.back());
             tail_mean < low || tail_mean > high) {
    diagnostics.error(
        "impossible-physics", stratum.place,
        fmt::format("the tail of '{}' lies between {} and {}, and its mean is {}", name, low, high, tail_mean));
  }
  for (std::int64_t tokens : quantiles) {
    if (tokens <= kMostTokens) continue;
    diagnostics.error("out-of-range", stratum.place, fmt::format("{} tokens are more than {}", tokens, kMostTokens));
    break;
  }
}

void check_strata(const std::vector<LengthStratum>& strata, const Place& place, Diagnostics& diagnostics) {
  if (strata.empty()) {
    diagnostics.error("missing-key", place, "'lengths' holds no stratum");
    return;
  }
  for (const LengthStratum& stratum : strata) {
    check_quantiles("input_quantiles", stratum.input_quantiles, stratum.input_tail_mean, stratum, diagnostics);
    check_quantiles("output_quantiles", stratum.output_quantiles, stratum.output_tail_mean, stratum, diagnostics);
    const LengthStratum& first = strata.front();
    const auto check_size = [&](std::string_view name, const auto& own, const auto& wanted) {
      if (own.size() == wanted.size()) return;
      diagnostics
          .error("wrong-type", stratum.place,
                 fmt::format("'{}' has {} quantiles, that of the first stratum {}", name, own.size(), wanted.size()),
                 "every stratum holds the same quantiles")
          .notes.push_back({"the first stratum", first.place});
    };
    check_size("input_quantiles", stratum.input_quantiles, first.input_quantiles);
    check_size("output_quantiles", stratum.output_quantiles, first.output_quantiles);
  }
  for (std::size_t i = 1; i < strata.size(); ++i) {
    const auto& before = strata[i - 1].input_quantiles;
    const auto& own = strata[i].input_quantiles;
    if (before.empty() || own.empty() || before.back() <= own.front()) continue;
    diagnostics
        .error("impossible-physics", strata[i].place,
               fmt::format("its inputs begin at {} tokens, and those of the stratum before it end at {}", own.front(),
                           before.back()),
               "strata are in order of their inputs and do not overlap")
        .notes.push_back({"the stratum before it", strata[i - 1].place});
  }
}

void check_arrivals(const WorkloadProfileRecord& profile, Diagnostics& diagnostics) {
  const ArrivalStatistics& arrivals = profile.arrivals;
  const auto requests = static_cast<double>(*profile.requests);
  const Hertz implied = requests / *profile.span;
  if (std::abs(*arrivals.mean_rate / implied - 1) > kRateTolerance) {
    diagnostics.error("impossible-physics", arrivals.mean_rate.place,
                      fmt::format("the mean rate is {}, but {} requests in {} are {}", to_text(*arrivals.mean_rate),
                                  *profile.requests, to_text(*profile.span), to_text(implied)));
  }
  const std::vector<std::int64_t>& minutes = arrivals.requests_per_minute;
  const auto total = std::accumulate(minutes.begin(), minutes.end(), 0.0,
                                     [](double sum, std::int64_t count) { return sum + static_cast<double>(count); });
  if (total == 0) {
    diagnostics.error("impossible-physics", arrivals.place, "no minute of 'requests_per_minute' holds a request");
  } else if (total > requests) {
    diagnostics.error(
        "impossible-physics", arrivals.place,
        fmt::format("'requests_per_minute' holds {} requests, and the trace {}", total, *profile.requests));
  } else if (Seconds(60 * static_cast<double>(minutes.size())) > *profile.span + Seconds(kMinutesTolerance)) {
    diagnostics.error("impossible-physics", arrivals.place,
                      fmt::format("'requests_per_minute' lists {} whole minutes, and the trace spans {}",
                                  minutes.size(), to_text(*profile.span)));
  }
}

}  // namespace

void check_workload(const WorkloadRecord& workload, Diagnostics& diagnostics) {
  std::vector<std::string_view> kinds;
  if (workload.trace) kinds.push_back("trace");
  if (workload.profile) kinds.push_back("profile");
  if (workload.poisson) kinds.push_back("poisson");
  if (workload.gamma) kinds.push_back("gamma");
  if (workload.population) kinds.push_back("population");
  if (kinds.empty()) {
    diagnostics.error("missing-key", workload.place, "the workload says nothing about where its requests come from",
                      "give one of `trace`, `profile`, `poisson`, `gamma`, `population`");
    return;
  }
  if (kinds.size() > 1) {
    diagnostics.error("impossible-physics", workload.place,
                      fmt::format("the requests come from one place, not from {}", fmt::join(kinds, " and ")),
                      "keep one of them; another service may have the other");
  }
  if (workload.poisson) check_lengths(workload.poisson->tokens, diagnostics);
  if (workload.gamma) check_lengths(workload.gamma->tokens, diagnostics);
  if (workload.population) {
    check_lengths(workload.population->tokens, diagnostics);
    check_hours(*workload.population, diagnostics);
  }
  if (workload.trace && workload.shared_prefix) {
    diagnostics.error("impossible-physics", workload.shared_prefix->place,
                      "a trace tells by its ids what its prompts share, or does not know",
                      "remove `shared_prefix`, or draw the requests from a `profile` of the trace");
  }
  if (workload.trace) return;
  std::optional<Hertz> rate;
  if (workload.profile) rate = workload.profile->rate;
  if (workload.poisson) rate = workload.poisson->rate;
  if (workload.gamma) rate = workload.gamma->rate;
  // The requests of a population within a `duration` depend on its hours: check_demand().
  if (workload.population && !workload.duration) rate = workload.population->mean_rate();
  check_end(workload, rate, diagnostics);
}

void check_demand(const WorkloadRecord& workload, const DailyCurveRecord& curve, Diagnostics& diagnostics) {
  const PopulationWorkload& population = *workload.population;
  const Seconds start = population.local_start();
  const Seconds duration = std::min(workload.duration.value_or(kLongestSimTime), kLongestSimTime);
  const double expected = population.mean_rate() * DailyCurve(curve).integral(start, start + duration);
  const double hour = time_of_day(start).si() / 3600;
  const double hours = duration.si() / 3600;
  if (expected <= 0) {
    diagnostics.error("impossible-physics", population.curve.place,
                      fmt::format("the run starts at {:g} h of the users' day and lasts {:g} h, and by the curve '{}' "
                                  "nobody asks for anything then",
                                  hour, hours, population.curve.id),
                      "give a longer `duration`, another hour in `starts_at` (UTC), or another curve");
  } else if (!workload.requests && expected > kMostRequests) {
    diagnostics.error("out-of-range", population.place,
                      fmt::format("{:.3g} requests are expected in {:g} h from {:g} h of the users' day on; at most "
                                  "{:.3g} are simulated",
                                  expected, hours, hour, kMostRequests),
                      "lower `sample`, `users` or `duration`, or give `requests`");
  }
}

void check_physics(const WorkloadProfileRecord& profile, Diagnostics& diagnostics) {
  check_arrivals(profile, diagnostics);
  check_strata(profile.lengths, profile.header.place_of("lengths"), diagnostics);
}

}  // namespace orrery
