#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "orrery/base/diagnostic.h"
#include "orrery/base/sim_time.h"
#include "orrery/scenario/workload_record.h"
#include "orrery/serving/request_table.h"

namespace orrery {

struct TraceOptions {
  std::optional<TraceFormat> format = std::nullopt;  ///< read off the first line when absent
  bool skip_bad_rows = false;                        ///< count rows that cannot be read instead of reporting them
  double rate_multiplier = 1;                        ///< > 0; 2 plays the trace at twice its speed
  std::optional<std::int64_t> limit = std::nullopt;  ///< >= 1; keep so many requests from the start
};

struct Trace {
  RequestTable requests;
  TraceFormat format = TraceFormat::csv;
  std::size_t skipped_rows = 0;
  /// Not zero where the trace's clock ticks so coarsely that requests share a tick: they were spread
  /// over the tick, request i of k to (i + 0.5) / k of this span of the trace's own time.
  SimTime spread_interval;
};

/// Requests that may be read from one trace: more tokens in one prompt or answer are a slip.
inline constexpr std::int64_t kMostTraceTokens = 100'000'000;

/// Reads a trace; `.gz` is unpacked in memory. Times of an Azure trace count from its first request,
/// those of the other formats are kept. A line is a row: a quoted field does not go on in the next.
/// Fails: unreadable-file, unknown-trace-format, invalid-trace-row (the first 20 rows, then how many
/// more), unsorted-trace, empty-trace, out-of-range (slowed down to longer than a run may last).
std::optional<Trace> read_trace(const std::string& path, const TraceOptions& options, Diagnostics& diagnostics);

/// The same for an unpacked text; `name` stands in the messages.
std::optional<Trace> read_trace_text(const std::string& name, std::string text, const TraceOptions& options,
                                     Diagnostics& diagnostics);

}  // namespace orrery
