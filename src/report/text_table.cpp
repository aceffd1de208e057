#include "orrery/report/text_table.h"

#include <algorithm>
#include <numeric>

#include "orrery/report/human_text.h"

namespace orrery {
namespace {

constexpr std::size_t kGap = 2;

std::string_view code_of(TextColor color) {
  switch (color) {
    case TextColor::bold:
      return "1";
    case TextColor::dim:
      return "2";
    case TextColor::green:
      return "32";
    case TextColor::yellow:
      return "33";
    case TextColor::red:
      return "1;31";
  }
  return "0";
}

}  // namespace

std::string colored(std::string_view text, TextColor color, const TextStyle& style) {
  if (!style.color) return std::string(text);
  std::string result = "\x1b[";
  result += code_of(color);
  result += 'm';
  result += text;
  result += "\x1b[0m";
  return result;
}

std::string TextTable::render(const TextStyle& style) const {
  std::vector<std::size_t> widths(rows_[0].size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], text_width(row[i]));
  }
  std::string text;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < rows_[r].size(); ++i) {
      const std::string padding(widths[i] - text_width(rows_[r][i]), ' ');
      if (i > 0) line.append(kGap, ' ');
      line += i < left_columns_ ? rows_[r][i] + padding : padding + rows_[r][i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += r == 0 ? colored(line, TextColor::bold, style) : line;
    text += '\n';
    if (r > 0) continue;
    const std::size_t width = std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
    std::string rule;
    for (std::size_t i = 0; i < width; ++i) rule += style.unicode ? "\u2500" : "-";
    text += colored(rule, TextColor::dim, style) + '\n';
  }
  return text;
}

}  // namespace orrery
