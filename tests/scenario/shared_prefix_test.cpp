#include "orrery/scenario/shared_prefix.h"

#include <gtest/gtest.h>

#include <map>

namespace orrery {
namespace {

RequestTable questions(std::size_t count) {
  RequestTable table;
  for (std::size_t i = 0; i < count; ++i) table.add(static_cast<std::int64_t>(i), 100, 10);
  return table;
}

RequestTable shared(const SharedPrefix& prefix, std::size_t count, std::uint64_t seed = 1,
                    std::string_view stream = "users") {
  RequestTable table = questions(count);
  share_prefixes(prefix, seed, stream, table);
  return table;
}

std::map<std::uint64_t, double> shares(const RequestTable& table) {
  std::map<std::uint64_t, double> shares;
  for (const std::uint64_t key : table.content_keys) shares[key] += 1.0 / static_cast<double>(table.size());
  return shares;
}

TEST(SharedPrefix, ComesBeforeThePromptAndIsAllThatIsKnownOfIt) {
  const RequestTable table = shared({.prefixes = 5, .tokens = 480, .zipf_exponent = {}, .place = {}}, 1000);
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(table.input_tokens[i], 580);
    ASSERT_EQ(table.keys_of(i).size(), 1U);
    EXPECT_EQ(table.key_ranges[i].known_tokens, 480);
  }
}

TEST(SharedPrefix, EachIsDrawnByItsPopularity) {
  const auto alike = shares(shared({.prefixes = 4, .tokens = 16, .zipf_exponent = {}, .place = {}}, 40000));
  ASSERT_EQ(alike.size(), 4U);
  for (const auto& [key, share] : alike) EXPECT_NEAR(share, 0.25, 0.01);
  std::vector<double> sorted;
  for (const auto& [key, share] :
       shares(shared({.prefixes = 3, .tokens = 16, .zipf_exponent = 1, .place = {}}, 40000))) {
    sorted.push_back(share);
  }
  std::sort(sorted.rbegin(), sorted.rend());
  ASSERT_EQ(sorted.size(), 3U);  // 1, 1/2 and 1/3 of 11/6
  EXPECT_NEAR(sorted[0], 6.0 / 11, 0.01);
  EXPECT_NEAR(sorted[1], 3.0 / 11, 0.01);
  EXPECT_NEAR(sorted[2], 2.0 / 11, 0.01);
}

TEST(SharedPrefix, BelongsToItsSeedAndItsStream) {
  const SharedPrefix prefix{.prefixes = 50, .tokens = 16, .zipf_exponent = {}, .place = {}};
  const RequestTable table = shared(prefix, 100);
  EXPECT_EQ(table.content_keys, shared(prefix, 100).content_keys);
  const auto own = shares(table);
  for (const auto& [key, share] : shares(shared(prefix, 100, 2))) EXPECT_FALSE(own.contains(key));
  for (const auto& [key, share] : shares(shared(prefix, 100, 1, "others"))) EXPECT_FALSE(own.contains(key));
}

}  // namespace
}  // namespace orrery
