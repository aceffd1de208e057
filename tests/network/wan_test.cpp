#include "orrery/network/wan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "../schema/catalog_entry.h"

namespace orrery {
namespace {

const WanRecord& azure() {
  static const WanRecord record = catalog_entry<WanRecord>("wan", "azure-regions");
  return record;
}

double ms(const Wan& wan, const std::string& from, const std::string& to) {
  return wan.round_trip_p95(from, to).value().si() * 1e3;
}

// Typed from the source once more: rows are destinations, columns origins, 0 where there is nothing.
constexpr const char* kOrigins[] = {"korea-central", "korea-south",          "japan-east", "southeast-asia",
                                    "uae-north",     "germany-west-central", "us-west-2",  "us-east"};
struct Row {
  const char* to;
  int ms[8];
};
constexpr Row kRows[] = {
    {"korea-central", {0, 11, 35, 72, 153, 272, 128, 191}},
    {"korea-south", {10, 0, 29, 68, 161, 245, 128, 188}},
    {"japan-east", {36, 30, 0, 74, 155, 246, 102, 165}},
    {"japan-west", {27, 22, 14, 76, 155, 252, 110, 173}},
    {"east-asia", {41, 36, 51, 40, 119, 244, 144, 207}},
    {"southeast-asia", {71, 69, 74, 0, 87, 179, 165, 229}},
    {"malaysia-west", {70, 65, 77, 10, 91, 181, 168, 233}},
    {"indonesia-central", {82, 76, 86, 18, 99, 182, 176, 240}},
    {"central-india", {126, 122, 129, 58, 34, 150, 218, 214}},
    {"australia-east", {132, 132, 105, 98, 182, 290, 179, 207}},
    {"uae-north", {153, 156, 155, 90, 0, 122, 255, 190}},
    {"qatar-central", {162, 154, 171, 103, 17, 124, 252, 191}},
    {"germany-west-central", {271, 245, 250, 179, 122, 0, 160, 97}},
    {"france-central", {266, 263, 245, 175, 117, 14, 153, 90}},
    {"uk-south", {262, 256, 237, 183, 122, 19, 144, 80}},
    {"west-europe", {267, 261, 242, 181, 124, 14, 147, 89}},
    {"sweden-central", {286, 267, 260, 256, 149, 34, 165, 110}},
    {"us-west-2", {127, 129, 103, 165, 256, 159, 0, 75}},
    {"us-east", {192, 190, 165, 229, 191, 97, 76, 0}},
    {"brazil-south", {296, 283, 275, 337, 288, 199, 179, 119}},
    {"south-africa-north", {250, 244, 254, 190, 105, 172, 284, 226}},
};

TEST(Wan, TheTableReadsBackExactly) {
  const Wan wan(azure());
  EXPECT_EQ(wan.regions().size(), std::size(kRows));
  for (const Row& row : kRows) {
    for (std::size_t i = 0; i < std::size(kOrigins); ++i) {
      if (row.ms[i] == 0) {
        EXPECT_FALSE(wan.round_trip_p95(kOrigins[i], row.to)) << row.to;
      } else {
        EXPECT_DOUBLE_EQ(ms(wan, kOrigins[i], row.to), row.ms[i]) << kOrigins[i] << " " << row.to;
      }
    }
  }
}

TEST(Wan, TheTwoDirectionsOfAPairDiffer) {
  const Wan wan(azure());
  EXPECT_DOUBLE_EQ(ms(wan, "korea-central", "japan-east"), 36);
  EXPECT_DOUBLE_EQ(ms(wan, "japan-east", "korea-central"), 35);
}

TEST(Wan, AMissingPairNamesBothRegions) {
  const Wan wan(azure());
  EXPECT_EQ(wan.round_trip_p95("uk-south", "korea-central").error(),
            "azure-regions has no round trip measured from uk-south to korea-central");
  EXPECT_EQ(wan.round_trip_p95("korea-central", "japan-easst").error(),
            "azure-regions has no region 'japan-easst' on the way from korea-central to japan-easst (did you mean "
            "'japan-east'?)");
}

TEST(Wan, SixOrderedTriplesOfTheEightOriginsAreShorterOverTheMiddle) {
  const Wan wan(azure());
  const auto detours = wan.detours();
  const auto is_origin = [](const std::string& id) {
    return std::find(std::begin(kOrigins), std::end(kOrigins), id) != std::end(kOrigins);
  };
  EXPECT_EQ(std::count_if(detours.begin(), detours.end(), [&](const auto& one) { return is_origin(one.to); }), 6);
}

TEST(Wan, UncountedDetoursAreAWarningAndStrangeRegionsAnError) {
  Diagnostics silent;
  check_physics(azure(), silent);
  EXPECT_TRUE(silent.sorted().empty());  // the table says how many it has

  WanRecord slip = azure();
  slip.round_trips[0].value.p95[1].value.value = Seconds(0.36);  // Tokyo, 36 ms
  Diagnostics warned;
  check_physics(slip, warned);
  EXPECT_FALSE(warned.has_errors());
  ASSERT_EQ(warned.sorted().size(), 1U);
  EXPECT_EQ(warned.sorted().front().code, "triangle-violation");

  WanRecord record = azure();
  record.round_trips[0].value.p95[0].name = "korea-sooth";
  record.round_trips[1].value.p95[1].name = "korea-south";
  Diagnostics diagnostics;
  check_physics(record, diagnostics);
  EXPECT_EQ(diagnostics.error_count(), 2U);
  EXPECT_EQ(diagnostics.sorted().size(), 2U);  // no warning beside them
}

TEST(Wan, DelaysMeetTheirPercentileAndHaveTheirConstant) {
  const Wan wan(azure());
  for (const double p95 : {10e-3, 36e-3, 272e-3}) {
    const DelayMixture delays = wan.round_trips(Seconds(p95));
    EXPECT_NEAR(delays.percentile(0.95).si(), p95, 1e-9);
    EXPECT_GE(delays.percentile(0.001).si(), 0.95 * p95);
    EXPECT_LT(delays.mean().si(), p95);
  }
}

}  // namespace
}  // namespace orrery
