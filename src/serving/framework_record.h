#pragma once

#include <string>
#include <vector>

#include "orrery/schema/entry.h"

namespace orrery {

struct FrameworkKind {
  static constexpr std::string_view kName = "framework";
};

/// Factors on an estimate between which 80 % of measured deployments lie.
struct EstimateBand {
  double tpot_low = 0;
  double tpot_high = 0;
  double ttft_low = 0;
  double ttft_high = 0;
};
constexpr RecordName record_name(const EstimateBand*) {
  return {"EstimateBand", "Factors on an estimate between which 80 % of measured deployments lie"};
}
template <class Visitor>
void visit(Visitor& v, EstimateBand& r) {
  v.required("tpot_low", r.tpot_low, "Nine of ten measured times per output token lie above", in_range(0.01, 1));
  v.required("tpot_high", r.tpot_high, "Nine of ten lie below", in_range(1, 100));
  v.required("ttft_low", r.ttft_low, "Nine of ten measured times to first token lie above", in_range(0.01, 1));
  v.required("ttft_high", r.ttft_high, "Nine of ten lie below", in_range(1, 100));
}

/// What a serving framework adds to its kernels, as estimates of whole deployments use it.
struct FrameworkRecord {
  EntryHeader header;
  std::vector<std::string> aliases;
  Sourced<Seconds> step_overhead;
  Sourced<Seconds> layer_overhead;
  Sourced<Seconds> sequence_overhead;
  Sourced<Seconds> prompt_token_overhead;
  Sourced<double> prompt_factor;
  Sourced<Seconds> request_latency;
  Sourced<Seconds> user_latency;
  Sourced<bool> prompts_pause_decoding;
  EstimateBand measured_chip;
  EstimateBand other_chip;
};
constexpr RecordName record_name(const FrameworkRecord*) {
  return {"Framework", "What a serving framework adds to its kernels, as estimates of whole deployments use it"};
}
template <class Visitor>
void visit(Visitor& v, FrameworkRecord& r) {
  const Range time = in_range(Seconds(0), Seconds(10));
  visit_header(v, r.header);
  v.optional_list("aliases", r.aliases, "Other names in data sets");
  v.required("step_overhead", r.step_overhead, "Of every engine step", time);
  v.required("layer_overhead", r.layer_overhead, "Of every layer of a step: gaps between kernels and small kernels",
             time);
  v.required("sequence_overhead", r.sequence_overhead, "Of every sequence of a step", time);
  v.required("prompt_token_overhead", r.prompt_token_overhead, "Of every prompt token", time);
  v.required("prompt_factor", r.prompt_factor,
             "On the time of prompt tokens: prompts run outside captured graphs, with kernels that tables do not hold",
             in_range(0.1, 100));
  v.required("request_latency", r.request_latency, "Before and after the engine, of every request", time);
  v.required("user_latency", r.user_latency, "The same, of every request in flight: what waits in one process", time);
  v.required("prompts_pause_decoding", r.prompts_pause_decoding, "A step takes prompts or decodes, never both");
  v.required("measured_chip", r.measured_chip, "Where kernels of the chip were measured");
  v.required("other_chip", r.other_chip, "Where only its datasheet is known");
}

}  // namespace orrery
