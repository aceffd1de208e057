#pragma once

#include <optional>
#include <string>

#include "orrery/scenario/trace_reader.h"

namespace orrery {

/// What a trace in memory gives: the trace, and the diagnostics as text.
struct TraceReading {
  std::optional<Trace> trace;
  std::string messages;
};

inline std::string all_messages(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) text += to_text(diagnostic);
  return text;
}

inline TraceReading read_text(std::string text, const TraceOptions& options = {}) {
  Diagnostics diagnostics;
  auto trace = read_trace_text("trace", std::move(text), options, diagnostics);
  return {std::move(trace), all_messages(diagnostics)};
}

}  // namespace orrery
