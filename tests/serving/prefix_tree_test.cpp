#include "orrery/serving/prefix_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

void add(RequestTable& table, std::vector<std::uint64_t> keys, std::int32_t known_tokens, std::int32_t tokens_per_key) {
  table.add(0, std::max(known_tokens, 1), 1);
  table.add_keys(keys, known_tokens, tokens_per_key);
}

TEST(PrefixTree, AStretchWithoutABranchIsOneSegment) {
  RequestTable table;
  add(table, {1, 2, 3, 4}, 64, 16);
  add(table, {1, 2, 5}, 48, 16);
  add(table, {9}, 16, 16);
  const PrefixTree tree(table, 16);
  EXPECT_EQ(tree.segment_count(), 4U);
  EXPECT_THAT(tree.path(0), ElementsAre(0, 1));
  EXPECT_THAT(tree.path(1), ElementsAre(0, 2));
  EXPECT_THAT(tree.path(2), ElementsAre(3));
  EXPECT_EQ(tree.first_block(1), 2);
  EXPECT_EQ(tree.known_blocks(0), 4);
  EXPECT_FALSE(tree.has_answers());
}

TEST(PrefixTree, TheSameContentBehindAnotherPrefixIsNotTheSame) {
  RequestTable table;
  add(table, {1, 7}, 32, 16);
  add(table, {2, 7}, 32, 16);
  const PrefixTree tree(table, 16);
  EXPECT_EQ(tree.segment_count(), 2U);
  EXPECT_THAT(tree.path(1), ElementsAre(1));
}

TEST(PrefixTree, AKeyOf512TokensIs32BlocksOf16) {
  RequestTable table;
  add(table, {1, 2}, 700, 512);
  add(table, {1, 3}, 1024, 512);
  const PrefixTree tree(table, 16);
  EXPECT_EQ(tree.known_blocks(0), 43) << "the 12 tokens behind them fill no block";
  EXPECT_EQ(tree.known_blocks(1), 64);
  EXPECT_THAT(tree.path(0), ElementsAre(0, 1));
  EXPECT_EQ(tree.first_block(1), 32);
}

TEST(PrefixTree, ABlockOfSeveralKeysNeedsAllOfThem) {
  RequestTable table;
  add(table, {1, 2, 3, 4}, 64, 16);
  add(table, {1, 2, 3, 5}, 64, 16);
  add(table, {1, 6}, 32, 16);
  const PrefixTree tree(table, 32);
  EXPECT_EQ(tree.known_blocks(0), 2);
  EXPECT_EQ(tree.path(0).size(), 2U) << "what branches within the first block shares none";
  EXPECT_EQ(tree.path(0)[0], tree.path(1)[0]);
  EXPECT_NE(tree.path(0)[1], tree.path(1)[1]);
  EXPECT_NE(tree.path(0)[0], tree.path(2)[0]);
}

TEST(PrefixTree, ARequestOfUnknownContentHasNoPath) {
  RequestTable table;
  add(table, {}, 0, 1);
  add(table, {1}, 15, 16);
  const PrefixTree tree(table, 16);
  EXPECT_THAT(tree.path(0), IsEmpty());
  EXPECT_THAT(tree.path(1), IsEmpty());
  EXPECT_EQ(tree.known_blocks(1), 0);
  RequestTable without_keys;
  without_keys.add(0, 10, 10);
  EXPECT_THAT(PrefixTree(without_keys, 16).path(0), IsEmpty());
}

TEST(PrefixTree, KnowsWhetherAnswersAreKnown) {
  RequestTable table;
  table.add(0, 16, 16);
  table.add_keys(std::vector<std::uint64_t>{1, 2}, 32, 16);
  EXPECT_TRUE(PrefixTree(table, 16).has_answers());
}

}  // namespace
}  // namespace orrery
