#include <fmt/format.h>

#include "orrery/base/json_writer.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"

namespace orrery {

int command_version(const Arguments& arguments, Program& program) {
  if (!arguments.has("--json")) return program.print(fmt::format("orrery {}\n", ORRERY_VERSION));
  JsonWriter json;
  json.begin_object();
  json.field("schema_version", 1);
  json.field("version", ORRERY_VERSION);
  json.field("compiler", __VERSION__);
  json.end_object();
  return program.print(json.text());
}

}  // namespace orrery
