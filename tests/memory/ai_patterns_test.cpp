#include "orrery/memory/ai_patterns.h"

#include <gtest/gtest.h>

#include <functional>

#include "example_accesses.h"
#include "orrery/memory/patterns.h"

namespace orrery {
namespace {

using Source = Result<std::unique_ptr<AccessSource>>;

/// Bursts of the whole memory in the order in which a pattern asks for them, and whether they are written.
using Bursts = std::vector<std::pair<std::int64_t, bool>>;

void append_run(Bursts& bursts, std::int64_t first, std::int64_t count, bool write = false) {
  for (std::int64_t i = 0; i < count; ++i) bursts.emplace_back(first + i, write);
}

/// A memory of six units that is small enough to walk through.
DramDevice small_device() {
  DramDevice device = example_device("hbm3");
  device.ranks = 3;
  device.rows = 12;
  return device;
}
constexpr std::int64_t kUnits = 6;
constexpr std::string_view kMappings[] = {"default", "RoBaRaCoCh", "ChRaBaRoCo", "default,bank^row,group^row",
                                          "row|unit|rank|bank|column|unit:1|group|column:1"};

/// Each unit gets its bursts of `expected`, in their order, under every mapping.
void expect_shares(const std::function<Source(const MemoryUnit&)>& make, const Bursts& expected) {
  const DramDevice device = small_device();
  for (const std::string_view spec : kMappings) {
    const AddressMapping mapping = AddressMapping::parse(spec, device, kUnits).value();
    std::vector<std::vector<MemoryAccess>> shares;
    for (std::int64_t unit = 0; unit < kUnits; ++unit) {
      Source source = make({device, mapping, unit});
      ASSERT_TRUE(source) << source.error();
      shares.push_back(drained(**source));
    }
    std::vector<std::size_t> taken(kUnits);
    for (const auto& [burst, write] : expected) {
      const Location location = mapping.decode(burst);
      const auto unit = static_cast<std::size_t>(location.unit);
      ASSERT_LT(taken[unit], shares[unit].size()) << spec;
      const MemoryAccess& access = shares[unit][taken[unit]++];
      const Location got{location.unit, access.rank, access.group, access.bank, access.row, access.column};
      ASSERT_EQ(got, location) << spec << ": burst " << burst;
      ASSERT_EQ(access.write, write) << spec << ": burst " << burst;
      ASSERT_EQ(access.tick, 0);
    }
    for (std::size_t unit = 0; unit < kUnits; ++unit) EXPECT_EQ(taken[unit], shares[unit].size()) << spec;
  }
}

TEST(AiPatterns, WeightsAreReadInTheirOrderByAllUnits) {
  Bursts expected;
  append_run(expected, 4, 3001);  // from byte 100 on, in bursts of 32
  expect_shares([](const MemoryUnit& unit) { return make_weight_stream({96'001}, unit, {.first_byte = 100}); },
                expected);
}

TEST(AiPatterns, WeightsMayFillTheMemory) {
  const DramDevice device = small_device();
  const AddressMapping mapping = AddressMapping::parse("default", device, kUnits).value();
  Source source = make_weight_stream({mapping.bytes()}, {device, mapping, 5});
  ASSERT_TRUE(source) << source.error();
  EXPECT_EQ(std::ssize(drained(**source)), device.bursts_per_unit());
}

TEST(AiPatterns, AGatherReadsTheKeysAndThenTheValuesOfRandomPages) {
  const KvGather gather{.key_bytes = 40, .value_bytes = 20, .tokens_per_page = 16, .pages = 50, .pages_in_all = 70};
  Bursts expected;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const auto page = static_cast<std::int64_t>(splitmix64(i) % 70);
    append_run(expected, page * 20, 20);
    append_run(expected, 70 * 20 + page * 10, 10);
  }
  expect_shares([&](const MemoryUnit& unit) { return make_kv_gather(gather, unit); }, expected);
}

TEST(AiPatterns, LatentAttentionHasNoValuesOfItsOwn) {
  const KvGather gather{.key_bytes = 64, .tokens_per_page = 1, .pages = 9, .pages_in_all = 5};
  Bursts expected;
  for (std::uint64_t i = 0; i < 9; ++i) {
    append_run(expected, static_cast<std::int64_t>(splitmix64(splitmix64(3) + i) % 5) * 2, 2);
  }
  expect_shares([&](const MemoryUnit& unit) { return make_kv_gather(gather, unit, {.seed = 3}); }, expected);
}

TEST(AiPatterns, AFetchReadsAllMatricesOfRandomExperts) {
  const ExpertFetch fetch{.matrix_bytes = 1000, .matrices_per_expert = 3, .fetches = 20, .experts = 8};
  Bursts expected;
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto expert = static_cast<std::int64_t>(splitmix64(i) % 8);
    for (std::int64_t matrix = 0; matrix < 3; ++matrix) append_run(expected, (matrix * 8 + expert) * 32, 32);
  }
  expect_shares([&](const MemoryUnit& unit) { return make_expert_fetch(fetch, unit); }, expected);
}

TEST(AiPatterns, AppendsAreWrittenBetweenTheWeightsAndWrapAround) {
  const WeightsAndAppends pattern{.weight_bytes = 3200, .append_bytes = 64, .cache_bytes = 192, .write_share = 0.1};
  Bursts expected;  // of 20 bursts, 18 are reads
  std::int64_t read = 0;
  for (std::int64_t append = 0; read < 100; ++append) {
    const std::int64_t count = std::min<std::int64_t>(18, 100 - read);
    append_run(expected, read, count);
    read += count;
    if (read < 100) append_run(expected, 100 + append % 3 * 2, 2, true);
  }
  expect_shares([&](const MemoryUnit& unit) { return make_weights_and_appends(pattern, unit); }, expected);
}

TEST(AiPatterns, TheShareOfWritesIsTheOneAskedFor) {
  const DramDevice device = odd_device();
  const AddressMapping mapping = AddressMapping::parse("default", device, kOddUnits).value();
  for (const double share : {0.0, 0.01, 0.37, 0.9}) {
    double writes = 0;
    double all = 0;
    for (std::int64_t unit = 0; unit < kOddUnits; unit += 40) {
      Source source = make_weights_and_appends({1 << 26, 1024, 1 << 24, share}, {device, mapping, unit});
      ASSERT_TRUE(source) << source.error();
      for (const MemoryAccess& access : drained(**source)) {
        writes += access.write ? 1 : 0;
        all += 1;
      }
    }
    EXPECT_NEAR(writes / all, share, 0.003);
  }
}

TEST(AiPatterns, ALoadSpreadsTheBurstsOfEachUnit) {
  const DramDevice device = small_device();
  const AddressMapping mapping = AddressMapping::parse("default", device, kUnits).value();
  Source source = make_weight_stream({100'000}, {device, mapping, 3}, {.load = 0.5});
  ASSERT_TRUE(source) << source.error();
  std::int64_t k = 0;
  for (const MemoryAccess& access : drained(**source, 7)) EXPECT_EQ(access.tick, 8 * k++);
  EXPECT_GT(k, 500);
}

TEST(AiPatterns, SayWhatIsWrong) {
  const DramDevice device = small_device();
  const AddressMapping mapping = AddressMapping::parse("default", device, kUnits).value();
  const MemoryUnit unit{device, mapping, 0};
  const auto problem = [](const Source& source) { return source ? "accepted" : source.error(); };
  EXPECT_EQ(problem(make_weight_stream({0}, unit)), "bytes of weights must be 1 to 1125899906842624, and not 0");
  EXPECT_EQ(problem(make_weight_stream({mapping.bytes() + 1}, unit)),
            "weights of 1 x 3538945 bytes, from byte 0 on, do not fit into a memory of 3538944 bytes");
  EXPECT_EQ(problem(make_weight_stream({mapping.bytes()}, unit, {.first_byte = 32})),
            "weights of 1 x 3538944 bytes, from byte 32 on, do not fit into a memory of 3538944 bytes");
  EXPECT_EQ(problem(make_weight_stream({1}, unit, {.first_byte = -1})),
            "the first byte must be 0 to 3538943, and not -1");
  EXPECT_EQ(problem(make_weight_stream({1}, unit, {.load = -1})),
            "a load is a fraction of the peak above 0, and not -1");
  EXPECT_EQ(problem(make_kv_gather({.key_bytes = 64, .pages = 1}, unit)),
            "pages in memory must be 1 to 1125899906842624, and not 0");
  EXPECT_EQ(problem(make_kv_gather({.key_bytes = 1 << 20, .value_bytes = 1, .pages = 1, .pages_in_all = 1}, unit)),
            "keys of 1 x 16777216 bytes, from byte 0 on, do not fit into a memory of 3538944 bytes");
  EXPECT_EQ(
      problem(make_expert_fetch({1 << 20, 2, 1, 3}, unit)),
      "matrices of experts of 3 x 1048576 bytes, from byte 3145728 on, do not fit into a memory of 3538944 bytes");
  EXPECT_EQ(problem(make_expert_fetch({1 << 20, 0, 1, 3}, unit)), "matrices of an expert must be 1 to 1000, and not 0");
  EXPECT_EQ(problem(make_weights_and_appends({1, 1, 1, 1.0}, unit)),
            "the share of writes must be 0 or more and below 1, and not 1");
  EXPECT_EQ(problem(make_weights_and_appends({1, 64, 63, 0.5}, unit)),
            "bytes of the cache must be 64 to 1125899906842624, and not 63");
}

}  // namespace
}  // namespace orrery
