#include "orrery/memory/in_band_ecc.h"

#include <gtest/gtest.h>

#include "example_devices.h"
#include "orrery/memory/memory_trace.h"

namespace orrery {
namespace {

DramDevice device_with_columns(std::int32_t columns) {
  DramDevice device;
  device.columns = columns;
  device.bank_groups = 1;
  device.banks_per_group = 2;
  return device;
}

std::vector<MemoryAccess> expanded(const std::vector<MemoryAccess>& data, std::int64_t* overhead = nullptr) {
  const DramDevice device = device_with_columns(64);
  InBandEcc source(std::make_unique<ListSource>(data), device);
  std::vector<MemoryAccess> all(1000);
  all.resize(source.next(all));
  if (overhead != nullptr) *overhead = source.overhead_bursts();
  return all;
}

MemoryAccess read(std::int32_t row, std::int32_t column) { return {0, row, column, 0, 0, 0, false}; }
MemoryAccess write(std::int32_t row, std::int32_t column) { return {0, row, column, 0, 0, 0, true}; }

TEST(InBandEcc, AStreamOfReadsReadsOneBurstOfCodeForSevenOfData) {
  std::vector<MemoryAccess> data;
  for (std::int32_t column = 0; column < 56; ++column) data.push_back(read(3, column));
  std::int64_t overhead = 0;
  const auto all = expanded(data, &overhead);
  EXPECT_EQ(all.size(), 64U);
  EXPECT_EQ(overhead, 8);
  EXPECT_EQ(all[0].column, 56);
  EXPECT_EQ(all[1].column, 0);
  EXPECT_EQ(all[8].column, 57);
}

TEST(InBandEcc, CodeOfDataThatWereAllWrittenIsWrittenWithoutBeingRead) {
  std::vector<MemoryAccess> data;
  for (std::int32_t column = 0; column < 8; ++column) data.push_back(write(3, column));
  const auto all = expanded(data);
  ASSERT_EQ(all.size(), 9U);
  EXPECT_TRUE(all[7].write);
  EXPECT_EQ(all[7].column, 56);
}

TEST(InBandEcc, CodeOfDataThatWereWrittenInPartIsReadBeforeItIsWritten) {
  const auto all = expanded({write(3, 0), write(4, 0)});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_FALSE(all[1].write);
  EXPECT_TRUE(all[2].write);
  EXPECT_EQ(all[1].row, 3);
  EXPECT_EQ(all[2].row, 3);
  EXPECT_EQ(all[3].row, 4);
}

TEST(InBandEcc, ARandomReadCostsTwoBursts) { EXPECT_EQ(expanded({read(1, 0), read(2, 0), read(1, 0)}).size(), 6U); }

TEST(InBandEcc, ARowThatCannotBeDividedIsRefused) {
  EXPECT_TRUE(InBandEcc::data_part(device_with_columns(64)));
  EXPECT_FALSE(InBandEcc::data_part(device_with_columns(60)));
}

}  // namespace
}  // namespace orrery
