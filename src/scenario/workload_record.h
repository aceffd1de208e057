#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orrery/fleet/daily_curve_record.h"
#include "orrery/schema/entry.h"

namespace orrery {

struct WorkloadKind {
  static constexpr std::string_view kName = "workload";
};

/// One stratum of the joint distribution of prompt and answer lengths: requests of similar input, with
/// the quantiles of their inputs and of their outputs. Those above the last quantile but one are few
/// and far apart, so that their mean is told as well.
struct LengthStratum {
  std::vector<std::int64_t> input_quantiles;
  double input_tail_mean = 0;
  std::vector<std::int64_t> output_quantiles;
  double output_tail_mean = 0;
  Place place;
};
constexpr RecordName record_name(const LengthStratum*) {
  return {"LengthStratum", "Requests of similar input length, equally many in each stratum"};
}
template <class Visitor>
void visit(Visitor& v, LengthStratum& r) {
  v.required("input_quantiles", r.input_quantiles,
             "Input tokens at evenly spaced quantiles of the stratum, smallest to largest", at_least(1));
  v.required("input_tail_mean", r.input_tail_mean, "Mean of the inputs between the last two quantiles", at_least(1));
  v.required("output_quantiles", r.output_quantiles,
             "Output tokens of the same requests at evenly spaced quantiles, smallest to largest", at_least(1));
  v.required("output_tail_mean", r.output_tail_mean, "Mean of the outputs between the last two quantiles", at_least(1));
  v.place(r.place);
}

/// How requests arrive: a rate per minute, and within the minute a gamma-modulated Poisson process.
struct ArrivalStatistics {
  Sourced<Hertz> mean_rate;
  std::vector<std::int64_t> requests_per_minute;
  Sourced<double> second_dispersion;
  Sourced<double> second_correlation;
  Sourced<double> gap_variation;
  Place place;
};
constexpr RecordName record_name(const ArrivalStatistics*) { return {"ArrivalStatistics", "How requests arrive"}; }
template <class Visitor>
void visit(Visitor& v, ArrivalStatistics& r) {
  v.required("mean_rate", r.mean_rate, "Requests per second over the whole trace", in_range(Hertz(1e-6), Hertz(1e7)));
  v.required("requests_per_minute", r.requests_per_minute,
             "Requests in each whole minute; repeats when a run is longer", at_least(0));
  v.required("second_dispersion", r.second_dispersion,
             "Variance over mean of the requests per second, within the minutes; 1 for Poisson", in_range(0, 1e4));
  v.required("second_correlation", r.second_correlation,
             "Correlation of the excess rate of neighbouring seconds, within the minutes", in_range(0, 1));
  v.required("gap_variation", r.gap_variation, "Coefficient of variation of the gaps between requests, to compare with",
             in_range(0, 1e4));
  v.place(r.place);
}

/// What a public trace looks like, as figures: enough to draw requests like its own.
struct WorkloadProfileRecord {
  EntryHeader header;
  Sourced<std::int64_t> requests;
  Sourced<Seconds> span;
  Sourced<double> mean_input_tokens;
  Sourced<double> mean_output_tokens;
  ArrivalStatistics arrivals;
  std::vector<LengthStratum> lengths;
};
constexpr RecordName record_name(const WorkloadProfileRecord*) {
  return {"WorkloadProfile", "What a public trace looks like, as figures"};
}
template <class Visitor>
void visit(Visitor& v, WorkloadProfileRecord& r) {
  visit_header(v, r.header);
  v.required("requests", r.requests, "Requests of the trace", at_least(1));
  v.required("span", r.span, "First to last arrival", in_range(Seconds(1e-3), Seconds(1e8)));
  v.required("mean_input_tokens", r.mean_input_tokens, "Mean prompt, to compare with", at_least(1));
  v.required("mean_output_tokens", r.mean_output_tokens, "Mean answer, to compare with", at_least(1));
  v.required("arrivals", r.arrivals, "How requests arrive");
  v.required("lengths", r.lengths, "Joint distribution of prompt and answer lengths, by strata of the prompt");
}

/// Where a service's requests come from when they are drawn: fixed lengths or a profile's.
struct LengthsRecord {
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> output;
  std::optional<Reference<WorkloadKind>> profile;
  Place place;
};
constexpr RecordName record_name(const LengthsRecord*) {
  return {"Lengths", "Token counts: `input` and `output`, or those of a `profile`"};
}
template <class Visitor>
void visit(Visitor& v, LengthsRecord& r) {
  v.optional("input", r.input, "Prompt tokens of every request", in_range(1, 1e8));
  v.optional("output", r.output, "Answer tokens of every request", in_range(1, 1e8));
  v.optional("profile", r.profile, "Draw both from the joint distribution of a workload profile");
  v.place(r.place);
}

/// Independent arrivals at a mean rate.
struct PoissonWorkload {
  Hertz rate;
  LengthsRecord tokens;
};
constexpr RecordName record_name(const PoissonWorkload*) {
  return {"PoissonWorkload", "Independent arrivals at a mean rate"};
}
template <class Visitor>
void visit(Visitor& v, PoissonWorkload& r) {
  v.required("rate", r.rate, "Mean rate, as in 5 req/s", in_range(Hertz(1e-9), Hertz(1e9)));
  v.required("tokens", r.tokens, "Lengths of prompts and answers");
}

/// Gamma-distributed gaps: burstier than Poisson above a variation of 1, smoother below.
struct GammaWorkload {
  Hertz rate;
  double gap_variation = 1;
  LengthsRecord tokens;
};
constexpr RecordName record_name(const GammaWorkload*) {
  return {"GammaWorkload", "Gamma-distributed gaps between arrivals"};
}
template <class Visitor>
void visit(Visitor& v, GammaWorkload& r) {
  v.required("rate", r.rate, "Mean rate, as in 5 req/s", in_range(Hertz(1e-9), Hertz(1e9)));
  v.required("gap_variation", r.gap_variation, "Coefficient of variation of the gaps; 1 is Poisson",
             in_range(0.01, 100));
  v.required("tokens", r.tokens, "Lengths of prompts and answers");
}

/// People who ask independently of each other, more often at some hours of their day than at others: a Poisson process
/// whose rate is mean_rate() times a daily curve. The run is a window of the users' days: it starts at `starts_at`, and
/// lasts as long as the workload does.
///
/// With `sample`, only that share of the users is simulated. Nothing else changes: the rate is thinned exactly, since
/// users are independent, and results are those of the sample. A system that is to be as busy as under all users has to
/// be smaller by the same share; whether its results hold for the whole depends on how much a small one queues more.
struct PopulationWorkload {
  std::int64_t users = 0;
  Hertz requests_per_user;
  Reference<DailyCurveKind> curve;
  Seconds local_time;
  Seconds starts_at;
  std::optional<double> sample;
  LengthsRecord tokens;
  KeyPlaces key_places;
  Place place;

