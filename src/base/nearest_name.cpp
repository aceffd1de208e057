#include "orrery/base/nearest_name.h"

#include <algorithm>
#include <cctype>

namespace orrery {

int edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<int> before(width), row(width), next(width);
  for (std::size_t j = 0; j < width; ++j) row[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    next[0] = static_cast<int>(i);
    for (std::size_t j = 1; j < width; ++j) {
      const int substitution = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      next[j] = std::min({substitution, row[j] + 1, next[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    std::swap(before, row);
    std::swap(row, next);
  }
  return row[b.size()];
}

namespace {
std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return lower;
}
}  // namespace

std::vector<std::string> nearest_names(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t kLongestWord = 200;  // longer ones are no misspelling, and cost length^2
  if (word.size() > kLongestWord) return {};
  int best = std::max<int>(1, static_cast<int>(word.size()) / 3);
  std::vector<std::string> nearest;
  for (const std::string& name : names) {
    const int distance = edit_distance(lower_case(word), lower_case(name));
    if (distance > best || name == word) continue;
    if (distance < best) nearest.clear();
    best = distance;
    if (std::find(nearest.begin(), nearest.end(), name) == nearest.end()) nearest.push_back(name);
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t kMostNames = 4;  // more would be a list, not a guess
  const std::vector<std::string> nearest = nearest_names(word, names);
  if (nearest.size() > kMostNames) return {};
  std::string text;
  for (const std::string& name : nearest) {
    text += (text.empty() ? "did you mean '" : " or '") + name + "'";
  }
  return text.empty() ? text : text + "?";
}

}  // namespace orrery
