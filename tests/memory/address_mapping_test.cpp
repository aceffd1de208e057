#include "orrery/memory/address_mapping.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "example_accesses.h"
#include "orrery/memory/patterns.h"

namespace orrery {
namespace {

AddressMapping parsed(std::string_view spec, const DramDevice& device, std::int64_t units = 1) {
  auto mapping = AddressMapping::parse(spec, device, units);
  EXPECT_TRUE(mapping) << spec << ": " << (mapping ? "" : mapping.error());
  return mapping ? *mapping : AddressMapping::parse("default", device, units).value();
}

std::string refusal(std::string_view spec, const DramDevice& device, std::int64_t units = 1) {
  const auto mapping = AddressMapping::parse(spec, device, units);
  return mapping ? "accepted" : mapping.error();
}

std::tuple<int, int, int, int, int, int> numbers(const Location& l) {
  return {l.unit, l.rank, l.group, l.bank, l.row, l.column};
}

/// A small memory whose sizes are seldom powers of two.
DramDevice small_organization(int ranks, int groups, int banks, int rows, int columns) {
  DramDevice device = example_device("hbm3");
  device.ranks = ranks;
  device.bank_groups = groups;
  device.banks_per_group = banks;
  device.rows = rows;
  device.columns = columns;
  return device;
}

TEST(AddressMapping, TheDefaultGivesTheFirstRandomBlockOfTheReference) {
  struct Golden {
    DramDevice device;
    int group, bank, row, column;
  };
  const Golden rows[] = {
      {example_device("ddr4"), 3, 2, 25529, 107}, {example_device("ddr5"), 7, 2, 25529, 53},
      {example_device("hbm2"), 3, 2, 7629, 22},   {example_device("hbm3"), 3, 2, 7629, 22},
      {example_device("hbm4"), 1, 5, 7629, 14},   {example_device("lpddr5"), 3, 3, 36582, 22},
      {example_device("gddr6"), 3, 1, 1907, 86},
  };
  for (const Golden& golden : rows) {
    const AddressMapping mapping = parsed("default", golden.device);
    const std::int64_t of_block = 64 / golden.device.access_bytes;
    const auto block =
        static_cast<std::int64_t>(splitmix64(0) % static_cast<std::uint64_t>(mapping.bursts() / of_block));
    EXPECT_EQ(numbers(mapping.decode(block * of_block)),
              std::tuple(0, 0, golden.group, golden.bank, golden.row, golden.column))
        << golden.device.standard;
  }
}

TEST(AddressMapping, TheDefaultRotatesBlocksOverTheGroupsOfOneRow) {
  const AddressMapping mapping = parsed("default", example_device("hbm3"));
  EXPECT_EQ(mapping.text(), "row|rank|bank|column|group|column:1");
  EXPECT_EQ(numbers(mapping.decode(0)), std::tuple(0, 0, 0, 0, 0, 0));
  EXPECT_EQ(numbers(mapping.decode(1)), std::tuple(0, 0, 0, 0, 0, 1));
  EXPECT_EQ(numbers(mapping.decode(2)), std::tuple(0, 0, 1, 0, 0, 0));
  EXPECT_EQ(numbers(mapping.decode(8)), std::tuple(0, 0, 0, 0, 0, 2));
  EXPECT_EQ(numbers(mapping.decode(128)), std::tuple(0, 0, 0, 1, 0, 0));
  EXPECT_EQ(numbers(mapping.decode(512)), std::tuple(0, 0, 0, 0, 1, 0));
}

TEST(AddressMapping, TheDefaultGivesEachUnitWhatItWouldHaveAloneIn256ByteTurns) {
  for (const DramDevice& device : test_devices()) {
    const AddressMapping alone = parsed("default", device);
    for (const std::int64_t units : {2, 6, 160}) {
      const AddressMapping together = parsed("default", device, units);
      EXPECT_EQ(together.interleave_bursts() * device.access_bytes, 256) << device.standard << together.text();
      EXPECT_EQ(together.bursts(), alone.bursts() * units);
      EXPECT_EQ(together.decode(256 / device.access_bytes).unit, 1) << device.standard;
      for (std::int64_t burst = 0; burst < alone.bursts(); burst += alone.bursts() / 97) {
        EXPECT_EQ(together.within_unit().decode(burst), alone.decode(burst)) << device.standard;
      }
    }
  }
  EXPECT_EQ(parsed("default", example_device("ddr5"), 4).text(), "row|rank|bank|column|group|unit|group:2");
  EXPECT_EQ(parsed("default", example_device("hbm4"), 64).text(), "row|rank|bank|column|unit|column:1|group|column:1");
}

TEST(AddressMapping, NamesOfPeersStandForTheirFieldsMostSignificantFirst) {
  const DramDevice device = example_device("hbm3");
  EXPECT_EQ(parsed("RoBaRaCoCh", device, 4).text(), "row|bank|group|rank|column|unit");
  EXPECT_EQ(parsed("ChRaBaRoCo", device, 4).text(), "unit|rank|group|bank|row|column");
  EXPECT_EQ(parsed("MOP4CLXOR", device, 4).text(), "row|column|bank|group|rank|unit|column:2,group^column,bank^column");
  EXPECT_EQ(numbers(parsed("RoBaRaCoCh", device, 4).decode(3)), std::tuple(3, 0, 0, 0, 0, 0));
  EXPECT_EQ(numbers(parsed("ChRaBaRoCo", device, 4).decode(32)), std::tuple(0, 0, 0, 0, 1, 0));
  // Column 4 = 0b00100 begins at burst 4 x 4 x 4 x 4; its bits 2 and 3 go into the bank, 0 and 1 into the group.
  EXPECT_EQ(numbers(parsed("MOP4CLXOR", device, 4).decode(256)), std::tuple(0, 0, 0, 1, 0, 4));
  EXPECT_EQ(numbers(parsed("MOP4CLXOR", device, 4).decode(3)), std::tuple(0, 0, 3, 0, 0, 3));
}

TEST(AddressMapping, EveryNamedMappingFitsEveryExampleAndExplainsItself) {
  for (const NamedMapping& named : named_mappings()) {
    EXPECT_FALSE(named.help.empty());
    for (const DramDevice& device : test_devices()) {
      for (const std::int64_t units : {1, 2, 5, 160}) {
        const AddressMapping mapping = parsed(named.name, device, units);
        EXPECT_EQ(mapping.units(), units);
        EXPECT_EQ(mapping.bursts(), device.bursts_per_unit() * units);
        const AddressMapping again = parsed(mapping.text(), device, units);
        for (std::int64_t burst = 0; burst < mapping.bursts(); burst += mapping.bursts() / 31) {
          EXPECT_EQ(mapping.decode(burst), again.decode(burst)) << named.name;
          EXPECT_EQ(mapping.encode(mapping.decode(burst)), burst) << named.name;
        }
      }
    }
  }
}

TEST(AddressMapping, XorsTakeSuccessiveBitsOfTheirSource) {
  const AddressMapping mapping = parsed("row|rank|bank|group|column, bank ^ row ,group^row", example_device("hbm3"));
  EXPECT_EQ(mapping.text(), "row|rank|bank|group|column,bank^row,group^row");
  const std::int64_t row = 32 * 16;  // bursts
  EXPECT_EQ(numbers(mapping.decode(3 * row)), std::tuple(0, 0, 0, 3, 3, 0));
  EXPECT_EQ(numbers(mapping.decode(4 * row)), std::tuple(0, 0, 1, 0, 4, 0));
  EXPECT_EQ(numbers(mapping.decode(16 * row)), std::tuple(0, 0, 0, 0, 16, 0));
  const AddressMapping folded = parsed("default,bank^row,bank^row", example_device("hbm3"));
  EXPECT_EQ(folded.decode(4 * row).bank, 1);
  EXPECT_EQ(folded.decode(5 * row).bank, 0);
  // A level of one element has no bits to change.
  EXPECT_EQ(parsed("default,rank^row", example_device("hbm3")).text(), "row|rank|bank|column|group|column:1");
}

TEST(AddressMapping, IsABijectionWhereNoSizeIsAPowerOfTwo) {
  const DramDevice device = small_organization(3, 2, 4, 12, 24);
  for (const std::string_view spec :
       {"row|rank|bank|column|group|unit|column:2", "unit|row:1|column|rank|row|group|bank",
        "column|unit|row|bank|group|rank,bank^row,group^column"}) {
    const AddressMapping mapping = parsed(spec, device, 5);
    std::set<std::tuple<int, int, int, int, int, int>> seen;
    for (std::int64_t burst = 0; burst < mapping.bursts(); ++burst) {
      const Location location = mapping.decode(burst);
      EXPECT_LT(location.unit, 5);
      EXPECT_LT(location.rank, 3);
      EXPECT_LT(location.group, 2);
      EXPECT_LT(location.bank, 4);
      EXPECT_LT(location.row, 12);
      EXPECT_LT(location.column, 24);
      seen.insert(numbers(location));
      ASSERT_EQ(mapping.encode(location), burst) << spec;
    }
    EXPECT_EQ(std::ssize(seen), mapping.bursts()) << spec;
  }
}

/// A random mapping of a random memory.
struct RandomMapping {
  DramDevice device;
  std::int64_t units;
  std::string spec;
};

RandomMapping random_mapping(int most_bits) {
  RandomMapping random;
  const auto size = [](int bits, int odd) {
    return (1 << *rc::gen::inRange(0, bits)) * (*rc::gen::inRange(0, 3) == 0 ? *rc::gen::inRange(1, odd) : 1);
  };
  random.device = small_organization(*rc::gen::inRange(1, 5), size(4, 4), size(4, 4), size(most_bits, 12), size(6, 6));
  random.units = size(6, 12);
  const std::pair<std::string_view, std::int64_t> levels[] = {
      {"unit", random.units},
      {"rank", random.device.ranks},
      {"group", random.device.bank_groups},
      {"bank", random.device.banks_per_group},
      {"row", random.device.rows},
      {"column", random.device.columns},
  };
  std::vector<std::string> fields;
  for (const auto& [name, all] : levels) {
    int bits = std::countr_zero(static_cast<std::uint64_t>(all));
    while (bits > 0 && *rc::gen::inRange(0, 2) == 0) {
      const int taken = *rc::gen::inRange(1, bits + 1);
      fields.push_back(fmt::format("{}:{}", name, taken));
      bits -= taken;
    }
    fields.emplace_back(name);
  }
  for (std::size_t i = fields.size(); i > 1; --i)
    std::swap(fields[i - 1], fields[*rc::gen::inRange<std::size_t>(0, i)]);
  random.spec = fmt::format("{}", fmt::join(fields, "|"));
  for (const auto& [name, all] : {levels[1], levels[2], levels[3]}) {
    if (*rc::gen::inRange(0, 2) == 0 || !std::has_single_bit(static_cast<std::uint64_t>(all))) continue;
    // As many bits as the source surely has.
    if (random.device.rows >= 64) random.spec += fmt::format(",{}^row", name);
  }
  return random;
}

RC_GTEST_PROP(AddressMapping, EncodeUndoesDecode, ()) {
  const RandomMapping random = random_mapping(10);
  const auto mapping = AddressMapping::parse(random.spec, random.device, random.units);
  if (!mapping) RC_FAIL(random.spec + ": " + mapping.error());
  for (int i = 0; i < 20; ++i) {
    const auto burst = *rc::gen::inRange<std::int64_t>(0, mapping->bursts());
    const Location location = mapping->decode(burst);
    RC_ASSERT(location.unit >= 0 && location.unit < random.units);
    RC_ASSERT(location.rank < random.device.ranks && location.group < random.device.bank_groups);
    RC_ASSERT(location.bank < random.device.banks_per_group);
    RC_ASSERT(location.row >= 0 && location.row < random.device.rows);
    RC_ASSERT(location.column >= 0 && location.column < random.device.columns);
    RC_ASSERT(mapping->encode(location) == burst);
    const auto again = AddressMapping::parse(mapping->text(), random.device, random.units);
    RC_ASSERT(again && again->decode(burst) == location);
  }
}

RC_GTEST_PROP(AddressMapping, ARunIsDecodedAsItsBurstsAre, ()) {
  const RandomMapping random = random_mapping(8);
  const AddressMapping mapping = AddressMapping::parse(random.spec, random.device, random.units).value();
  const auto first = *rc::gen::inRange<std::int64_t>(0, mapping.bursts());
  const auto most = std::min<std::int64_t>(700, mapping.bursts() - first);
  std::vector<MemoryAccess> run(static_cast<std::size_t>(*rc::gen::inRange<std::int64_t>(0, most + 1)),
                                MemoryAccess{.tick = 5, .write = true});
  mapping.decode_run(first, run);
  for (std::size_t i = 0; i < run.size(); ++i) {
    const Location location = mapping.decode(first + static_cast<std::int64_t>(i));
    RC_ASSERT(run[i].row == location.row && run[i].column == location.column);
    RC_ASSERT(run[i].rank == location.rank && run[i].group == location.group && run[i].bank == location.bank);
    RC_ASSERT(run[i].tick == 0 && !run[i].write);
  }
}

RC_GTEST_PROP(AddressMapping, AUnitCountsItsBurstsInTheirOrder, ()) {
  const RandomMapping random = random_mapping(4);
  const AddressMapping mapping = AddressMapping::parse(random.spec, random.device, random.units).value();
  const AddressMapping within = mapping.within_unit();
  RC_ASSERT(within.units() == 1 && within.bursts() * random.units == mapping.bursts());
  std::vector<std::int64_t> before(static_cast<std::size_t>(random.units));
  for (std::int64_t burst = 0; burst < std::min<std::int64_t>(mapping.bursts(), 2000); ++burst) {
    Location location = mapping.decode(burst);
    const auto unit = static_cast<std::size_t>(std::exchange(location.unit, 0));
    const auto any = *rc::gen::inRange<std::size_t>(0, before.size());
    RC_ASSERT(mapping.bursts_before(burst, static_cast<std::int64_t>(any)) == before[any]);
    RC_ASSERT(mapping.bursts_before(burst, static_cast<std::int64_t>(unit)) == before[unit]);
    RC_ASSERT(within.decode(before[unit]++) == location);
  }
  for (std::int64_t unit = 0; unit < random.units; ++unit) {
    RC_ASSERT(mapping.bursts_before(mapping.bursts(), unit) == within.bursts());
  }
}

TEST(AddressMapping, MapsStacksThatAreNoPowersOfTwo) {
  const DramDevice device = odd_device();
  for (const std::string_view spec : {"default", "default,bank^row,group^row", "RoBaRaCoCh", "ChRaBaRoCo",
                                      "row|unit|rank|bank|column|unit:5|group|column:1"}) {
    const AddressMapping mapping = parsed(spec, device, kOddUnits);
    EXPECT_EQ(mapping.bytes(), kOddUnits * device.bytes_per_unit());
    for (std::int64_t i = 0; i < 10'000; ++i) {
      const std::int64_t burst =
          i == 0 ? mapping.bursts() - 1
                 : static_cast<std::int64_t>(splitmix64(static_cast<std::uint64_t>(i)) >> 1) % mapping.bursts();
      const Location location = mapping.decode(burst);
      EXPECT_TRUE(location.unit < kOddUnits && location.rank < 3 && location.row < 24'576) << spec;
      ASSERT_EQ(mapping.encode(location), burst) << spec;
    }
  }
  EXPECT_EQ(parsed("RoBaRaCoCh", device, kOddUnits).decode(161).unit, 1);
}

TEST(AddressMapping, LevelsOfOneElementMayBeLeftOut) {
  EXPECT_EQ(parsed("row|bank|column|group", example_device("hbm3")).decode(5),
            parsed("unit|row|bank|rank|column|group", example_device("hbm3")).decode(5));
}

TEST(AddressMapping, SaysWhatIsWrong) {
  const DramDevice device = example_device("hbm3");
  DramDevice odd = odd_device();
  EXPECT_EQ(refusal("row|rank|bank|colum|group", device),
            "'colum' is not a level; the levels are unit, rank, group, bank, row and column; did you mean 'column'?");
  EXPECT_EQ(refusal("row||bank", device), "'' is not a level; the levels are unit, rank, group, bank, row and column");
  EXPECT_EQ(refusal("defualt", device),
            "'defualt' is neither a mapping with a name (default, RoBaRaCoCh, ChRaBaRoCo, MOP4CLXOR) nor a list of "
            "fields such as row|rank|bank|column|group|column:1; did you mean 'default'?");
  EXPECT_EQ(refusal("row|bank|group", device),
            "no field is for 'column', whose size is 32; the levels are unit, rank, group, bank, row and column");
  EXPECT_EQ(refusal("row|bank|column|group", device, 2),
            "no field is for 'unit', whose size is 2; the levels are unit, rank, group, bank, row and column");
  EXPECT_EQ(refusal("row|bank|group|column:2|column:1", device),
            "the fields of 'column' take 3 bits, but its size is 32; a field column without a number takes the rest");
  EXPECT_EQ(refusal("row|bank|group|column:6", device),
            "the fields of 'column' take 6 bits, but its size, 32, can be split by 5 at most");
  EXPECT_EQ(refusal("row|bank|row|group|column", device),
            "two fields take the rest of 'row'; give all but one a number of bits, as in row:1");
  EXPECT_EQ(refusal("row|bank|group|column|column:0", device),
            "'column:0': a colon is followed by a number of bits, from 1 to 30");
  EXPECT_EQ(refusal("row|bank|group|column|column:1x", device),
            "'column:1x': a colon is followed by a number of bits, from 1 to 30");
  EXPECT_EQ(refusal("default,rank^row", odd, kOddUnits),
            "'rank^row': the size of rank is 3, which is no power of two, so that an XOR could lead beyond it");
  EXPECT_EQ(refusal("default,row^bank", device),
            "'row^bank' cannot be XORed; an XOR is written bank^row: rank, group or bank, then row or column");
  EXPECT_EQ(refusal("default,bank", device),
            "'bank' is no XOR; an XOR is written bank^row: rank, group or bank, then row or column");
  EXPECT_EQ(refusal("default,bank^rwo", device),
            "'rwo' is not a level; the levels are unit, rank, group, bank, row and column; did you mean 'row'?");
  EXPECT_EQ(refusal("default,bank^column,group^column,bank^column,group^column", device),
            "'group^column': the XORs before it have used all 5 bits of column");
  EXPECT_EQ(refusal("default", device, 0), "a memory has 1 to 65536 units, and not 0");
}

}  // namespace
}  // namespace orrery
