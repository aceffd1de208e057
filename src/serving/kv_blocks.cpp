#include "orrery/serving/kv_blocks.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr std::int64_t kMostBlocks = 1 << 30;  // of one extent

}  // namespace

KvBlocks::KvBlocks(std::int64_t usable, const PrefixTree* prefixes) : prefixes_(prefixes), free_(usable) {
  if (prefixes == nullptr) return;
  segments_.resize(prefixes->segment_count());
  for (std::int64_t left = usable; left > 0; left -= kMostBlocks) {
    append_free(new_extent(kBlank, 0, 0, static_cast<std::int32_t>(std::min(left, kMostBlocks))));
  }
}

// ---- the free list (V-31, V-34) ------------------------------------------------------------

void KvBlocks::take_extents(std::int64_t count) {
  while (count > 0) {
    const std::uint32_t index = free_list_.first;
    Extent& extent = extents_[index];
    const std::int64_t taken = std::min<std::int64_t>(count, extent.end - extent.begin);
    extent.end -= static_cast<std::int32_t>(taken);
    count -= taken;
    if (extent.segment != kBlank) evictions_ += taken;
    if (extent.begin < extent.end) return;
    unlink_free(extent);
    if (extent.segment < kDead) unlink_from_segment(extent);
    drop_extent(index);
  }
}

void KvBlocks::append_free(std::uint32_t index) {
  Extent& extent = extents_[index];
  extent.free_previous = free_list_.last;
  extent.free_next = kNone;
  (free_list_.last == kNone ? free_list_.first : extents_[free_list_.last].free_next) = index;
  free_list_.last = index;
}

/// Appends blocks that nobody can ask for.
void KvBlocks::append_free_plain(std::uint32_t kind, std::int64_t blocks) {
  if (blocks == 0) return;
  if (free_list_.last != kNone) {
    Extent& last = extents_[free_list_.last];
    if (last.segment == kind && last.end + blocks <= kMostBlocks) {
      last.end += static_cast<std::int32_t>(blocks);
      return;
    }
  }
  append_free(new_extent(kind, 0, 0, static_cast<std::int32_t>(blocks)));
}

void KvBlocks::unlink_free(Extent& extent) {
  (extent.free_previous == kNone ? free_list_.first : extents_[extent.free_previous].free_next) = extent.free_next;
  (extent.free_next == kNone ? free_list_.last : extents_[extent.free_next].free_previous) = extent.free_previous;
}

// ---- extents -------------------------------------------------------------------------------

std::uint32_t KvBlocks::new_extent(std::uint32_t segment, std::uint32_t copy, std::int32_t begin, std::int32_t end) {
  std::uint32_t index = unused_extents_;
  if (index == kNone) {
    index = static_cast<std::uint32_t>(extents_.size());
    extents_.emplace_back();
  } else {
    unused_extents_ = extents_[index].free_next;
  }
  extents_[index] = {segment, copy, begin, end, 0, kNone, kNone, kNone, kNone};
  return index;
}

void KvBlocks::drop_extent(std::uint32_t index) {
  extents_[index].free_next = unused_extents_;
  unused_extents_ = index;
}

void KvBlocks::append_to_segment(std::uint32_t index) {
  Extent& extent = extents_[index];
  Ends& ends = segments_[extent.segment];
  extent.segment_previous = ends.last;
  extent.segment_next = kNone;
  (ends.last == kNone ? ends.first : extents_[ends.last].segment_next) = index;
  ends.last = index;
}

void KvBlocks::unlink_from_segment(const Extent& extent) {
  Ends& ends = segments_[extent.segment];
  (extent.segment_previous == kNone ? ends.first : extents_[extent.segment_previous].segment_next) =
      extent.segment_next;
  (extent.segment_next == kNone ? ends.last : extents_[extent.segment_next].segment_previous) = extent.segment_previous;
}

