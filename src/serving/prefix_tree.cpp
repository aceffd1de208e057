#include "orrery/serving/prefix_tree.h"

#include <bit>

namespace orrery {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::ptrdiff_t kLookAhead = 8;  // keys, so that memory answers in time

/// Content keys in their context: equal keys behind different prefixes are different nodes.
class Nodes {
 public:
  struct Node {
    std::uint64_t key;
    std::uint32_t parent;
    std::int32_t first_block;
    std::uint32_t children = 0;
    std::uint32_t segment = 0;
  };

  explicit Nodes(std::size_t keys) : slots_(std::bit_ceil(keys + keys / 2 + 2)), mask_(slots_.size() - 1) {
    nodes.reserve(keys);
  }

  /// Keys are hashes already: their low bits say where to look, their high bits what for.
  std::uint32_t find_or_add(std::uint32_t parent, std::uint64_t key, std::int32_t first_block) {
    const auto mark = static_cast<std::uint32_t>(key >> 32);
    std::size_t place = key & mask_;
    for (; slots_[place].node != 0; place = (place + 1) & mask_) {
      if (slots_[place].mark != mark) continue;
      const std::uint32_t index = slots_[place].node - 1;
      if (nodes[index].key == key && nodes[index].parent == parent) return index;
    }
    const auto index = static_cast<std::uint32_t>(nodes.size());
    slots_[place] = {mark, index + 1};
    nodes.push_back({key, parent, first_block});
    if (parent != kNone) ++nodes[parent].children;
    return index;
  }
  /// A key that is soon to be looked for.
  void announce(std::uint64_t key) const { __builtin_prefetch(&slots_[key & mask_]); }

  std::vector<Node> nodes;

 private:
  struct Slot {
    std::uint32_t mark = 0;
    std::uint32_t node = 0;  ///< its number plus 1; 0: empty
  };
  std::vector<Slot> slots_;
  std::size_t mask_;
};

}  // namespace

PrefixTree::PrefixTree(const RequestTable& requests, std::int64_t block_size) {
  if (!requests.has_keys()) return;
  Nodes tree(requests.content_keys.size());
  std::vector<std::uint32_t> visited;  // nodes of all requests, one after the other
  std::vector<std::uint64_t> visited_ends;
  visited.reserve(requests.content_keys.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const RequestTable::KeyRange& range = requests.key_ranges[i];
    const std::int64_t blocks = range.known_tokens / block_size;
    known_blocks_.push_back(static_cast<std::int32_t>(blocks));
    has_answers_ |= range.known_tokens > requests.input_tokens[i];
    std::uint32_t node = kNone;
    std::int64_t token = 0;
    const std::int64_t end_token = blocks * block_size;
    const std::uint64_t* const all_end = requests.content_keys.data() + requests.content_keys.size();
    for (const std::uint64_t& key : requests.keys_of(i)) {
      if (token >= end_token) break;
      if (all_end - &key > kLookAhead) tree.announce(*(&key + kLookAhead));
      node = tree.find_or_add(node, key, static_cast<std::int32_t>(token / block_size));
      visited.push_back(node);
      token += range.tokens_per_key;
    }
    visited_ends.push_back(visited.size());
  }

  for (Nodes::Node& node : tree.nodes) {  // parents come before their children
    if (node.parent != kNone && tree.nodes[node.parent].children == 1) {
      node.segment = tree.nodes[node.parent].segment;
      continue;
    }
    node.segment = segment_count();
    first_blocks_.push_back(node.first_block);
  }
  std::size_t begin = 0;
  for (const std::uint64_t end : visited_ends) {
    const std::size_t path_begin = path_.size();
    for (; begin < end; ++begin) {
      const std::uint32_t segment = tree.nodes[visited[begin]].segment;
      if (path_.size() == path_begin) {
        path_.push_back(segment);
      } else if (path_.back() != segment) {
        // A segment that ends within its first block holds none.
        if (first_blocks_[path_.back()] == first_blocks_[segment]) path_.pop_back();
        path_.push_back(segment);
      }
    }
    path_ends_.push_back(static_cast<std::uint32_t>(path_.size()));
  }
}

}  // namespace orrery
