#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "orrery/base/nearest_name.h"
#include "orrery/cli/command.h"
#include "orrery/cli/program.h"

namespace orrery {
namespace {

constexpr std::size_t kHelpColumn = 28;

std::string row_text(const std::string& left, std::string_view help) {
  if (left.size() + 2 > kHelpColumn) return fmt::format("  {}\n  {:{}}{}\n", left, "", kHelpColumn, help);
  return fmt::format("  {:{}}{}\n", left, kHelpColumn, help);
}

std::string left_text(const OptionRow& row) {
  std::string left(row.names);
  if (const std::size_t comma = left.find(','); comma != std::string::npos) left.insert(comma + 1, 1, ' ');
  if (!row.value.empty()) left += fmt::format(" {}", row.value);
  if (row.count == OptionRow::Count::any) left += "...";
  return left;
}

std::string argument_text(const OptionRow& row) {
  switch (row.count) {
    case OptionRow::Count::required:
      return fmt::format(" {}", row.names);
    case OptionRow::Count::optional:
      return fmt::format(" [{}]", row.names);
    case OptionRow::Count::any:
      return fmt::format(" [{}...]", row.names);
  }
  return {};
}

}  // namespace

std::string program_help_text() {
  std::string text =
      "Orrery: a working model of an AI system.\n"
      "\n"
      "usage: orrery COMMAND [OPTION...]\n";
  std::string_view group;
  for (const CommandRow& row : commands()) {
    if (row.group != group) text += fmt::format("\n{}\n", row.group);
    group = row.group;
    text += fmt::format("  {:10}{}\n", row.name, row.summary);
  }
  text += "\nOptions of every command\n";
  for (const OptionRow& row : global_options()) text += row_text(left_text(row), row.help);
  text +=
      "\n"
      "`orrery COMMAND --help` says more. stdout is the result, stderr progress and problems.\n"
      "Exit codes: 0 answered, 1 failed, 2 wrong command line, 3 invalid input, 4 a requirement is missed,\n"
      "130 interrupted.\n";
  return text;
}

std::string command_help_text(const CommandRow& command) {
  std::string text = fmt::format("usage: orrery {}", command.name);
  for (const OptionRow& row : command.options) {
    if (row.is_argument()) text += argument_text(row);
  }
  for (const OptionRow& row : command.options) {
    if (!row.is_argument() && row.count == OptionRow::Count::required)
      text += fmt::format(" {} {}", row.names, row.value);
  }
  std::string summary(command.summary);
  summary[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(summary[0])));
  text += fmt::format(" [OPTION...]\n\n{}.\n\n", summary);
  for (const OptionRow& row : command.options) text += row_text(left_text(row), row.help);
  for (const OptionRow& row : global_options()) text += row_text(left_text(row), row.help);
  return text;
}

int command_help(const Arguments& arguments, Program& program) {
  const auto name = arguments.get("COMMAND");
  if (!name) return program.print(program_help_text());
  std::vector<std::string> names;
  for (const CommandRow& row : commands()) {
    if (row.name == *name) return program.print(command_help_text(row));
    names.emplace_back(row.name);
  }
  return program.refuse(fmt::format("'{}' is not a command", *name), did_you_mean(*name, names));
}

}  // namespace orrery
