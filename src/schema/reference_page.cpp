#include <fmt/format.h>

#include "orrery/schema/type.h"
#include "orrery/schema/type_graph.h"

namespace orrery {

std::string reference_page(const RecordType& record, std::string_view title) {
  std::string page = fmt::format("# {}\n", title);
  for (const RecordType* reached : records_reached_from(record)) {
    page +=
        fmt::format("\n## {}\n{}\n\n| key | | value | meaning |\n|---|---|---|---|\n", reached->name, reached->help);
    for (const Field& field : reached->fields) {
      std::string help(field.help);
      if (!field.range.is_open()) help += fmt::format(" ({})", field.range.to_text());
      page += fmt::format("| `{}` | {} | {} | {} |\n", field.key, field.required ? "required" : "optional",
                          field.type->description(), help);
    }
  }
  return page;
}

}  // namespace orrery