/// Cuts an extent in two; it keeps the blocks before `at`, and a new one, which is returned, has the others.
std::uint32_t KvBlocks::split(std::uint32_t index, std::int32_t at) {
  const std::uint32_t upper = new_extent(extents_[index].segment, extents_[index].copy, at, extents_[index].end);
  Extent& low = extents_[index];
  Extent& high = extents_[upper];
  low.end = at;
  high.holders = low.holders;
  high.segment_previous = index;
  high.segment_next = low.segment_next;
  (low.segment_next == kNone ? segments_[low.segment].last : extents_[low.segment_next].segment_previous) = upper;
  low.segment_next = upper;
  if (low.holders == 0) {  // the end of an extent leaves the free list first
    high.free_previous = low.free_previous;
    high.free_next = index;
    (low.free_previous == kNone ? free_list_.first : extents_[low.free_previous].free_next) = upper;
    low.free_previous = upper;
  }
  return upper;
}

std::uint32_t KvBlocks::new_own_segment() {
  if (unused_segments_.empty()) {
    segments_.emplace_back();
    return static_cast<std::uint32_t>(segments_.size() - 1);
  }
  const std::uint32_t segment = unused_segments_.back();
  unused_segments_.pop_back();
  return segment;
}

// ---- hits (V-33, V-41, V-43) ---------------------------------------------------------------

KvBlocks::Hits KvBlocks::look_up(std::uint32_t request, std::uint32_t own_segment, std::int64_t limit) {
  hits_.clear();
  found_ = 0;
  idle_ = 0;
  missed_segment_ = kNone;
  const auto most = static_cast<std::int32_t>(limit);
  const std::int32_t known = prefixes_->known_blocks(request);
  const auto path = prefixes_->path(request);
  for (std::size_t step = 0; step < path.size() && found_ < most; ++step) {
    const std::int32_t end = step + 1 < path.size() ? prefixes_->first_block(path[step + 1]) : known;
    if (!look_up_segment(path[step], std::min(end, most))) return {found_, idle_};
  }
  if (own_segment != kNone && found_ < most) look_up_segment(own_segment, most);
  return {found_, idle_};
}

/// Adds the hits of one segment up to `end`; false where a block is missing.
///
/// Behind an extent, the first is looked for again only where it ends: no earlier one begins before that. For a request
/// registers a block after the one before it, a later request takes the one before that was registered first, and
/// gives both back in reverse; so as long as a block is cached, one before it is that was registered earlier. For
/// the same reason hits are lost from their end only.
bool KvBlocks::look_up_segment(std::uint32_t segment, std::int32_t end) {
  while (found_ < end) {
    std::uint32_t index = segments_[segment].first;
    while (index != kNone && (extents_[index].begin > found_ || extents_[index].end <= found_)) {
      index = extents_[index].segment_next;
    }
    if (index == kNone) {
      missed_segment_ = segment;
      return false;
    }
    const std::int32_t until = std::min(end, extents_[index].end);
    if (extents_[index].holders == 0) idle_ += until - found_;
    hits_.push_back({index, found_, until});
    found_ = until;
  }
  return true;
}

void KvBlocks::take_hits(Holding& holding) {
  holding.registered = found_;
  // From the last to the first, since a split leaves an extent's lower part where it was.
  for (auto hit = hits_.rbegin(); hit != hits_.rend(); ++hit) {
    std::uint32_t index = hit->extent;
    if (hit->end < extents_[index].end) split(index, hit->end);
    if (hit->begin > extents_[index].begin) index = split(index, hit->begin);
    Extent& extent = extents_[index];
    if (extent.holders++ == 0) {
      unlink_free(extent);
      free_ -= extent.end - extent.begin;
    }
    holding.pieces.push_back({extent.segment, extent.copy, hit->begin, hit->end});
  }
  std::reverse(holding.pieces.begin(), holding.pieces.end());
}

bool KvBlocks::could_lengthen_hits(const Holding& holding, std::uint32_t request) const {
  if (missed_segment_ == kNone || holding.registered > found_ || prefixes_->known_blocks(request) <= found_) {
    return false;
  }
  const auto path = prefixes_->path(request);
  return std::find(path.begin(), path.end(), missed_segment_) != path.end();
}

