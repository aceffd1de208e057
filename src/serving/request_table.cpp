#include "orrery/serving/request_table.h"

#include <algorithm>
#include <numeric>

namespace orrery {

void RequestTable::sort_by_arrival() {
  if (std::is_sorted(arrival_ps.begin(), arrival_ps.end())) return;
  std::vector<std::size_t> order(size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return arrival_ps[a] < arrival_ps[b]; });
  const auto reorder = [&](auto& column) {
    if (column.empty()) return;
    auto sorted = column;
    for (std::size_t i = 0; i < order.size(); ++i) sorted[i] = column[order[i]];
    column = std::move(sorted);
  };
  if (has_keys()) {
    RequestTable sorted;
    for (const std::size_t i : order) {
      sorted.add_keys(keys_of(i), key_ranges[i].known_tokens, key_ranges[i].tokens_per_key);
    }
    content_keys = std::move(sorted.content_keys);
    key_ranges = std::move(sorted.key_ranges);
  }
  reorder(arrival_ps);
  reorder(input_tokens);
  reorder(output_tokens);
  reorder(adapters);
  reorder(priorities);
  reorder(give_up_ps);
  reorder(sent_ps);
  reorder(answer_way_ps);
}

}  // namespace orrery
