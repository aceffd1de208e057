#include "orrery/cli/parse.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <list>

#include "orrery/base/nearest_name.h"

namespace orrery {
namespace {

/// Where the values of one row land.
struct Landing {
  const OptionRow* row;
  std::vector<std::string> values;
  bool flag = false;
};

/// The word that names the command: the first that is neither a global option nor the value of one. There
/// is none where an option stands that nobody knows.
std::size_t command_word(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with('-')) return i;
    const auto is_word = [&](const OptionRow& row) {
      return (',' + std::string(row.names) + ',').find(',' + words[i].substr(0, words[i].find('=')) + ',') !=
             std::string::npos;
    };
    const auto global = global_options();
    const auto row = std::find_if(global.begin(), global.end(), is_word);
    if (row == global.end()) break;
    if (!row->is_flag() && words[i].find('=') == std::string::npos) ++i;
  }
  return words.size();
}

const CommandRow* find_command(std::string_view name) {
  const auto all = commands();
  const auto found = std::find_if(all.begin(), all.end(), [&](const CommandRow& row) { return row.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string with_hint(std::string message, const std::string& hint) {
  return hint.empty() ? message : fmt::format("{}\n      help: {}", message, hint);
}

std::string unknown_command(const std::string& word) {
  std::vector<std::string> names;
  for (const CommandRow& row : commands()) names.emplace_back(row.name);
  const std::string nearest = did_you_mean(word, names);
  return with_hint(fmt::format("'{}' is not a command", word),
                   nearest.empty() ? "`orrery --help` lists the commands" : nearest);
}

std::string unknown_word(const std::vector<std::string>& words, const CommandRow* command) {
  const auto option = std::find_if(words.begin(), words.end(), [](const auto& w) { return w.starts_with('-'); });
  const std::string name = command != nullptr ? fmt::format("orrery {}", command->name) : std::string("orrery");
  const std::string more = fmt::format("`{} --help` lists what it takes", name);
  if (option == words.end()) return with_hint(fmt::format("{} does not take '{}'", name, words.front()), more);
  std::vector<std::string> names;
  const auto add_names = [&](std::span<const OptionRow> rows) {
    for (const OptionRow& row : rows) {
      if (!row.is_argument()) names.emplace_back(row.key());
    }
  };
  if (command != nullptr) add_names(command->options);
  add_names(global_options());
  const std::string word = option->substr(0, option->find('='));
  const std::string nearest = did_you_mean(word, names);
  return with_hint(fmt::format("{} has no option '{}'", name, word), nearest.empty() ? more : nearest);
}

void declare(CLI::App& app, std::list<Landing>& landings, std::span<const OptionRow> rows) {
  for (const OptionRow& row : rows) {
    Landing& landing = landings.emplace_back(Landing{&row, {}, false});
    const std::string names(row.names);
    if (row.is_flag()) {
      app.add_flag(names, landing.flag);
    } else if (row.is_argument() && row.count != OptionRow::Count::any) {
      app.add_option(names, landing.values)->expected(1)->allow_extra_args(false);
    } else {
      app.add_option(names, landing.values)->allow_extra_args(row.is_argument());
    }
  }
}

/// What the counts of the rows do not allow.
std::string miscounted(const std::list<Landing>& landings, const CommandRow& command) {
  for (const Landing& landing : landings) {
    const OptionRow& row = *landing.row;
    if (row.count == OptionRow::Count::required && landing.values.empty()) {
      return with_hint(fmt::format("orrery {} needs {}{}{}: {}", command.name, row.key(), row.value.empty() ? "" : " ",
                                   row.value, row.help),
                       fmt::format("`orrery {} --help` says more", command.name));
    }
    if (row.count != OptionRow::Count::any && landing.values.size() > 1) {
      return fmt::format("{} is given {} times", row.key(), landing.values.size());
    }
  }
  return {};
}

/// "--json=no" would read as if it said no.
std::string flag_with_value(const std::vector<std::string>& words, const std::list<Landing>& landings) {
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (word == "--") break;
    if (!word.starts_with("--") || equals == std::string::npos) continue;
    for (const Landing& landing : landings) {
      if (landing.row->is_flag() && landing.row->key() == word.substr(0, equals)) {
        return fmt::format("{} takes no value", landing.row->key());
      }
    }
  }
  return {};
}

std::string parse_words(CLI::App& app, std::vector<std::string> words, const CommandRow* command) {
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  try {
    app.parse(std::move(words));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();  // "--seed: 1 required TEXT missing"
    return fmt::format("{} needs a value", text.substr(0, text.find(':')));
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  std::vector<std::string> rest = app.remaining(true);
  std::erase(rest, "--");  // which only says that no option follows
  return rest.empty() ? std::string() : unknown_word(rest, command);
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& words) {
  const std::size_t at = command_word(words);
  CommandLine line;
  std::vector<std::string> rest = words;
  if (at < words.size()) {
    line.command = find_command(words[at]);
    if (line.command == nullptr) return failure(unknown_command(words[at]));
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(at));
  }

  CLI::App app;
  app.set_help_flag();  // the help is ours
  app.allow_extras();
  std::list<Landing> landings;
  if (line.command != nullptr) declare(app, landings, line.command->options);
  declare(app, landings, global_options());
  const bool asks_help =
      std::any_of(rest.begin(), rest.end(), [](const auto& w) { return w == "-h" || w == "--help"; });
  if (const std::string wrong = flag_with_value(rest, landings); !wrong.empty()) return failure(wrong);
  if (const std::string wrong = parse_words(app, rest, line.command); !wrong.empty() && !asks_help)
    return failure(wrong);
  for (const Landing& landing : landings) {
    if (landing.flag) line.arguments.add(landing.row->key(), "");
    for (const std::string& value : landing.values) line.arguments.add(landing.row->key(), value);
  }
  if (asks_help) {
    line.arguments.add("--help", "");
  } else if (line.command != nullptr) {
    if (const std::string wrong = miscounted(landings, *line.command); !wrong.empty()) return failure(wrong);
  }
  return line;
}

}  // namespace orrery
