#include "orrery/chip/memory_attachment.h"

#include "example_chips.h"

namespace orrery {
namespace {

struct Attached {
  std::optional<DramDevice> device;
  std::vector<std::string> codes;
};

Attached attach(const ChipMemory& memory) {
  const auto part = catalog_entry<MemoryPartRecord>("memory", memory.part->id);
  Diagnostics diagnostics;
  StandardRecord standard;
  if (const auto node = parse_yaml_file("catalog/memory/standards/" + part.standard.id + ".yaml", diagnostics)) {
    if (auto read = read_record<StandardRecord>(*node, diagnostics)) standard = *read;
  }
  Attached attached;
  attached.device = attach_memory(memory, standard, part, diagnostics);
  attached.codes = codes(diagnostics);
  return attached;
}

ChipMemory memory_of(const std::string& chip) { return catalog_entry<ChipRecord>("chip", chip).memory; }

TEST(MemoryAttachment, PackagesOfEveryChipGiveItsPeakBandwidth) {
  for (const std::string& id : catalog_chip_ids()) {
    const ChipMemory memory = memory_of(id);
    ASSERT_TRUE(memory.part) << id;
    const Attached attached = attach(memory);
    ASSERT_TRUE(attached.device) << id;
    const double peak =
        static_cast<double>(memory_units(memory, *attached.device)) * attached.device->peak_bytes_per_second();
    EXPECT_NEAR(peak / memory.bandwidth.value.si(), 1, 0.01) << id;
  }
}

TEST(MemoryAttachment, APackageMoreIsReported) {
  ChipMemory memory = memory_of("h100-sxm");
  memory.packages->value = 6;
  EXPECT_EQ(attach(memory).codes, std::vector<std::string>{"impossible-physics"});
}

TEST(MemoryAttachment, AHeightThatThePartDoesNotHaveIsReported) {
  ChipMemory memory = memory_of("h100-sxm");
  memory.height->value = 10;
  EXPECT_EQ(attach(memory).codes, std::vector<std::string>{"impossible-physics"});
}

TEST(MemoryAttachment, TimingsKeepTheirTimeAtAnotherRateAndThoseOfTheProtocolTheirClocks) {
  ChipMemory memory = memory_of("l40s");  // 18 Gbit/s, of a part of 14
  const DramDevice fast = *attach(memory).device;
  EXPECT_EQ(fast.timing("CL"), 31);    // ceil(24 * 18 / 14 = 30.86)
  EXPECT_EQ(fast.timing("RAS"), 69);   // ceil(53 * 18 / 14 = 68.14)
  EXPECT_EQ(fast.timing("CCD_S"), 2);  // a burst
  EXPECT_EQ(fast.timing("PPD"), 1);
  EXPECT_EQ(fast.timing("XP"), 18);  // 8 ns of 0.444 ns
  memory = memory_of("a30");         // 2.43 Gbit/s, of a part of 3.2
  const DramDevice slow = *attach(memory).device;
  EXPECT_EQ(slow.timing("RCDrd"), 16);  // ceil(20 * 2.43 / 3.2 = 15.19)
  EXPECT_EQ(slow.ranks, 1);             // four dies
}

TEST(MemoryAttachment, ARateThatADataSheetRoundedIsThatOfThePart) {
  const DramDevice device = *attach(memory_of("h100-sxm")).device;  // 5.234 Gbit/s, of a part of 5.2
  EXPECT_EQ(device.rate_kbit_per_s, 5'234'000);
  EXPECT_EQ(device.timing("CL"), 17);
  EXPECT_EQ(device.timing("CCD_L"), 4);
}

}  // namespace
}  // namespace orrery
