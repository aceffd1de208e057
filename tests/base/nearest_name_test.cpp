#include "orrery/base/nearest_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace orrery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EditDistance, CountsEditsAndSwapsOfNeighbours) {
  EXPECT_EQ(edit_distance("", ""), 0);
  EXPECT_EQ(edit_distance("seed", "seed"), 0);
  EXPECT_EQ(edit_distance("", "seed"), 4);
  EXPECT_EQ(edit_distance("seed", ""), 4);
  EXPECT_EQ(edit_distance("bandwith", "bandwidth"), 1);    // insertion
  EXPECT_EQ(edit_distance("bandwiddth", "bandwidth"), 1);  // deletion
  EXPECT_EQ(edit_distance("bandwodth", "bandwidth"), 1);   // substitution
  EXPECT_EQ(edit_distance("bandwitdh", "bandwidth"), 1);   // swap
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
  EXPECT_EQ(edit_distance("ca", "abc"), 3);  // the restricted form edits no place twice
}

TEST(EditDistance, IsSymmetric) {
  EXPECT_EQ(edit_distance("routing", "rooting"), edit_distance("rooting", "routing"));
  EXPECT_EQ(edit_distance("abcdef", "badcfe"), 3);
  EXPECT_EQ(edit_distance("badcfe", "abcdef"), 3);
}

TEST(NearestNames, OnlyTheNearestAreNamed) {
  EXPECT_THAT(nearest_names("bandwith", {"bandwidth", "bandwidths", "latency"}), ElementsAre("bandwidth"));
}

TEST(NearestNames, AllThatAreEquallyNearAreNamedInTheirOrder) {
  EXPECT_THAT(nearest_names("p5", {"p95", "p50", "p99", "mean"}), ElementsAre("p95", "p50"));
  EXPECT_THAT(nearest_names("p5", {"p50", "p95", "p50"}), ElementsAre("p50", "p95"));
}

TEST(NearestNames, NothingFarIsNamed) {
  EXPECT_THAT(nearest_names("colour", {"bandwidth", "seed"}), IsEmpty());
  EXPECT_THAT(nearest_names("x", {"seed"}), IsEmpty());
  EXPECT_THAT(nearest_names("seed", {}), IsEmpty());
}

TEST(NearestNames, TheAllowanceGrowsWithTheLength) {
  EXPECT_THAT(nearest_names("sxxd", {"seed"}), IsEmpty());                           // 2 of 4
  EXPECT_THAT(nearest_names("bxxdxidth", {"bandwidth"}), ElementsAre("bandwidth"));  // 3 of 9
}

TEST(NearestNames, CaseAndDashesCountLittle) {
  EXPECT_THAT(nearest_names("Max_Num-Seqs", {"max_num_seqs"}), ElementsAre("max_num_seqs"));
}

TEST(NearestNames, AVeryLongWordCostsNothing) {
  EXPECT_THAT(nearest_names(std::string(1'000'000, 'a'), {std::string(1'000'000, 'a') + "b"}), IsEmpty());
}

TEST(DidYouMean, IsASentenceOrNothing) {
  EXPECT_EQ(did_you_mean("bandwith", {"bandwidth"}), "did you mean 'bandwidth'?");
  EXPECT_EQ(did_you_mean("p5", {"p50", "p95"}), "did you mean 'p50' or 'p95'?");
  EXPECT_EQ(did_you_mean("colour", {"bandwidth"}), "");
  EXPECT_EQ(did_you_mean("x", {"a", "b", "c", "d", "e"}), "");  // a list would not help
}

}  // namespace
}  // namespace orrery
