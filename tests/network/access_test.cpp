#include <gtest/gtest.h>

#include "../schema/catalog_entry.h"
#include "orrery/network/access_record.h"

namespace orrery {
namespace {

AccessRecord catalog_access(const std::string& id) { return catalog_entry<AccessRecord>("access", id); }

TEST(Access, HomeWifiMeetsTheMeasuredShares) {
  const DelayMixture delays = round_trips(catalog_access("home-wifi"));
  EXPECT_NEAR(delays.share_up_to(Seconds(3e-3)), 0.50, 0.005);
  EXPECT_NEAR(delays.share_up_to(Seconds(20e-3)), 0.90, 0.005);
  EXPECT_NEAR(delays.share_up_to(Seconds(250e-3)), 0.99, 0.005);
  EXPECT_NEAR(delays.mean().si(), 15.2e-3, 0.1e-3);
}

TEST(Access, AFixedLineIsFasterThanHomeWifi) {
  EXPECT_LT(round_trips(catalog_access("fixed-1g-korea")).mean(), round_trips(catalog_access("home-wifi")).mean());
}

TEST(Access, SharesThatDoNotAddUpAreReported) {
  AccessRecord record = catalog_access("home-wifi");
  record.round_trip[0].share.value = 0.5;
  Diagnostics diagnostics;
  check_physics(record, diagnostics);
  ASSERT_TRUE(diagnostics.has_errors());
  EXPECT_EQ(diagnostics.sorted().front().message, "the shares of round_trip add up to 0.65, not to 1");
}

}  // namespace
}  // namespace orrery
