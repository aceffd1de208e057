#include <fmt/format.h>

#include "orrery/cli/catalog_names.h"
#include "orrery/cli/command.h"
#include "orrery/scenario/scenario_record.h"

namespace orrery {

int command_schema(const Arguments& arguments, Program& program) {
  const std::string word = arguments.get("KIND").value_or("scenario");
  const CatalogKind* kind = find_catalog_kind(word);
  if (kind == nullptr && word != "scenario") {
    std::vector<std::string> names{"scenario"};
    for (const CatalogKind& row : catalog_kinds()) names.emplace_back(row.name);
    return refuse_kind(program, word, names);
  }
  const RecordType& record = kind != nullptr ? kind->record() : record_type<ScenarioRecord>();
  const std::string title = kind != nullptr ? fmt::format("Orrery catalog: {}", word) : std::string("Orrery scenario");
  return program.print(arguments.has("--markdown") ? reference_page(record, title) : json_schema(record, title));
}

}  // namespace orrery
