#include "orrery/serving/kv_blocks.h"

#include <gtest/gtest.h>

namespace orrery {
namespace {

/// Requests whose prompts are the letters of a text, a block each.
RequestTable prompts(std::initializer_list<std::string_view> texts) {
  RequestTable table;
  for (const std::string_view text : texts) {
    table.add(0, static_cast<std::int32_t>(text.size()), 100);
    table.add_keys(std::vector<std::uint64_t>(text.begin(), text.end()), static_cast<std::int32_t>(text.size()), 1);
  }
  return table;
}

/// Admits a request with all its blocks, `own` of them of its answer; returns the blocks that it found.
std::int32_t admit(KvBlocks& blocks, KvBlocks::Holding& holding, const RequestTable& table, std::uint32_t request,
                   std::int32_t own = 0) {
  const std::int32_t all = table.input_tokens[request] + own;
  const KvBlocks::Hits hits = blocks.look_up(request, holding.own_segment, all);
  blocks.take_hits(holding);
  blocks.take(all - hits.blocks);
  blocks.register_blocks(holding, request, all);
  return hits.blocks;
}

TEST(KvBlocks, WithoutACacheAreOnlyCounted) {
  KvBlocks blocks(10, nullptr);
  blocks.take(4);
  EXPECT_EQ(blocks.free(), 6);
  blocks.release_uncached(4);
  EXPECT_EQ(blocks.free(), 10);
  EXPECT_EQ(blocks.evictions(), 0);
}

TEST(KvBlocks, AreFoundUntilTheyAreHandedOutAgain) {
  const RequestTable table = prompts({"abcd", "abce", "wxyz"});
  const PrefixTree tree(table, 1);
  KvBlocks blocks(6, &tree);
  KvBlocks::Holding a, b, w;
  EXPECT_EQ(admit(blocks, a, table, 0), 0);
  blocks.release(a, 0, 4, false);
  EXPECT_EQ(blocks.free(), 6);
  EXPECT_EQ(admit(blocks, b, table, 1), 3);
  EXPECT_EQ(blocks.free(), 2) << "hits that nobody held use up free blocks";
  blocks.release(b, 1, 4, false);
  EXPECT_EQ(admit(blocks, w, table, 2), 0);
  EXPECT_EQ(blocks.evictions(), 3) << "one block was never used, the last of each prompt goes before their shared ones";
  EXPECT_EQ(blocks.look_up(0, KvBlocks::kNone, 4).blocks, 2);
}

TEST(KvBlocks, AreSharedWhileTheyAreHeld) {
  const RequestTable table = prompts({"abcd", "abcd"});
  const PrefixTree tree(table, 1);
  KvBlocks blocks(8, &tree);
  KvBlocks::Holding a, b;
  admit(blocks, a, table, 0);
  const KvBlocks::Hits hits = blocks.look_up(1, KvBlocks::kNone, 3);
  EXPECT_EQ(hits.blocks, 3);
  EXPECT_EQ(hits.idle, 0);
  EXPECT_EQ(admit(blocks, b, table, 1), 4);
  EXPECT_EQ(blocks.free(), 4);
  blocks.release(a, 0, 4, false);
  EXPECT_EQ(blocks.free(), 4);
  blocks.release(b, 1, 4, false);
  EXPECT_EQ(blocks.free(), 8);
}

TEST(KvBlocks, TheCopyRegisteredFirstIsFound) {
  const RequestTable table = prompts({"ab", "ab", "zzzzzz"});
  const PrefixTree tree(table, 1);
  KvBlocks blocks(7, &tree);
  KvBlocks::Holding a, b;
  blocks.look_up(0, KvBlocks::kNone, 0);
  for (auto [holding, request] : {std::pair(&a, 0U), std::pair(&b, 1U)}) {  // neither finds the other's
    blocks.take(2);
    blocks.register_blocks(*holding, request, 2);
  }
  blocks.release(b, 1, 2, false);
  EXPECT_EQ(blocks.look_up(0, KvBlocks::kNone, 2).idle, 0) << "those of the first, which are held";
  blocks.release(a, 0, 2, false);
  EXPECT_EQ(blocks.look_up(0, KvBlocks::kNone, 2).idle, 2);
  blocks.take(5);  // three that were never used, and the two of the second
  EXPECT_EQ(blocks.evictions(), 2);
  EXPECT_EQ(blocks.look_up(0, KvBlocks::kNone, 2).blocks, 2);
}

TEST(KvBlocks, APreemptedRequestFindsItsOwnAnswerAndNobodyElseDoes) {
  const RequestTable table = prompts({"ab", "ab"});
  const PrefixTree tree(table, 1);
  KvBlocks blocks(20, &tree);
  KvBlocks::Holding a, b;
  admit(blocks, a, table, 0, /*own=*/3);
  blocks.release(a, 0, 5, /*comes_back=*/true);
  EXPECT_EQ(admit(blocks, b, table, 1, /*own=*/3), 2);
  EXPECT_EQ(admit(blocks, a, table, 0, /*own=*/3), 5);
  blocks.release(a, 0, 5, /*comes_back=*/false);
  blocks.release(b, 1, 5, /*comes_back=*/false);
  EXPECT_EQ(blocks.free(), 20);
}

TEST(KvBlocks, MoreThanOneExtentHoldsAreCounted) {
  const PrefixTree tree(RequestTable(), 16);
  KvBlocks blocks(std::int64_t{1} << 33, &tree);
  blocks.take((std::int64_t{1} << 33) - 1);
  EXPECT_EQ(blocks.free(), 1);
  blocks.take(1);
  EXPECT_EQ(blocks.evictions(), 0);
}

}  // namespace
}  // namespace orrery
