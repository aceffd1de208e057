#include "orrery/scenario/trace_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "orrery/base/file.h"
#include "orrery/base/gzip.h"
#include "orrery/base/nearest_name.h"
#include "orrery/scenario/trace_rows.h"

namespace orrery {
namespace {

constexpr std::size_t kMostTraceBytes = std::size_t{4} << 30;

bool has(const std::vector<std::string_view>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The format that the current line, the first one, shows; reports a line that shows none.
std::optional<TraceFormat> detect(const TraceLines& lines, TraceBuilder& builder) {
  const std::string_view line = lines.line();
  if (trim_blanks(line).starts_with('{')) {
    const bool is_serving_sim = line.find("\"input_toks\"") != std::string_view::npos;
    return is_serving_sim ? TraceFormat::llmservingsim_jsonl : TraceFormat::mooncake_jsonl;
  }
  const std::vector<std::string_view> names = csv_names(line);
  std::string hint;
  for (const CsvFormat* format : {&azure_csv_format(), &plain_csv_format()}) {
    const std::string_view wanted[] = {format->time, format->input, format->output};
    const auto found = std::count_if(std::begin(wanted), std::end(wanted), [&](auto name) { return has(names, name); });
    if (found == std::ssize(wanted)) return format->format;
    if (found == 0) continue;
    for (std::string_view name : wanted) {
      if (!has(names, name)) hint += fmt::format("{}'{}'", hint.empty() ? "" : " and ", name);
    }
    hint = fmt::format("{} also needs the column {}", enum_name(format->format), hint);
    for (std::string_view name : names) {
      const bool right = std::find(std::begin(wanted), std::end(wanted), name) != std::end(wanted);
      if (!right && !nearest_names(name, {std::begin(wanted), std::end(wanted)}).empty()) {
        hint += fmt::format(" ({} is not it)", quoted_text(name));
      }
    }
    break;
  }
  if (hint.empty()) {
    hint =
        "a trace begins with a line of column names (arrival_s,input_tokens,output_tokens or "
        "TIMESTAMP,ContextTokens,GeneratedTokens), or has a JSON object in each line";
  }
  builder.fail("unknown-trace-format", line, "the first line shows no format that is known", std::move(hint));
  return std::nullopt;
}

}  // namespace

std::optional<Trace> read_trace_text(const std::string& name, std::string text, const TraceOptions& options,
                                     Diagnostics& diagnostics) {
  text.reserve(text.size() + kTracePadding);
  TraceLines lines(text);
  TraceBuilder builder(options, lines);
  TraceFormat format = options.format.value_or(TraceFormat::csv);
  if (lines.next()) {
    const auto shown = options.format ? options.format : detect(lines, builder);
    if (shown) {
      format = *shown;
      switch (format) {
        case TraceFormat::azure_csv:
          read_csv_rows(lines, azure_csv_format(), builder);
          break;
        case TraceFormat::csv:
          read_csv_rows(lines, plain_csv_format(), builder);
          break;
        case TraceFormat::mooncake_jsonl:
          read_mooncake_rows(lines, name, builder);
          break;
        case TraceFormat::llmservingsim_jsonl:
          read_serving_sim_rows(lines, builder);
          break;
      }
    }
  }
  return builder.finish(name, std::move(text), format, diagnostics);
}

std::optional<Trace> read_trace(const std::string& path, const TraceOptions& options, Diagnostics& diagnostics) {
  auto content = read_unpacked_file(path, kMostTraceBytes);
  if (!content) {
    diagnostics.error("unreadable-file", {std::make_shared<SourceText>(path, std::string()), 0, 0, 0},
                      "cannot read it: " + content.error());
    return std::nullopt;
  }
  return read_trace_text(path, std::move(*content), options, diagnostics);
}

}  // namespace orrery
