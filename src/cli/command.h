#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/cli/exit_code.h"

namespace orrery {

class Program;

/// One option or argument of a command.
struct OptionRow {
  /// "--seed" or "-o,--output" for an option, "SCENARIO" for an argument. The last name is its key.
  std::string_view names;
  std::string_view value;  ///< what follows an option, as in "N"; empty for a flag and for an argument
  std::string_view help;
  enum class Count { optional, required, any } count = Count::optional;

  bool is_argument() const { return !names.starts_with('-'); }
  bool is_flag() const { return !is_argument() && value.empty(); }
  std::string_view key() const {
    const std::size_t comma = names.rfind(',');
    return comma == std::string_view::npos ? names : names.substr(comma + 1);
  }
};

/// What was given, by the key of its row.
class Arguments {
 public:
  void add(std::string_view key, std::string value) { values_[std::string(key)].push_back(std::move(value)); }
  bool has(std::string_view key) const { return values_.contains(key); }
  /// All values of an option, in their order.
  std::vector<std::string> all(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::vector<std::string>() : found->second;
  }
  std::optional<std::string> get(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional(found->second.front());
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

/// One command: a row of the table in commands.cpp. Parsing and help come from it.
struct CommandRow {
  std::string_view name;
  std::string_view group;
  std::string_view summary;
  std::span<const OptionRow> options;
  int (*run)(const Arguments& arguments, Program& program);
};

/// All commands, by group, in the order of the help.
std::span<const CommandRow> commands();
/// Options that every command takes.
std::span<const OptionRow> global_options();

/// "usage: ...", the groups and their commands.
std::string program_help_text();
std::string command_help_text(const CommandRow& command);

// The commands, one file each. Their options stand beside them.
int command_run(const Arguments& arguments, Program& program);
int command_list(const Arguments& arguments, Program& program);
int command_show(const Arguments& arguments, Program& program);
int command_check(const Arguments& arguments, Program& program);
int command_schema(const Arguments& arguments, Program& program);
int command_explain(const Arguments& arguments, Program& program);
int command_init(const Arguments& arguments, Program& program);
int command_profile(const Arguments& arguments, Program& program);
int command_memory(const Arguments& arguments, Program& program);
int command_network(const Arguments& arguments, Program& program);
int command_radio(const Arguments& arguments, Program& program);
int command_access(const Arguments& arguments, Program& program);
int command_wan(const Arguments& arguments, Program& program);
int command_op(const Arguments& arguments, Program& program);
int command_predict(const Arguments& arguments, Program& program);
int command_fit(const Arguments& arguments, Program& program);
int command_validate(const Arguments& arguments, Program& program);
int command_version(const Arguments& arguments, Program& program);
int command_help(const Arguments& arguments, Program& program);

}  // namespace orrery
