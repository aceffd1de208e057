#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "orrery/cli/catalog_names.h"
#include "orrery/cli/command.h"

namespace orrery {
namespace {

std::vector<std::string> all_files(const Catalog& catalog) {
  std::vector<std::string> files;
  for (const CatalogKind& kind : catalog_kinds()) {
    for (const std::string& id : catalog.ids(kind.name)) files.push_back(catalog.path_of(kind.name, id));
  }
  for (const std::string& name : shipped_scenarios(catalog)) {
    const std::filesystem::path path = Program::scenarios_folder(catalog) + "/" + name + ".yaml";
    files.push_back(path.lexically_normal().string());
  }
  return files;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

int command_check(const Arguments& arguments, Program& program) {
  const auto catalog = program.open_catalog();
  if (!catalog) return program.fail(catalog.error());
  std::vector<std::string> files = arguments.all("FILE");
  if (files.empty()) files = all_files(*catalog);
  Diagnostics diagnostics;
  std::size_t good = 0;
  for (const std::string& file : files) good += check_file(file, *catalog, diagnostics) ? 1 : 0;

  const bool json = arguments.has("--json");
  const int code = program.report(diagnostics, json);
  if (good == files.size()) return json || code != kAnswered ? code : program.print(counted(good, "file") + " good\n");
  if (!json) {
    const auto found = diagnostics.sorted();
    const auto errors = std::count_if(found.begin(), found.end(),
                                      [](const Diagnostic& one) { return one.severity == Severity::error; });
    program.note(fmt::format("{} in {} of {}", counted(static_cast<std::size_t>(errors), "error"), files.size() - good,
                             counted(files.size(), "file")));
  }
  return code == kAnswered ? kInvalidInput : code;
}

}  // namespace orrery
