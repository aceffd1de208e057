#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "orrery/serving/request_table.h"

namespace orrery {

/// What the prefixes of a workload have in common, in KV blocks: built once, shared by all replicas.
///
/// The chains of content keys form a tree. A segment is a stretch of it without a branch, so that a
/// request is a short path of segments however long its prompt is: a cache that asks for segments does
/// the same work for a prompt of 100,000 tokens as for one of 100.
/// A block is the same for two requests where their keys are equal up to the one that holds its last token;
/// this is exact where the block size is a multiple of the tokens of a key, or divides them.
class PrefixTree {
 public:
  PrefixTree(const RequestTable& requests, std::int64_t block_size);

  /// The segments of a request's known blocks, from the first on; each ends where the next one begins.
  std::span<const std::uint32_t> path(std::uint32_t request) const {
    if (path_ends_.empty()) return {};
    const std::uint32_t begin = request == 0 ? 0 : path_ends_[request - 1];
    return {path_.data() + begin, path_ends_[request] - begin};
  }
  /// Full blocks from the first on whose content is known.
  std::int32_t known_blocks(std::uint32_t request) const { return path_ends_.empty() ? 0 : known_blocks_[request]; }
  /// Number of the first block of a segment.
  std::int32_t first_block(std::uint32_t segment) const { return first_blocks_[segment]; }
  std::uint32_t segment_count() const { return static_cast<std::uint32_t>(first_blocks_.size()); }
  /// Whether the answers of some requests are known as well.
  bool has_answers() const { return has_answers_; }

 private:
  std::vector<std::int32_t> first_blocks_;
  std::vector<std::uint32_t> path_;
  std::vector<std::uint32_t> path_ends_;
  std::vector<std::int32_t> known_blocks_;
  bool has_answers_ = false;
};

}  // namespace orrery
