#include <fmt/format.h>

#include "orrery/base/diagnostic_codes.h"
#include "orrery/base/json_writer.h"
#include "orrery/base/nearest_name.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"

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

}  // namespace

int command_explain(const Arguments& arguments, Program& program) {
  const bool json = arguments.has("--json");
  const auto name = arguments.get("CODE");
  if (!name) return print_all(json, program);
  const DiagnosticCode* code = find_diagnostic_code(*name);
  if (code == nullptr) {
    std::vector<std::string> names;
    for (const DiagnosticCode& row : diagnostic_codes()) names.emplace_back(row.code);
    const std::string nearest = did_you_mean(*name, names);
    return program.refuse(fmt::format("'{}' is not an error code", *name),
                          nearest.empty() ? "`orrery explain` lists them" : nearest);
  }
  if (!json) return program.print(fmt::format("{}: {}\n\n{}\n", code->code, code->title, code->explanation));
  JsonWriter writer;
  write_code(writer, *code);
  return program.print(writer.text());
}

}  // namespace orrery
