#include <fmt/format.h>

#include <cctype>
#include <filesystem>

#include "orrery/base/json_writer.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"
#include "orrery/scenario/profile_builder.h"
#include "orrery/scenario/trace_reader.h"

namespace orrery {
namespace {

/// "AzureLLM conv.csv.gz" gives "azurellm-conv".
std::string id_from(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename().string();
  std::string id;
  for (const char c : name.substr(0, name.find('.'))) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) {
      id += static_cast<char>(std::tolower(letter));
    } else if (!id.empty() && id.back() != '-') {
      id += '-';
    }
  }
  while (id.ends_with('-')) id.pop_back();
  return id.empty() ? "trace" : id;
}

EntryHeader header_of(const Arguments& arguments, const std::string& path) {
  EntryHeader header;
  header.id = arguments.get("--id").value_or(id_from(path));
  header.kind = WorkloadKind::kName;
  const std::string file = std::filesystem::path(path).filename().string();
  header.name = fmt::format("Profile of {}", file);
  header.status = Status::measured;
  header.source.emplace().id = "trace";
  Named<SourceRecord> source;
  source.name = "trace";
  source.value.title = file;
  source.value.publisher = arguments.get("--publisher").value_or("unknown");
  source.value.date = arguments.get("--date").value_or("unknown");
  source.value.url = arguments.get("--url");
  header.sources.push_back(std::move(source));
  return header;
}

}  // namespace

int command_profile(const Arguments& arguments, Program& program) {
  const std::string path = *arguments.get("TRACE");
  const bool json = arguments.has("--json");
  TraceOptions options;
  options.skip_bad_rows = arguments.has("--skip-bad-rows");
  Diagnostics diagnostics;
  const auto trace = read_trace(path, options, diagnostics);
  if (!trace) return program.report(diagnostics, json);
  const auto profile = build_profile(trace->requests, header_of(arguments, path));
  if (!profile) {
    program.note(fmt::format("error: {}: {}", path, profile.error()));
    return kInvalidInput;
  }
  if (trace->skipped_rows > 0)
    program.note(fmt::format("{} rows that cannot be read were left out", trace->skipped_rows));
  if (!arguments.has("--publisher") || !arguments.has("--date")) {
    program.note("the source is incomplete: give --publisher and --date before you share the entry");
  }
  const Node node = write_record(*profile);
  if (!json) return program.print(to_yaml(node));
  JsonWriter writer;
  to_json(node, writer);
  return program.print(writer.text());
}

}  // namespace orrery
