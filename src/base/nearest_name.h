#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// Insertions, deletions, substitutions and swaps of neighbours that turn a into b
/// (Damerau-Levenshtein, restricted form).
int edit_distance(std::string_view a, std::string_view b);

/// The names nearest to a misspelt one, within max(1, length / 3) edits; empty when none is near.
/// All that are equally near are returned, in their given order.
std::vector<std::string> nearest_names(std::string_view word, const std::vector<std::string>& names);

/// "did you mean 'bandwidth'?", or an empty text when nothing or too much is equally near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& names);

}  // namespace orrery
