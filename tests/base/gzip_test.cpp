#include "orrery/base/gzip.h"

#include <gtest/gtest.h>

#include <string>

namespace orrery {
namespace {

using namespace std::string_literals;

const std::string kHello =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00"s;
const std::string kAgain =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x4b\x4c\x4f\xcc\xcc\xe3\x02\x00\xff\x19\x4f\x86\x06\x00\x00\x00"s;
constexpr std::size_t kMuch = 1 << 20;

TEST(Gzip, OneMemberIsUnpacked) { EXPECT_EQ(inflate_gzip(kHello, kMuch), "hello\n"); }

TEST(Gzip, MembersInARowAreUnpackedAsOneText) { EXPECT_EQ(inflate_gzip(kHello + kAgain, kMuch), "hello\nagain\n"); }

TEST(Gzip, ZeroBytesAtTheEndArePadding) { EXPECT_EQ(inflate_gzip(kHello + std::string(100, '\0'), kMuch), "hello\n"); }

TEST(Gzip, NothingIsAnEmptyText) {
  EXPECT_EQ(inflate_gzip("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"s, kMuch),
            "");
}

TEST(Gzip, EveryTruncationIsAnError) {
  const std::string both = kHello + kAgain;
  for (std::size_t size = 0; size < both.size(); ++size) {
    if (size == kHello.size()) continue;  // a whole member
    EXPECT_FALSE(inflate_gzip(both.substr(0, size), kMuch)) << size;
  }
  EXPECT_EQ(inflate_gzip(kHello.substr(0, 20), kMuch).error(), "the gzip data is cut off");
}

TEST(Gzip, ChecksumAndSizeAreVerified) {
  for (std::size_t i : {18U, 22U}) {
    std::string wrong = kHello;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    const auto result = inflate_gzip(wrong, kMuch);
    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().starts_with("the gzip data is corrupt")) << result.error();
  }
}

TEST(Gzip, OtherBytesBehindTheEndAreAnError) {
  EXPECT_EQ(inflate_gzip(kHello + "abc", kMuch).error(), "3 bytes that are not gzip follow its end");
}

TEST(Gzip, OtherContentIsAnError) { EXPECT_EQ(inflate_gzip("hello", kMuch).error(), "it is not gzip"); }

TEST(Gzip, TheBoundOnTheSizeHolds) {
  EXPECT_EQ(inflate_gzip(kHello, 6), "hello\n");
  EXPECT_EQ(inflate_gzip(kHello, 5).error(), "it unpacks to more than 5 bytes");
}

}  // namespace
}  // namespace orrery