  /// Requests of the simulated users per second, mean of a whole day.
  Hertz mean_rate() const { return static_cast<double>(users) * sample.value_or(1) * requests_per_user; }
  /// The users' local time when the run starts, in seconds since a midnight of theirs; of any sign.
  Seconds local_start() const { return starts_at + local_time; }
};
constexpr RecordName record_name(const PopulationWorkload*) {
  return {"PopulationWorkload", "People who ask more often at some hours of their day than at others"};
}
template <class Visitor>
void visit(Visitor& v, PopulationWorkload& r) {
  v.required("users", r.users, "How many people, homes or seats", in_range(1, 1e11));
  v.required("requests_per_user", r.requests_per_user, "Mean of one user, as in 2 /day",
             in_range(Hertz(1e-12), Hertz(1e3)));
  v.required("curve", r.curve, "How their demand follows the hours of the day");
  v.required("local_time", r.local_time, "Their local time less UTC, as in 9 h; -12 h to 14 h");
  v.required("starts_at", r.starts_at, "UTC time of day when the run starts, as in 12 h; 0 h to 24 h");
  v.optional("sample", r.sample, "Share of the users that is simulated, above 0 and at most 1; all when absent",
             in_range(1e-9, 1));
  v.required("tokens", r.tokens, "Lengths of prompts and answers");
  v.key_places(r.key_places);
  v.place(r.place);
}

/// Arrivals and lengths like those of a public trace.
struct ProfileWorkload {
  Reference<WorkloadKind> profile;
  std::optional<Hertz> rate;
};
constexpr RecordName record_name(const ProfileWorkload*) {
  return {"ProfileWorkload", "Arrivals and lengths like those of a public trace"};
}
template <class Visitor>
void visit(Visitor& v, ProfileWorkload& r) {
  v.required("profile", r.profile, "Which");
  v.optional("rate", r.rate, "Mean rate in place of the trace's own; shape and burstiness stay",
             in_range(Hertz(1e-9), Hertz(1e9)));
}

enum class TraceFormat { azure_csv, mooncake_jsonl, llmservingsim_jsonl, csv };
template <>
struct EnumNames<TraceFormat> {
  static constexpr EnumRow<TraceFormat> kRows[] = {
      {TraceFormat::azure_csv, "azure-csv", "TIMESTAMP,ContextTokens,GeneratedTokens"},
      {TraceFormat::mooncake_jsonl, "mooncake-jsonl", "timestamp (ms), input_length, output_length, hash_ids per line"},
      {TraceFormat::llmservingsim_jsonl, "llmservingsim-jsonl",
       "input_toks, output_toks, arrival_time_ns per line, and input_tok_ids, output_tok_ids where they are known"},
      {TraceFormat::csv, "csv", "arrival_s, input_tokens, output_tokens by name, in any order"},
  };
};

/// Recorded requests.
struct TraceWorkload {
  std::string file;
  std::optional<TraceFormat> format;
  std::optional<double> rate_multiplier;
  Place place;
};
constexpr RecordName record_name(const TraceWorkload*) { return {"TraceWorkload", "Recorded requests"}; }
template <class Visitor>
void visit(Visitor& v, TraceWorkload& r) {
  v.required("file", r.file, "Path, relative to the scenario file; .gz is unpacked");
  v.optional("format", r.format, "Read off the first line when absent");
  v.optional("rate_multiplier", r.rate_multiplier, "2 plays the trace at twice its speed", in_range(1e-6, 1e6));
  v.place(r.place);
}

/// What prompts begin with, before their own tokens: system prompts, documents, tools.
struct SharedPrefix {
  std::int64_t prefixes = 0;
  std::int64_t tokens = 0;
  std::optional<double> zipf_exponent;
  Place place;
};
constexpr RecordName record_name(const SharedPrefix*) {
  return {"SharedPrefix", "What prompts begin with, before their own tokens: a prefix cache may find it"};
}
template <class Visitor>
void visit(Visitor& v, SharedPrefix& r) {
  v.required("prefixes", r.prefixes, "How many different ones; each request draws one", in_range(1, 1e6));
  v.required("tokens", r.tokens, "Length of each, added to the prompt", in_range(1, 1e7));
  v.optional("zipf_exponent", r.zipf_exponent,
             "The k-th is k to the power of minus this as popular as the first; all alike when absent",
             in_range(0, 10));
  v.place(r.place);
}

/// Requests of one service that fit a common machine's memory: 53 bytes each.
inline constexpr double kMostRequests = 2e8;

/// The requests of one service: exactly one of the five kinds.
struct WorkloadRecord {
  std::optional<TraceWorkload> trace;
  std::optional<ProfileWorkload> profile;
  std::optional<PoissonWorkload> poisson;
  std::optional<GammaWorkload> gamma;
  std::optional<PopulationWorkload> population;
  std::optional<SharedPrefix> shared_prefix;
  std::optional<std::int64_t> requests;
  std::optional<Seconds> duration;
  std::optional<std::string> stream;
  Place place;
};
constexpr RecordName record_name(const WorkloadRecord*) {
  return {"Workload", "Exactly one of `trace`, `profile`, `poisson`, `gamma`, `population`, and how long it lasts"};
}
template <class Visitor>
void visit(Visitor& v, WorkloadRecord& r) {
  v.optional("trace", r.trace, "Recorded requests");
  v.optional("profile", r.profile, "Requests like those of a public trace");
  v.optional("poisson", r.poisson, "Independent arrivals");
  v.optional("gamma", r.gamma, "Gamma-distributed gaps");
  v.optional("population", r.population, "People whose demand follows the hours of the day");
  v.optional("shared_prefix", r.shared_prefix, "What prompts begin with; not for traces, which tell it themselves");
  v.optional("requests", r.requests, "Stop after this many requests", in_range(1, kMostRequests));
  v.optional("duration", r.duration, "Stop after this time; a drawn workload needs this or `requests`",
             in_range(Seconds(1e-3), Seconds(9e6)));
  v.optional("stream", r.stream,
             "Name of the random draws: services that share it and all else of the workload see the same requests; the "
             "service's own name when absent");
  v.place(r.place);
}

/// Reports a workload of no kind or several, lengths given twice or not at all, a drawn workload
/// without an end, a population whose hours lie outside a day.
void check_workload(const WorkloadRecord& workload, Diagnostics& diagnostics);
/// Reports a population that asks for nothing while the run lasts, or for more than can be simulated.
/// Pre: check_workload() found nothing, nor did check_physics() in the curve.
void check_demand(const WorkloadRecord& workload, const DailyCurveRecord& curve, Diagnostics& diagnostics);
/// Reports strata of unequal size, quantiles that fall, a rate that contradicts requests and span.
void check_physics(const WorkloadProfileRecord& profile, Diagnostics& diagnostics);

}  // namespace orrery
