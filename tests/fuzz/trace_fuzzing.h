#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "orrery/scenario/trace_reader.h"
#include "require.h"

namespace orrery {

/// Every request has as many keys as its known tokens take.
inline void check_keys(const RequestTable& requests) {
  ORRERY_REQUIRE(requests.key_ranges.size() == requests.size());
  ORRERY_REQUIRE(requests.key_ranges.back().end == requests.content_keys.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const RequestTable::KeyRange& range = requests.key_ranges[i];
    ORRERY_REQUIRE(range.tokens_per_key >= 1 && range.known_tokens >= 0);
    ORRERY_REQUIRE(range.known_tokens <= requests.input_tokens[i] + requests.output_tokens[i]);
    const std::int64_t keys = (range.known_tokens + range.tokens_per_key - 1) / range.tokens_per_key;
    ORRERY_REQUIRE(static_cast<std::int64_t>(requests.keys_of(i).size()) == keys);
  }
}

/// What holds for every trace that a reader accepts.
inline void check_trace(const Trace& trace, const TraceOptions& options) {
  const RequestTable& requests = trace.requests;
  ORRERY_REQUIRE(requests.size() > 0);
  ORRERY_REQUIRE(requests.input_tokens.size() == requests.size() && requests.output_tokens.size() == requests.size());
  ORRERY_REQUIRE(!options.limit || requests.size() <= static_cast<std::size_t>(*options.limit));
  ORRERY_REQUIRE(options.skip_bad_rows || trace.skipped_rows == 0);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    ORRERY_REQUIRE(requests.arrival_ps[i] >= before);
    before = requests.arrival_ps[i];
    ORRERY_REQUIRE(requests.input_tokens[i] >= 1 && requests.input_tokens[i] <= kMostTraceTokens);
    ORRERY_REQUIRE(requests.output_tokens[i] >= 1 && requests.output_tokens[i] <= kMostTraceTokens);
  }
  if (requests.has_keys()) check_keys(requests);
  ORRERY_REQUIRE(before / 1'000'000'000'000 <= kLongestSimTime.si());
}

/// Reads a text in every mode; a refusal must come with errors that can be shown.
inline void fuzz_trace(TraceFormat format, const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const TraceOptions all_options[] = {{.format = format},
                                      {.format = format, .skip_bad_rows = true},
                                      {.skip_bad_rows = true, .rate_multiplier = 0.3, .limit = 3}};
  for (const TraceOptions& options : all_options) {
    Diagnostics diagnostics;
    const auto trace = read_trace_text("trace", std::string(text), options, diagnostics);
    ORRERY_REQUIRE(trace.has_value() != diagnostics.has_errors());
    if (trace) check_trace(*trace, options);
    for (const Diagnostic& diagnostic : diagnostics.sorted()) ORRERY_REQUIRE(!to_text(diagnostic).empty());
  }
}

}  // namespace orrery
