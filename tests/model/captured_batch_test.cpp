#include "orrery/model/captured_batch.h"

#include <gtest/gtest.h>

#include <set>

namespace orrery {
namespace {

TEST(CapturedBatch, HasTheFiftyOneSizesOfTheMeasuredRun) {
  std::set<std::int64_t> sizes;
  for (std::int64_t tokens = 1; tokens <= 512; ++tokens) sizes.insert(padded_tokens(tokens, 512));
  EXPECT_EQ(sizes.size(), 51u);
  for (const std::int64_t size : {1, 2, 4, 8, 16, 24, 248, 256, 272, 496, 512})
    EXPECT_TRUE(sizes.contains(size)) << size;
}

TEST(CapturedBatch, LargerBatchesRunAsTheyAre) {
  EXPECT_EQ(padded_tokens(513, 512), 513);
  EXPECT_EQ(padded_tokens(3, 2), 3);
  EXPECT_EQ(padded_tokens(7, 0), 7);
}

TEST(CapturedBatch, NothingIsCapturedThatCannotOccur) {
  EXPECT_EQ(largest_captured(512, 128, 2048), 256);
  EXPECT_EQ(largest_captured(512, 1024, 2048), 512);
  EXPECT_EQ(largest_captured(512, 1024, 64), 64);
}

}  // namespace
}  // namespace orrery
