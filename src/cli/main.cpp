#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "orrery/cli/parse.h"
#include "orrery/cli/program.h"

namespace {

int run_program(const std::vector<std::string>& words) {
  using namespace orrery;
  Program program(look_around());
  if (words.empty() || words == std::vector<std::string>{"--help"} || words == std::vector<std::string>{"-h"}) {
    return program.print(program_help_text());
  }
  if (words == std::vector<std::string>{"--version"}) return command_version({}, program);
  const auto line = parse_command_line(words);
  if (!line) return program.refuse(line.error());
  if (line->command == nullptr) {
    if (line->arguments.has("--help")) return program.print(program_help_text());
    return program.refuse("no command is given", "`orrery --help` lists the commands");
  }
  if (line->arguments.has("--help")) return program.print(command_help_text(*line->command));
  if (const auto folder = line->arguments.get("--catalog")) program.set_catalog_option(*folder);
  return line->command->run(line->arguments, program);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file-size limit shall be an error of the write
  std::signal(SIGPIPE, SIG_DFL);  // a reader that has gone ends the program, in silence
  try {
    return run_program(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::bad_alloc&) {
    return orrery::Program(orrery::Surroundings{}).fail("out of memory");
  } catch (const std::exception& error) {
    return orrery::Program(orrery::Surroundings{}).fail(std::string("internal error: ") + error.what());
  }
}
