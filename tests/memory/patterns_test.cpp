#include "orrery/memory/patterns.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <map>

#include "example_accesses.h"

namespace orrery {
namespace {

AddressMapping default_mapping(const DramDevice& device) { return AddressMapping::parse("default", device, 1).value(); }

std::vector<MemoryAccess> accesses_of(std::string_view name, const DramDevice& device, const PatternOptions& options) {
  auto source = make_access_pattern(name, device, default_mapping(device), options);
  EXPECT_TRUE(source) << (source ? "" : source.error());
  return drained(**source);
}

std::int64_t burst_of(const AddressMapping& mapping, const MemoryAccess& access) {
  return mapping.encode({0, access.rank, access.group, access.bank, access.row, access.column});
}

/// The 64 B blocks of the accesses, and whether they are written; checks that each is whole.
std::vector<std::pair<std::int64_t, bool>> blocks_of(const std::vector<MemoryAccess>& accesses,
                                                     const DramDevice& device) {
  const AddressMapping mapping = default_mapping(device);
  const auto of_block = static_cast<std::size_t>(64 / device.access_bytes);
  std::vector<std::pair<std::int64_t, bool>> blocks;
  for (std::size_t i = 0; i < accesses.size(); i += of_block) {
    const std::int64_t first = burst_of(mapping, accesses[i]);
    EXPECT_EQ(first % static_cast<std::int64_t>(of_block), 0);
    for (std::size_t j = 1; j < of_block; ++j) {
      EXPECT_EQ(burst_of(mapping, accesses[i + j]), first + static_cast<std::int64_t>(j));
      EXPECT_EQ(accesses[i + j].write, accesses[i].write);
    }
    blocks.emplace_back(first / static_cast<std::int64_t>(of_block), accesses[i].write);
  }
  return blocks;
}

TEST(Patterns, RandomNumbersAreThoseOfTheReference) {
  EXPECT_EQ(splitmix64(0), 0xe220a8397b1dcdaf);
  EXPECT_EQ(splitmix64(1), 0x910a2dec89025cc1);
  EXPECT_EQ(splitmix64(2), 0x975835de1c9756ce);
  EXPECT_EQ(splitmix64(3), 0x1d0b14e4db018fed);
}

TEST(Patterns, RandomBlocksAreThoseOfTheReference) {
  const std::map<std::string, std::vector<std::int64_t>> golden = {
      {"ddr4", {52284847, 16932033, 77027022}}, {"ddr5", {52284847, 16932033, 77027022}},
      {"hbm2", {1953199, 154817, 9918158}},     {"hbm3", {1953199, 154817, 1529550}},
      {"hbm4", {1953199, 154817, 1529550}},     {"lpddr5", {18730415, 16932033, 9918158}},
      {"gddr6", {1953199, 154817, 9918158}},
  };
  for (const DramDevice& device : test_devices()) {
    for (const std::string_view name : {"random", "mixed", "idle_bursts"}) {
      std::vector<std::int64_t> blocks;
      for (const auto& [block, write] : blocks_of(accesses_of(name, device, {.blocks = 3}), device)) {
        blocks.push_back(block);
      }
      EXPECT_EQ(blocks, golden.at(device.standard)) << device.standard << " " << name;
    }
  }
}

TEST(Patterns, FirstRandomBlockOfDdr4IsWhereTheReferencePutsIt) {
  const std::vector<MemoryAccess> accesses = accesses_of("random", example_device("ddr4"), {.blocks = 1});
  ASSERT_EQ(accesses.size(), 1);
  EXPECT_EQ(accesses[0].group, 3);
  EXPECT_EQ(accesses[0].bank, 2);
  EXPECT_EQ(accesses[0].row, 25529);
  EXPECT_EQ(accesses[0].column, 107);
  EXPECT_FALSE(accesses[0].write);
}

TEST(Patterns, AStreamGoesThroughTheUnitAndBeginsAnew) {
  DramDevice device = example_device("hbm3");
  device.rows = 3;
  const std::int64_t blocks = device.bursts_per_unit() / 2;
  const auto got = blocks_of(accesses_of("stream", device, {.blocks = 2 * blocks + 5}), device);
  ASSERT_EQ(std::ssize(got), 2 * blocks + 5);
  for (std::int64_t i = 0; i < std::ssize(got); ++i) {
    EXPECT_EQ(got[static_cast<std::size_t>(i)], std::pair(i % blocks, false));
  }
}

TEST(Patterns, WritesFollowTheirRules) {
  const DramDevice device = example_device("lpddr5");
  const auto mixed = blocks_of(accesses_of("mixed", device, {.blocks = 300}), device);
  const auto turnaround = blocks_of(accesses_of("turnaround", device, {.blocks = 600}), device);
  for (std::size_t i = 0; i < mixed.size(); ++i) EXPECT_EQ(mixed[i].second, i % 3 == 2) << i;
  for (std::size_t i = 0; i < turnaround.size(); ++i) {
    EXPECT_EQ(turnaround[i], std::pair(static_cast<std::int64_t>(i), i / 64 % 3 == 2));
  }
}

TEST(Patterns, PingPongTakesTwoRowsOfTheFirstBankInTurn) {
  const DramDevice device = example_device("hbm3");
  for (const bool writes : {false, true}) {
    const auto accesses = accesses_of(writes ? "ping_pong_write" : "ping_pong", device, {.blocks = 100});
    ASSERT_EQ(accesses.size(), 200);
    for (int i = 0; i < 100; ++i) {
      for (int j = 0; j < 2; ++j) {
        const MemoryAccess& access = accesses[static_cast<std::size_t>(2 * i + j)];
        EXPECT_EQ(access.rank + access.group + access.bank, 0);
        EXPECT_EQ(access.row, i % 2);
        EXPECT_EQ(access.column, i / 2 % 16 * 2 + j);
        EXPECT_EQ(access.write, writes && i % 2 == 1);
      }
    }
  }
}

TEST(Patterns, IdleBurstsComeEvery20000Clocks) {
  const DramDevice device = example_device("hbm3");  // two ticks per clock
  const auto accesses = accesses_of("idle_bursts", device, {.blocks = 200});
  for (std::size_t i = 0; i < accesses.size(); ++i) {
    EXPECT_EQ(accesses[i].tick, static_cast<std::int64_t>(i / 128) * 40'000);
  }
}

TEST(Patterns, AStrideIsInBlocks) {
  DramDevice device = example_device("hbm3");
  device.rows = 1;
  const auto got = blocks_of(accesses_of("strided", device, {.blocks = 600, .stride = 300}), device);
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i], std::pair(static_cast<std::int64_t>(i) * 300 % 256, false));
  }
}

