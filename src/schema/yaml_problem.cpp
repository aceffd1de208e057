#include "orrery/schema/yaml_problem.h"

#include <optional>

namespace orrery {
namespace {

struct Problem {
  std::string_view parser_message;  ///< of yaml-cpp; or its beginning
  std::string_view message;
  std::string_view hint;
};

constexpr Problem kProblems[] = {
    {"illegal map value", "no key and value may stand here",
     "a text that holds a colon and a space needs quotes; keys of one mapping begin at one column"},
    {"illegal map key", "no key may stand here", "a text that begins with a question mark needs quotes"},
    {"illegal block entry", "no list item may stand here",
     "items begin on lines of their own; a text that begins with a dash and a space needs quotes"},
    {"end of map not found", "this line belongs to no mapping", "keys of one mapping begin at one column"},
    {"end of sequence not found", "this line belongs to no list", "items of one list begin with '-' at one column"},
    {"end of map flow not found", "the '{' before this is not closed", "a '}' or a comma is missing"},
    {"end of sequence flow not found", "the '[' before this is not closed", "a ']' or a comma is missing"},
    {"illegal flow end", "this bracket closes nothing", "remove it, or add the one that it closes"},
    {"unknown token", "no value can begin like this", "put the text in quotes"},
    {"unknown escape character", "there is no such escape",
     "in double quotes a backslash begins an escape: write two, or use single quotes"},
    {"illegal EOF in scalar", "the text ends inside quotes", "a quote is missing"},
    {"illegal document indicator in scalar", "a document ends inside quotes", "a quote is missing"},
    {"unexpected character in block scalar", "only a comment may follow '|' or '>'", "begin the text on the next line"},
};

/// The colon in this line, or in the one before it, that has no space behind it.
std::optional<Place> colon_without_space(const Place& place) {
  for (int line = place.line; line > 0; --line) {
    const std::string_view text = place.source->line(line);
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos || text[first] == '#') continue;
    const std::size_t colon = text.find(':');
    const bool is_key = colon != std::string_view::npos && colon + 1 < text.size() && text[colon + 1] != ' ' &&
                        text[colon + 1] != '/' && text.find(": ") == std::string_view::npos && text.back() != ':';
    if (!is_key && line == place.line) continue;
    if (!is_key) return std::nullopt;
    return Place{place.source, line, static_cast<int>(colon) + 1, 1};
  }
  return std::nullopt;
}

}  // namespace

void report_yaml_problem(std::string_view parser_message, const Place& place, Diagnostics& diagnostics) {
  std::string_view message = parser_message;
  std::string_view hint = "look for a missing space after ':', an unclosed quote or bracket, or a wrong indentation";
  for (const Problem& problem : kProblems) {
    if (!parser_message.starts_with(problem.parser_message)) continue;
    message = problem.message;
    hint = problem.hint;
  }
  Diagnostic& found = diagnostics.error("invalid-yaml", place, std::string(message), std::string(hint));
  if (const auto colon = colon_without_space(place)) found.notes.push_back({"no space follows this colon", *colon});
}

}  // namespace orrery
