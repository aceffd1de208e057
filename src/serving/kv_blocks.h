#pragma once

#include <cstdint>
#include <vector>

#include "orrery/serving/prefix_tree.h"

namespace orrery {

/// The KV blocks of one replica, with or without a prefix cache.
///
/// vLLM hands out single blocks: from the head of a free list in order of release, where a block keeps the
/// hash of its content until it is handed out again. Here a stretch of blocks of one prefix segment, computed by
/// one request and held by the same requests, is one extent; the free list links extents, each to be taken from
/// its end. Every operation costs by the extents it meets, not by the blocks. Which block a request is
/// given makes no difference: it has lost its hash by then. So blocks have no numbers here.
///
/// Without a prefix tree only the count of free blocks is kept.
/// Comments name the rules: V-31 order of the free list, V-33 hits are taken before new blocks, V-34 eviction,
/// V-35 release in reverse, V-40 full blocks only, V-43 the block registered first is found.
/// Source: vLLM v1/core/block_pool.py (002f349), core/kv_cache_manager.py (003df29).
class KvBlocks {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// Part of a segment in the copy of it that one request computed.
  struct Piece {
    std::uint32_t segment;
    std::uint32_t copy;
    std::int32_t begin;
    std::int32_t end;
  };
  /// The blocks of one request that carry a hash, from the first on.
  struct Holding {
    std::vector<Piece> pieces;  ///< those that others may find, or the request itself after a preemption
    std::int32_t registered = 0;
    std::uint32_t path_step = 0;        ///< of the next block to register
    std::uint32_t own_segment = kNone;  ///< of a request that was preempted: what no other request shares
  };
  struct Hits {
    std::int32_t blocks = 0;
    std::int32_t idle = 0;  ///< of these, blocks that nobody holds: taking them uses up free ones
  };

  /// `prefixes` must outlive this; null turns the prefix cache off.
  KvBlocks(std::int64_t usable, const PrefixTree* prefixes);

  bool has_cache() const { return prefixes_ != nullptr; }
  std::int64_t free() const { return free_; }
  std::int64_t evictions() const { return evictions_; }

  /// Takes new blocks. Pre: count <= free().
  void take(std::int64_t count) {
    free_ -= count;
    if (prefixes_ != nullptr) take_extents(count);
  }

  // With a prefix cache only:

  /// The cached blocks of a request's prefix, at most `limit` of them.
  Hits look_up(std::uint32_t request, std::uint32_t own_segment, std::int64_t limit);
  /// Of the last look_up().
  std::int32_t idle_hits() const { return idle_; }
  /// Gives the hits of the last look_up() to its request. Pre: nothing has changed since.
  void take_hits(Holding& holding);
  /// The request's blocks before `end` are full: they get their hashes, in the order of the calls.
  void register_blocks(Holding& holding, std::uint32_t request, std::int64_t end);
  /// A request gives all its blocks back. One that comes back may find its own again.
  void release(Holding& holding, std::uint32_t request, std::int64_t blocks, bool comes_back);
  /// A preempted request with this own segment, or kNone, does not come back after all.
  void forget(std::uint32_t own_segment) {
    if (own_segment != kNone) bury(own_segment);
  }

  /// Without a prefix cache: the same.
  void release_uncached(std::int64_t blocks) { free_ += blocks; }

  /// Whether registering more of a request's blocks could lengthen the hits of the last look_up().
  bool could_lengthen_hits(const Holding& holding, std::uint32_t request) const;

 private:
  static constexpr std::uint32_t kBlank = UINT32_MAX;     ///< in place of a segment: without a hash
  static constexpr std::uint32_t kDead = UINT32_MAX - 1;  ///< with a hash that no request will ask for

  struct Extent {
    std::uint32_t segment;
    std::uint32_t copy;
    std::int32_t begin;  ///< blocks; of a blank or dead extent only the difference counts
    std::int32_t end;
    std::int32_t holders;
    std::uint32_t free_previous;
    std::uint32_t free_next;
    std::uint32_t segment_previous;  ///< in the order of registration
    std::uint32_t segment_next;
  };
  struct Ends {
    std::uint32_t first = kNone;
    std::uint32_t last = kNone;
  };
  struct Hit {
    std::uint32_t extent;
    std::int32_t begin;
    std::int32_t end;
  };

  void take_extents(std::int64_t count);
  bool look_up_segment(std::uint32_t segment, std::int32_t end);
  void add_extent(Holding& holding, std::uint32_t segment, std::int32_t begin, std::int32_t end);
  void release_piece(const Piece& piece);
  void bury(std::uint32_t segment);
  std::uint32_t split(std::uint32_t index, std::int32_t at);

  std::uint32_t new_extent(std::uint32_t segment, std::uint32_t copy, std::int32_t begin, std::int32_t end);
  void drop_extent(std::uint32_t index);
  void append_free(std::uint32_t index);
  void append_free_plain(std::uint32_t kind, std::int64_t blocks);
  void unlink_free(Extent& extent);
  void append_to_segment(std::uint32_t index);
  void unlink_from_segment(const Extent& extent);
  std::uint32_t new_own_segment();

  const PrefixTree* prefixes_;
  std::int64_t free_;
  std::int64_t evictions_ = 0;
  std::vector<Extent> extents_;
  std::uint32_t unused_extents_ = kNone;  ///< linked by free_next
  Ends free_list_;
  std::vector<Ends> segments_;  ///< of the tree, then those of preempted requests
  std::vector<std::uint32_t> unused_segments_;
  std::uint32_t copies_ = 0;

  std::vector<Hit> hits_;  ///< of the last look_up()
  std::int32_t found_ = 0;
  std::int32_t idle_ = 0;
  std::uint32_t missed_segment_ = kNone;  ///< kNone: the hits ended at their limit
};

}  // namespace orrery
