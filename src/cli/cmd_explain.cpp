#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "orrery/base/diagnostic_codes.h"
#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"
#include "orrery/base/unit.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"
#include "orrery/report/decode_report.h"

namespace orrery {
namespace {

void write_code(JsonWriter& json, const DiagnosticCode& code) {
  json.begin_object();
  json.field("code", code.code);
  json.field("title", code.title);
  json.field("explanation", code.explanation);
  json.end_object();
}

int print_all(bool json, const Program& program) {
  if (!json) {
    std::string text;
    for (const DiagnosticCode& code : diagnostic_codes()) text += fmt::format("{:24}{}\n", code.code, code.title);
    return program.print(text);
  }
  JsonWriter writer;
  writer.begin_array();
  for (const DiagnosticCode& code : diagnostic_codes()) write_code(writer, code);
  writer.end_array();
  return program.print(writer.text());
}

int print_code(const DiagnosticCode& code, bool json, const Program& program) {
  if (!json) return program.print(fmt::format("{}: {}\n\n{}\n", code.code, code.title, code.explanation));
  JsonWriter writer;
  write_code(writer, code);
  return program.print(writer.text());
}

/// "1,2,4": whole numbers from 1 up, put in order.
Result<std::vector<std::int64_t>> read_counts(const Arguments& arguments, std::string_view key,
                                              std::vector<std::int64_t> when_absent) {
  constexpr long long kMost = 100'000'000;
  const auto text = arguments.get(key);
  if (!text) return when_absent;
  std::vector<std::int64_t> counts;
  for (std::size_t begin = 0; begin <= text->size();) {
    const std::size_t end = std::min(text->find(',', begin), text->size());
    const std::string part = text->substr(begin, end - begin);
    const auto number = parse_integer(part);
    if (!number || *number < 1 || *number > kMost) {
      return failure(fmt::format("{} takes whole numbers from 1 to {}, as in 1,8,64; '{}' is none", key, kMost, part));
    }
    counts.push_back(*number);
    begin = end + 1;
  }
  std::sort(counts.begin(), counts.end());
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

int explain_scenario(const std::string& path, const Arguments& arguments, const Program& program) {
  constexpr std::int64_t kLargestBatch = 4096;  // the break-even looks at every batch up to the largest
  const bool json = arguments.has("--json");
  LoadOptions options;
  for (const std::string& text : arguments.all("--set")) {
    auto one = parse_override(text);
    if (!one) return program.refuse(fmt::format("--set {}: {}", text, one.error()));
    options.overrides.push_back(std::move(*one));
  }
  const auto batches = read_counts(arguments, "--batch", {1, 2, 4, 8, 16, 32, 64, 128});
  if (!batches) return program.refuse(batches.error());
  if (batches->back() > kLargestBatch) {
    return program.refuse(fmt::format("--batch goes up to {}, not {}", kLargestBatch, batches->back()));
  }
  const auto contexts = read_counts(arguments, "--context", {1024, 2048, 4096, 8192, 16384, 32768});
  if (!contexts) return program.refuse(contexts.error());
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  Diagnostics diagnostics;
  const auto system = load_system(path, *catalog, options, diagnostics);
  if (!system || diagnostics.has_errors()) return program.report(diagnostics, json);
  const DecodeGrid grid{*batches, *contexts};
  const std::vector<DecodeBreakdown> breakdowns = break_down_decode(*system, grid);
  return program.print(json ? decode_json(*system, breakdowns)
                            : decode_text(*system, grid, breakdowns, program.surroundings().style));
}

}  // namespace

int command_explain(const Arguments& arguments, Program& program) {
  const bool json = arguments.has("--json");
  const auto name = arguments.get("WHAT");
  if (!name) return print_all(json, program);
  if (const DiagnosticCode* code = find_diagnostic_code(*name)) return print_code(*code, json, program);
  if (std::error_code error; name->ends_with(".yaml") || std::filesystem::exists(*name, error)) {
    return explain_scenario(*name, arguments, program);
  }
  std::vector<std::string> names;
  for (const DiagnosticCode& row : diagnostic_codes()) names.emplace_back(row.code);
  const std::string nearest = did_you_mean(*name, names);
  return program.refuse(fmt::format("'{}' is neither a scenario file nor an error code", *name),
                        nearest.empty() ? "`orrery explain` lists the codes" : nearest);
}

}  // namespace orrery
