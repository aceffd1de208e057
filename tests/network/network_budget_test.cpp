#include "orrery/network/network_budget.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "example_cells.h"
#include "example_transport.h"

namespace orrery {
namespace {

PathRequest example_path() {
  PathRequest path;
  path.access_up = {{"up", Seconds(11.55e-3)}};
  path.access_down = {{"down", Seconds(1.92e-3)}};
  path.core = Seconds(2e-3);
  path.wan = Seconds(35e-3);
  path.request = Bytes(6e3);
  path.uplink = BytesPerSecond(97e6 / 8);
  return path;
}

SimTime time_of(const NetworkBudget& budget, std::string_view name) {
  for (const auto& part : budget.parts) {
    if (part.name == name) return part.time;
  }
  return SimTime(-1);
}

TEST(NetworkBudget, AWarmConnectionPaysOneRoundTripAndItsSerialisation) {
  const PathRequest path = example_path();
  const NetworkBudget budget = time_to_first_token(catalog_transport(), path);
  const Seconds round_trip(11.55e-3 + 1.92e-3 + 2e-3 + 35e-3);
  EXPECT_NEAR(budget.total().seconds().si(), (round_trip + path.request / path.uplink).si(), 1e-11);
}

TEST(NetworkBudget, ANewConnectionPaysTwoRoundTripsMore) {
  PathRequest path = example_path();
  const NetworkBudget warm = time_to_first_token(catalog_transport(), path);
  path.new_connection = true;
  const NetworkBudget cold = time_to_first_token(catalog_transport(), path);
  EXPECT_EQ(time_of(cold, "TCP"), time_of(cold, "TLS 1.3"));
  EXPECT_NEAR((cold.total() - warm.total()).seconds().si(), 2 * (11.55e-3 + 1.92e-3 + 2e-3 + 35e-3), 1e-11);
}

TEST(NetworkBudget, StagesOfACellAreNamedAndAddUpToItsMean) {
  const SlotCalendar calendar = example_calendar(Grant::sr_bsr, 20);
  const auto stages = radio_stages(uplink_parts(calendar, kExampleErrors), "up");
  ASSERT_EQ(stages.size(), 6U);
  EXPECT_EQ(stages[1].name, "scheduling request up");
  EXPECT_EQ(stages[4].name, "repeats up");
  PathRequest path;
  path.access_up = stages;
  const double mean = milliseconds(uplink_delays(calendar, kExampleErrors).mean());
  EXPECT_NEAR(path.round_trip().si() * 1e3, mean, 1e-9);
}

TEST(NetworkBudget, APhotoOverALongPathWaitsForWindowsAndNotForTheUplink) {
  PathRequest path = example_path();
  path.access_up.clear();
  path.access_down.clear();
  path.core = Seconds(0);
  path.request = Bytes(1.5e6);
  const NetworkBudget budget = time_to_first_token(catalog_transport(), path);
  EXPECT_EQ(time_of(budget, "slow start").ps(), 6 * 35'000'000'000);
  EXPECT_EQ(time_of(budget, "serialisation").ps(), 0);
  EXPECT_EQ(budget.total().ps(), 7 * 35'000'000'000);  // 245 ms
  path.wan = Seconds(1e-3);
  EXPECT_NEAR(time_to_first_token(catalog_transport(), path).total().seconds().si(), 1e-3 + 1.5e6 / (97e6 / 8), 1e-11);
}

RC_GTEST_PROP(NetworkBudget, PartsAddUpToTheTotalInWholePicoseconds, ()) {
  const auto span = [] { return Seconds(static_cast<double>(*rc::gen::inRange(0, 1'000'000'000)) * 1e-10 / 3); };
  PathRequest path;
  path.access_up = {{"request", span()}, {"data", span()}, {"repeats", span()}};
  path.access_down = {{"data", span()}, {"repeats", span()}};
  path.core = span();
  path.wan = span();
  path.before = {span(), span(), Seconds(0)};
  path.answering = {Seconds(0), Seconds(0), span()};
  path.new_connection = *rc::gen::arbitrary<bool>();
  path.request = Bytes(*rc::gen::inRange(1, 10'000'000));
  path.uplink = BytesPerSecond(*rc::gen::inRange(1000, 100'000'000));
  const NetworkBudget budget = time_to_first_token(catalog_transport(), path);
  std::int64_t sum = 0;
  for (const auto& part : budget.parts) {
    RC_ASSERT(part.time >= SimTime(0));
    sum += part.time.ps();
  }
  RC_ASSERT(budget.total().ps() == sum);
  PathRequest faster = path;
  faster.uplink = 2 * path.uplink;
  RC_ASSERT(time_to_first_token(catalog_transport(), faster).total() <= budget.total());
}

}  // namespace
}  // namespace orrery