TEST(Patterns, ALoadSpreadsTheBurstsEvenly) {
  const DramDevice device = example_device("ddr4");
  for (const double load : {0.01, 0.3, 1.0}) {
    const auto accesses = accesses_of("random", device, {.blocks = 1000, .load = load});
    for (std::size_t k = 0; k < accesses.size(); ++k) {
      EXPECT_EQ(accesses[k].tick, static_cast<std::int64_t>(std::floor(static_cast<double>(4 * k) / load)));
    }
  }
  for (const MemoryAccess& access : accesses_of("stream", device, {.blocks = 1000})) EXPECT_EQ(access.tick, 0);
}

TEST(Patterns, SeedsGiveOtherBlocksAndTheSameOnesAgain) {
  const DramDevice device = example_device("ddr4");
  const auto blocks = [&](std::uint64_t seed) {
    return blocks_of(accesses_of("random", device, {.blocks = 50, .seed = seed}), device);
  };
  EXPECT_EQ(blocks(7), blocks(7));
  EXPECT_NE(blocks(7), blocks(0));
  EXPECT_NE(blocks(7), blocks(8));
}

TEST(Patterns, RandomBlocksStayInAUnitWhoseSizeIsNoPowerOfTwo) {
  const DramDevice device = odd_device();
  const auto mapping = AddressMapping::parse("RoBaRaCoCh", device, 1).value();
  const auto source = make_access_pattern("random", device, mapping, {.blocks = 2000}).value();
  const auto blocks = static_cast<std::uint64_t>(mapping.bursts() / 2);
  const auto accesses = drained(*source);
  for (std::size_t i = 0; i < accesses.size(); ++i) {
    const auto block = static_cast<std::int64_t>(splitmix64(i / 2) % blocks);
    EXPECT_EQ(burst_of(mapping, accesses[i]), block * 2 + static_cast<std::int64_t>(i % 2));
  }
}

bool same(const std::vector<MemoryAccess>& a, const std::vector<MemoryAccess>& b) {
  const auto key = [](const MemoryAccess& x) {
    return std::tuple(x.tick, x.row, x.column, x.rank, x.group, x.bank, x.write);
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](const auto& x, const auto& y) { return key(x) == key(y); });
}

TEST(Patterns, EachGivesAsManyBurstsAsAskedForHoweverTheyAreTaken) {
  for (const DramDevice& device : {example_device("ddr4"), example_device("hbm4")}) {
    for (const AccessPattern& pattern : access_patterns()) {
      EXPECT_FALSE(pattern.help.empty());
      const PatternOptions options{.blocks = 1001, .load = 0.7, .seed = 3, .stride = 12'345};
      const auto source = [&] { return pattern.make(device, default_mapping(device), options); };
      const auto all = drained(*source());
      EXPECT_EQ(std::ssize(all), 1001 * 64 / device.access_bytes) << pattern.name;
      for (const std::size_t at_a_time : {1, 3, 255, 5000}) {
        EXPECT_TRUE(same(all, drained(*source(), at_a_time))) << pattern.name << " by " << at_a_time;
      }
      for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LE(all[i - 1].tick, all[i].tick) << pattern.name;
    }
  }
}

TEST(Patterns, ABlockIsOneBurstWhereThatIsLonger) {
  DramDevice device = example_device("ddr4");
  device.access_bytes = 128;
  EXPECT_EQ(accesses_of("stream", device, {.blocks = 10}).size(), 10);
}

TEST(Patterns, SayWhatIsWrong) {
  const DramDevice device = example_device("ddr4");
  const auto refusal = [&](std::string_view name, const PatternOptions& options) {
    const auto source = make_access_pattern(name, device, default_mapping(device), options);
    return source ? "accepted" : source.error();
  };
  EXPECT_EQ(refusal("steam", {.blocks = 1}),
            "'steam' is not a pattern; they are stream, random, mixed, turnaround, ping_pong, ping_pong_write, "
            "idle_bursts, strided; did you mean 'stream'?");
  EXPECT_EQ(refusal("stream", {}), "a pattern has 1 to 1000000000000000 blocks, and not 0");
  EXPECT_EQ(refusal("stream", {.blocks = 1, .load = 0}), "a load is a fraction of the peak above 0, and not 0");
  EXPECT_EQ(refusal("stream", {.blocks = 1, .load = std::nan("")}),
            "a load is a fraction of the peak above 0, and not nan");
  EXPECT_EQ(refusal("stream", {.blocks = 1'000'000, .load = 1e-20}),
            "at a load of 1e-20, 1000000 bursts take longer than can be counted");
  EXPECT_EQ(refusal("strided", {.blocks = 1, .stride = 0}), "a stride is 1 block or more, and not 0");
}

}  // namespace
}  // namespace orrery
