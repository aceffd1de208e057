#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// How much a terminal can show.
struct TextStyle {
  bool color = false;    ///< ANSI colours
  bool unicode = false;  ///< lines and arrows beyond ASCII
};

enum class TextColor { bold, dim, green, yellow, red };

/// The text in a colour, or as it is when the style has none.
std::string colored(std::string_view text, TextColor color, const TextStyle& style);

/// A table with one line below its head. The first `left_columns` columns are set to the left, the others
/// to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head, std::size_t left_columns = 1)
      : left_columns_(left_columns), rows_{std::move(head)} {}

  /// Pre: as many cells as the head has.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string render(const TextStyle& style) const;

 private:
  std::size_t left_columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace orrery
