#include "orrery/network/cell_sharing.h"

#include <gtest/gtest.h>

#include <numeric>

#include "example_cells.h"
#include "orrery/base/percentiles.h"

namespace orrery {
namespace {

RadioCell skt() { return compiled(catalog_radio("skt-5g")); }

std::vector<double> seconds(const std::vector<Seconds>& times) {
  std::vector<double> list;
  for (const Seconds time : times) list.push_back(time.si());
  return list;
}
double mean(const std::vector<Seconds>& times) {
  const auto list = seconds(times);
  return std::accumulate(list.begin(), list.end(), 0.0) / static_cast<double>(list.size());
}

TEST(CellSharing, BothViewsAgreeOnMedianAndTail) {
  const RadioCell cell = skt();
  constexpr Bytes kBytes(5e6);
  for (const double load : {0.0, 0.3}) {
    for (const double rho : {0.2, 0.5, 0.7}) {
      const Hertz rate = Hertz(rho * (1 - load) / transfer_load(cell, kBytes, Hertz(1)));
      const auto transfers = random_transfers(cell, 20'000, kBytes, rate, 1);
      auto slots = seconds(transfer_times_by_slots(cell, transfers, load, 1));
      auto sharing = seconds(transfer_times_by_sharing(cell, transfers, load));
      Percentiles by_slots(slots);
      Percentiles by_sharing(sharing);
      for (const double fraction : {0.5, 0.95}) {
        const double exact = by_slots.at(fraction);
        EXPECT_NEAR(by_sharing.at(fraction), exact, 0.05 * exact) << load << " " << rho << " " << fraction;
      }
    }
  }
}

TEST(CellSharing, OneTransferAloneTakesItsBytesOverItsRate) {
  const RadioCell cell = skt();
  for (const int cqi : {10, 12, 14}) {
    const std::vector<CellTransfer> one{{Seconds(0), Bytes(1e8), cqi}};
    const double alone = (Bytes(1e8) / cell.rate_at_quality(cqi)).si();
    EXPECT_NEAR(transfer_times_by_sharing(cell, one, 0)[0].si(), alone, 1e-9);
    EXPECT_NEAR(transfer_times_by_sharing(cell, one, 0.5)[0].si(), 2 * alone, 1e-9);
    EXPECT_NEAR(transfer_times_by_slots(cell, one, 0, 1)[0].si(), alone, 3e-3);
  }
}

TEST(CellSharing, WithoutGainTheMeanIsThatOfTheQueue) {
  RadioRecord record = catalog_radio("skt-5g");
  record.data->multi_user_gain.value = 0;
  record.data->channel_quality.resize(1);
  record.data->channel_quality[0].share.value = 1;
  const RadioCell cell = compiled(record);
  const Seconds alone = Bytes(5e6) / cell.rate_at_quality(10);
  const auto transfers = random_transfers(cell, 200'000, Bytes(5e6), 0.6 / alone, 3);
  const double expected = mean_sharing_time(alone, 0.6).si();
  EXPECT_NEAR(mean(transfer_times_by_sharing(cell, transfers, 0)), expected, 0.02 * expected);
}

TEST(CellSharing, TwoTransfersTogetherTakeLongerThanOneAndLessThanOneAfterTheOther) {
  const RadioCell cell = skt();
  const std::vector<CellTransfer> both{{Seconds(0), Bytes(1e7), 12}, {Seconds(0), Bytes(1e7), 12}};
  const double alone = (Bytes(1e7) / cell.rate_at_quality(12)).si();
  for (const auto& times : {transfer_times_by_sharing(cell, both, 0), transfer_times_by_slots(cell, both, 0, 1)}) {
    for (const Seconds time : times) {
      EXPECT_GT(time.si(), 1.5 * alone);
      EXPECT_LT(time.si(), 2 * alone);  // the gain of two users
    }
  }
}

TEST(CellSharing, MoreLoadIsNeverFaster) {
  const RadioCell cell = skt();
  const auto transfers = random_transfers(cell, 3000, Bytes(3e6), Hertz(10), 1);
  double sharing_before = 0;
  double slots_before = 0;
  for (const double load : {0.0, 0.2, 0.4, 0.6}) {
    const double sharing = mean(transfer_times_by_sharing(cell, transfers, load));
    const double slots = mean(transfer_times_by_slots(cell, transfers, load, 1));
    EXPECT_GT(sharing, sharing_before);
    EXPECT_GT(slots, slots_before);
    sharing_before = sharing;
    slots_before = slots;
  }
}

}  // namespace
}  // namespace orrery
