#include <gtest/gtest.h>

#include "example_chips.h"
#include "orrery/chip/server_record.h"

namespace orrery {
namespace {

using Codes = std::vector<std::string>;

template <class Change>
Codes codes_after(Change change, const char* id = "h100-sxm") {
  auto chip = catalog_entry<ChipRecord>("chip", id);
  change(chip);
  Diagnostics diagnostics;
  check_physics(chip, diagnostics);
  return codes(diagnostics);
}

TEST(ChipPhysics, EveryChipOfTheCatalogIsPossible) {
  for (const std::string& id : catalog_chip_ids())
    EXPECT_EQ(codes_after([](ChipRecord&) {}, id.c_str()), Codes{}) << id;
  for (const std::string& id : catalog_family_ids()) {
    Diagnostics diagnostics;
    check_physics(catalog_entry<FamilyRecord>("family", id), diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << all_messages(diagnostics);
  }
}

TEST(ChipPhysics, ClockFollowsFromPeakAndUnits) {
  for (const char* id : {"a100-sxm-80gb", "h100-sxm", "b200-sxm"}) {
    const auto chip = catalog_entry<ChipRecord>("chip", id);
    const double clock = chip.dense_peak.bf16->value.si() / static_cast<double>(chip.compute_units.value) /
                         static_cast<double>(chip.flop_per_clock_per_unit->value);
    EXPECT_NEAR(clock / chip.matrix_clock.value.si(), 1, 0.01) << id;
  }
}

TEST(ChipPhysics, ASparsePeakIsNotADenseOne) {
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.dense_peak.bf16->value = FlopsPerSecond(1979e12); }),
            Codes{"impossible-physics"});
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.dense_peak.fp8->value = FlopsPerSecond(3958e12); }),
            Codes{"impossible-physics"});
}

TEST(ChipPhysics, BandwidthCannotPassThePins) {
  // 1008 GB/s taken for GiB/s is 7 % more than 384 pins at 21 Gbit/s carry.
  EXPECT_EQ(
      codes_after([](ChipRecord& c) { c.memory.bandwidth.value = BytesPerSecond(1008 * 1073741824.0); }, "rtx-4090"),
      Codes{"impossible-physics"});
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.memory.reserved.value = c.memory.capacity.value; }),
            Codes{"impossible-physics"});
}

TEST(ChipPhysics, APartNeedsItsCountAndRate) {
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.memory.packages.reset(); }), Codes{"missing-key"});
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.memory.pin_rate.reset(); }), Codes{"missing-key"});
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.memory.part.reset(); }), Codes{"missing-key"});
}

TEST(ChipPhysics, PowersMustBeInOrder) {
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.idle_power.value = Watts(500); }), Codes{"impossible-physics"});
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.static_power.value = Watts(700); }), Codes{"impossible-physics"});
}

TEST(ChipPhysics, AsksForWhatEveryKernelNeeds) {
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.dense_peak.bf16.reset(); }), Codes{"missing-key"});
  EXPECT_EQ(codes_after([](ChipRecord& c) { c.exponentials_per_clock_per_unit.reset(); }), Codes{"missing-key"});
  EXPECT_EQ(codes_after([](ChipRecord& c) {
              c.exponentials_per_clock_per_unit.reset();
              c.matrix_class = MatrixClass::systolic;
            }),
            Codes{"missing-key"});  // its arrays
}

TEST(ChipPhysics, AFamilyWithANarrowProductNeedsItsEnergy) {
  auto family = catalog_entry<FamilyRecord>("family", "hopper");
  family.energy.fp8.reset();
  Diagnostics diagnostics;
  check_physics(family, diagnostics);
  EXPECT_EQ(codes(diagnostics), Codes{"missing-key"});
}

TEST(ServerPhysics, AsksForALinkAndOrdersTheHostsPower) {
  ServerRecord server;
  server.chips.value = 8;
  server.host.idle_power.value = Watts(900);
  server.host.peak_power.value = Watts(500);
  Diagnostics diagnostics;
  check_physics(server, diagnostics);
  EXPECT_EQ(diagnostics.error_count(), 2u);
  Diagnostics single;
  server.chips.value = 1;
  server.host.idle_power.value = Watts(300);
  check_physics(server, single);
  EXPECT_FALSE(single.has_errors());
}

TEST(ChipPhysics, UnitsOfTheCatalogAreDecimalForRatesAndBinaryWhereWritten) {
  const auto chip = catalog_entry<ChipRecord>("chip", "h100-sxm");
  EXPECT_DOUBLE_EQ(chip.memory.bandwidth.value.si(), 3.35e12);
  EXPECT_DOUBLE_EQ(chip.memory.capacity.value.si(), 80 * 1073741824.0);
  const auto card = catalog_entry<ChipRecord>("chip", "rtx-4090");
  EXPECT_DOUBLE_EQ((card.memory.capacity.value - card.memory.reserved.value).si(), 25250627584.0);
}

}  // namespace
}  // namespace orrery
