#include "orrery/network/shared_link.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace orrery {
namespace {

constexpr std::int64_t kMs = 1'000'000'000;

struct Transfer {
  std::int64_t start;
  double bytes;
};

/// Drives a link through transfers in order of their starts; ends by number.
std::vector<std::int64_t> serve(SharedLink& link, const std::vector<Transfer>& transfers) {
  std::vector<std::int64_t> ends(transfers.size(), -1);
  const auto end_before = [&](SimTime time) {
    while (link.next_end() < time) {
      const std::int64_t end = link.next_end().ps();
      ends[link.end_next()] = end;
    }
  };
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    end_before(SimTime(transfers[i].start));
    link.start(static_cast<std::uint32_t>(i), SimTime(transfers[i].start), Bytes(transfers[i].bytes));
  }
  end_before(SimTime::never());
  return ends;
}

/// A second view: every transfer has its own remainder, and all are walked at every change.
std::vector<double> plain_ends(double capacity, double most, const std::vector<Transfer>& transfers) {
  std::vector<double> ends(transfers.size(), -1);
  std::map<std::size_t, double> left;
  double now = 0;
  for (std::size_t next = 0; next < transfers.size() || !left.empty();) {
    const double rate = left.empty() ? 0 : std::min(most, capacity / static_cast<double>(left.size())) * 1e-12;
    double until = next < transfers.size() ? static_cast<double>(transfers[next].start) : 1e300;
    for (const auto& [i, bytes] : left) until = std::min(until, now + bytes / rate);
    for (auto& [i, bytes] : left) bytes -= (until - now) * rate;
    now = until;
    std::erase_if(left, [&](const auto& each) {
      const bool is_done = each.second <= 1e-3;
      if (is_done) ends[each.first] = now;
      return is_done;
    });
    for (; next < transfers.size() && static_cast<double>(transfers[next].start) <= now; ++next) {
      left[next] = transfers[next].bytes;
    }
  }
  return ends;
}

TEST(SharedLink, OneTransferTakesItsBytesOverTheBandwidth) {
  SharedLink link(BytesPerSecond(1e9), BytesPerSecond(1e9));
  EXPECT_EQ(serve(link, {{5 * kMs, 2e6}}), (std::vector<std::int64_t>{7 * kMs}));
}

TEST(SharedLink, OneAloneIsBoundByWhatOneMayTake) {
  SharedLink link(BytesPerSecond(4e9), BytesPerSecond(1e9));
  EXPECT_EQ(serve(link, {{0, 2e6}, {0, 2e6}, {0, 2e6}, {0, 2e6}}), (std::vector<std::int64_t>(4, 2 * kMs)));
}

TEST(SharedLink, TransfersUnderWayTogetherGetEqualParts) {
  SharedLink link(BytesPerSecond(1e9), BytesPerSecond(1e9));
  // 2 MB and 1 MB at half the rate each until the small one ends at 2 ms; the rest of 1 MB alone.
  EXPECT_EQ(serve(link, {{0, 2e6}, {0, 1e6}}), (std::vector<std::int64_t>{3 * kMs, 2 * kMs}));
}

TEST(SharedLink, AnArrivalSlowsTheOneUnderWayFromThenOn) {
  SharedLink link(BytesPerSecond(1e9), BytesPerSecond(1e9));
  // Alone for 1 ms (1 of 2 MB), then half the rate: 2 ms more. The second then has 2 of 3 MB left, alone.
  EXPECT_EQ(serve(link, {{0, 2e6}, {kMs, 3e6}}), (std::vector<std::int64_t>{3 * kMs, 5 * kMs}));
}

TEST(SharedLink, EqualTransfersEndInTheOrderOfTheirStarts) {
  SharedLink link(BytesPerSecond(1e9), BytesPerSecond(1e9));
  for (const std::uint32_t transfer : {7U, 3U, 5U}) link.start(transfer, SimTime(0), Bytes(1e6));
  EXPECT_EQ(link.end_next(), 7U);
  EXPECT_EQ(link.end_next(), 3U);
  EXPECT_EQ(link.end_next(), 5U);
  EXPECT_EQ(link.next_end(), SimTime::never());
}

std::vector<Transfer> random_transfers(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<Transfer> transfers;
  std::int64_t now = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (random() % 3 > 0) now += static_cast<std::int64_t>(random() % (4 * kMs));
    transfers.push_back({now, static_cast<double>(1 + random() % 5'000'000)});
  }
  return transfers;
}

TEST(SharedLink, AgreesWithAPlainFluidOnRandomTransfers) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    const auto transfers = random_transfers(seed, 60);
    const double most = seed % 2 == 0 ? 1e9 : 3e8;
    SharedLink link(BytesPerSecond(1e9), BytesPerSecond(most));
    const auto ends = serve(link, transfers);
    const auto expected = plain_ends(1e9, most, transfers);
    for (std::size_t i = 0; i < ends.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(ends[i]), expected[i], 100) << seed << ' ' << i;  // ps; every end rounds up
    }
  }
}

TEST(SharedLink, BytesAreConservedAndTheLinkIsNeverFasterThanItIs) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto transfers = random_transfers(seed, 100);
    SharedLink link(BytesPerSecond(2e9), BytesPerSecond(5e8));
    const auto ends = serve(link, transfers);
    double bytes = 0;
    for (std::size_t i = 0; i < transfers.size(); ++i) {
      bytes += transfers[i].bytes;
      ASSERT_GE(static_cast<double>(ends[i] - transfers[i].start), transfers[i].bytes / 5e8 * 1e12 - 1) << seed;
    }
    ASSERT_EQ(link.ended_bytes().si(), bytes);
    ASSERT_NEAR(link.flowed_bytes().si() / bytes, 1, 1e-9);
    ASSERT_GE(link.busy().seconds().si() * 2e9, bytes * (1 - 1e-9));
    ASSERT_EQ(link.under_way(), 0U);
  }
}

TEST(SharedLink, WorksOnWithoutAPause) {
  // Processor sharing is work conserving: with one transfer allowed the whole capacity, the last end is that of a
  // queue of the same transfers.
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto transfers = random_transfers(seed, 80);
    SharedLink link(BytesPerSecond(1e9), BytesPerSecond(1e9));
    const auto ends = serve(link, transfers);
    double queue_end = 0;
    for (const Transfer& each : transfers) {
      queue_end = std::max(queue_end, static_cast<double>(each.start)) + each.bytes / 1e9 * 1e12;
    }
    ASSERT_NEAR(static_cast<double>(*std::max_element(ends.begin(), ends.end())), queue_end, 200) << seed;
  }
}

TEST(SharedLink, IsTheSameAgain) {
  const auto transfers = random_transfers(9, 300);
  SharedLink a(BytesPerSecond(1e9), BytesPerSecond(4e8));
  SharedLink b(BytesPerSecond(1e9), BytesPerSecond(4e8));
  EXPECT_EQ(serve(a, transfers), serve(b, transfers));
}

}  // namespace
}  // namespace orrery
