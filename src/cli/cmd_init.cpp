#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "orrery/base/file.h"
#include "orrery/base/nearest_name.h"
#include "orrery/cli/catalog_names.h"
#include "orrery/cli/command.h"

namespace orrery {
namespace {

constexpr std::string_view kSchemaFile = "scenario.schema.json";
constexpr std::string_view kSchemaHint = "# yaml-language-server: $schema=";

int print_templates(const Catalog& catalog, const Program& program) {
  std::string text;
  for (const std::string& name : shipped_scenarios(catalog)) text += name + "\n";
  return program.print(text);
}

/// The line that tells an editor where the schema is goes first; one that is there already goes away.
std::string with_schema_hint(std::string text) {
  if (text.starts_with(kSchemaHint)) text.erase(0, std::min(text.size(), text.find('\n') + 1));
  return fmt::format("{}{}\n{}", kSchemaHint, kSchemaFile, text);
}

}  // namespace

int command_init(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  const auto name = arguments.get("TEMPLATE");
  if (!name) return print_templates(*catalog, program);
  const std::vector<std::string> templates = shipped_scenarios(*catalog);
  if (std::find(templates.begin(), templates.end(), *name) == templates.end()) {
    const std::string nearest = did_you_mean(*name, templates);
    return program.refuse(fmt::format("there is no template '{}'", *name),
                          nearest.empty() ? "`orrery init` lists them" : nearest);
  }
  const std::string source = fmt::format("{}/{}.yaml", Program::scenarios_folder(*catalog), *name);
  auto text = read_file(source);
  if (!text) return program.fail(fmt::format("cannot read {}: {}", source, text.error()));
  const std::string target = arguments.get("--output").value_or(*name + ".yaml");
  if (target == "-") return program.print(with_schema_hint(std::move(*text)));
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(target, error))) {
    return program.fail(fmt::format("{} exists already; choose another name with -o", target));
  }
  if (auto done = write_file_atomically(target, with_schema_hint(std::move(*text))); !done) {
    return program.fail(done.error());
  }
  program.note(fmt::format("wrote {}; `orrery schema > {}` beside it lets editors complete keys", target, kSchemaFile));
  return kAnswered;
}

}  // namespace orrery