// ---- registration and release (V-35, V-40, V-42) -------------------------------------------

void KvBlocks::register_blocks(Holding& holding, std::uint32_t request, std::int64_t end) {
  const auto target = static_cast<std::int32_t>(end);
  if (target <= holding.registered) return;
  const std::int32_t known = prefixes_->known_blocks(request);
  const auto path = prefixes_->path(request);
  std::int32_t begin = holding.registered;
  while (begin < std::min(target, known)) {
    const std::uint32_t next = holding.path_step + 1;
    const std::int32_t segment_end = next < path.size() ? prefixes_->first_block(path[next]) : known;
    if (segment_end <= begin) {
      ++holding.path_step;
      continue;
    }
    const std::int32_t until = std::min(target, segment_end);
    add_extent(holding, path[holding.path_step], begin, until);
    begin = until;
  }
  if (begin < target && holding.own_segment != kNone) add_extent(holding, holding.own_segment, begin, target);
  holding.registered = target;
}

void KvBlocks::add_extent(Holding& holding, std::uint32_t segment, std::int32_t begin, std::int32_t end) {
  if (!holding.pieces.empty() && segments_[segment].last != kNone) {
    Piece& piece = holding.pieces.back();
    Extent& last = extents_[segments_[segment].last];
    if (piece.segment == segment && piece.copy == last.copy && last.end == begin && last.holders == 1) {
      last.end = end;
      piece.end = end;
      return;
    }
  }
  const std::uint32_t index = new_extent(segment, ++copies_, begin, end);
  extents_[index].holders = 1;
  append_to_segment(index);
  holding.pieces.push_back({segment, copies_, begin, end});
}

void KvBlocks::release(Holding& holding, std::uint32_t request, std::int64_t blocks, bool comes_back) {
  append_free_plain(kBlank, blocks - holding.registered);
  free_ += blocks - holding.registered;
  const std::int32_t known = prefixes_->known_blocks(request);
  if (holding.own_segment == kNone && holding.registered > known) {
    free_ += holding.registered - known;
    if (comes_back) {
      holding.own_segment = new_own_segment();
      const std::uint32_t index = new_extent(holding.own_segment, ++copies_, known, holding.registered);
      append_to_segment(index);
      append_free(index);
    } else {
      append_free_plain(kDead, holding.registered - known);
    }
  }
  for (auto piece = holding.pieces.rbegin(); piece != holding.pieces.rend(); ++piece) release_piece(*piece);
  if (!comes_back && holding.own_segment != kNone) bury(holding.own_segment);
  holding.pieces.clear();
  holding.registered = 0;
  holding.path_step = 0;
}

void KvBlocks::release_piece(const Piece& piece) {
  std::int32_t left = piece.end - piece.begin;
  for (std::uint32_t index = segments_[piece.segment].last; left > 0;) {
    Extent& extent = extents_[index];
    const std::uint32_t previous = extent.segment_previous;
    if (extent.copy == piece.copy && extent.begin >= piece.begin && extent.end <= piece.end) {
      const std::int32_t size = extent.end - extent.begin;
      left -= size;
      if (--extent.holders == 0) {
        free_ += size;
        Extent* last = free_list_.last == kNone ? nullptr : &extents_[free_list_.last];
        if (last != nullptr && last->segment == extent.segment && last->copy == extent.copy &&
            last->begin == extent.end) {  // what was split comes together again
          last->begin = extent.begin;
          unlink_from_segment(extent);
          drop_extent(index);
        } else {
          append_free(index);
        }
      }
    }
    index = previous;
  }
}

/// Nobody will ask for what a finished request had for itself.
void KvBlocks::bury(std::uint32_t segment) {
  for (std::uint32_t index = segments_[segment].first; index != kNone; index = extents_[index].segment_next) {
    extents_[index].segment = kDead;
  }
  segments_[segment] = {};
  unused_segments_.push_back(segment);
}

}  // namespace orrery
