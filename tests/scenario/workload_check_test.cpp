#include <gtest/gtest.h>

#include "workload_text.h"

namespace orrery {
namespace {

template <class R>
std::string messages_of(const std::string& yaml, void (*check)(const R&, Diagnostics&)) {
  Diagnostics diagnostics;
  check(record_from<R>(yaml), diagnostics);
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.sorted()) text += to_text(diagnostic);
  return text;
}

std::string workload(const std::string& yaml) { return messages_of<WorkloadRecord>(yaml, check_workload); }

const std::string kPoisson = "poisson: {rate: 5 req/s, tokens: {input: 100, output: 10}}\n";

TEST(WorkloadCheck, EveryKindHasAGoodForm) {
  EXPECT_EQ(workload("trace: {file: a.csv}\n"), "");
  EXPECT_EQ(workload("profile: {profile: a}\nduration: 1 h\n"), "");
  EXPECT_EQ(workload(kPoisson + "requests: 5\n"), "");
  EXPECT_EQ(workload("gamma: {rate: 5 req/s, gap_variation: 2, tokens: {profile: a}}\nrequests: 5\nduration: 1 h\n"),
            "");
}

std::string population(const std::string& keys) {
  return "population:\n  users: 1000\n  requests_per_user: 2 /day\n  curve: working-hours\n"
         "  tokens: {input: 100, output: 10}\n" +
         keys;
}

TEST(WorkloadCheck, HoursOfAPopulationAreInADay) {
  EXPECT_EQ(workload(population("  local_time: 9 h\n  starts_at: 24 h\nduration: 1 h\n")), "");
  EXPECT_EQ(workload(population("  local_time: -12 h\n  starts_at: 0 h\nrequests: 10\n")), "");
  EXPECT_EQ(
      workload(population("  local_time: 14.5 h\n  starts_at: 25 h\nduration: 1 h\n")),
      "text:6:15: error[out-of-range]: 'local_time' is 14.5 h, and local times differ from UTC from -12 h to 14 h\n"
      "    6 |   local_time: 14.5 h\n"
      "      |               ^~~~~~\n"
      "      help: write local time less UTC: 9 h in Korea, -8 h in California in winter\n"
      "text:7:14: error[out-of-range]: 'starts_at' is 25 h, and a day has the hours from 0 h to 24 h\n"
      "    7 |   starts_at: 25 h\n"
      "      |              ^~~~\n"
      "      help: write a UTC time of day; `duration` says how many hours or days the run lasts\n");
}

std::string demand(const std::string& yaml) {
  const auto check = [](const WorkloadRecord& record, Diagnostics& diagnostics) {
    check_demand(record, catalog_curve("working-hours"), diagnostics);
  };
  return messages_of<WorkloadRecord>(yaml, check);
}

TEST(WorkloadCheck, ADemandWithinReachIsGood) {
  EXPECT_EQ(demand(population("  local_time: 9 h\n  starts_at: 8 h\nduration: 1 h\n")), "");
  EXPECT_EQ(demand(population("  local_time: 9 h\n  starts_at: 10 h\nrequests: 10\n")), "");
}

TEST(WorkloadCheck, ARunInWhichNobodyAsksIsReported) {
  EXPECT_EQ(demand(population("  local_time: 9 h\n  starts_at: 9 h\nduration: 15 h\n")),
            "text:4:10: error[impossible-physics]: the run starts at 18 h of the users' day and lasts 15 h, and by the "
            "curve 'working-hours' nobody asks for anything then\n"
            "    4 |   curve: working-hours\n"
            "      |          ^~~~~~~~~~~~~\n"
            "      help: give a longer `duration`, another hour in `starts_at` (UTC), or another curve\n");
}

TEST(WorkloadCheck, MoreDemandThanFitsIsReportedByTheHoursOfTheRun) {
  // 1.8e8 requests a day, all of them in nine hours, of which 26 hours from the first one on hold eleven.
  const auto of_hours = [](const std::string& starts_at, const std::string& duration) {
    return demand(
        "population: {users: 90000000, requests_per_user: 2 /day, curve: working-hours, local_time: 0 h, starts_at: " +
        starts_at + ", tokens: {input: 1, output: 1}}\nduration: " + duration + "\n");
  };
  EXPECT_EQ(of_hours("0 h", "24 h"), "");
  EXPECT_EQ(of_hours("9 h", "9 h"), "");
  EXPECT_NE(of_hours("9 h", "26 h").find("2.2e+08 requests are expected in 26 h from 9 h of the users' day on"),
            std::string::npos);
}

TEST(WorkloadCheck, NoKindIsReported) {
  EXPECT_EQ(workload("requests: 5\n"),
            "text:1:1: error[missing-key]: the workload says nothing about where its requests come from\n"
            "    1 | requests: 5\n"
            "      | ^\n"
            "      help: give one of `trace`, `profile`, `poisson`, `gamma`, `population`\n");
}

TEST(WorkloadCheck, SeveralKindsAreReported) {
  EXPECT_EQ(workload("trace: {file: a.csv}\n" + kPoisson + "requests: 5\n"),
            "text:1:1: error[impossible-physics]: the requests come from one place, not from trace and poisson\n"
            "    1 | trace: {file: a.csv}\n"
            "      | ^\n"
            "      help: keep one of them; another service may have the other\n");
}

TEST(WorkloadCheck, LengthsAreGivenOnceAndWhole) {
  const auto lengths = [](const std::string& tokens) {
    return workload("requests: 5\npoisson:\n  rate: 5 req/s\n  tokens: {" + tokens + "}\n");
  };
  EXPECT_EQ(lengths("input: 100, profile: a"),
            "text:4:3: error[impossible-physics]: lengths come from the profile 'a', and 'input' is given as well\n"
            "    4 |   tokens: {input: 100, profile: a}\n"
            "      |   ^~~~~~\n"
            "      help: keep either `profile`, or `input` and `output`\n");
  EXPECT_EQ(lengths("input: 100"),
            "text:4:3: error[missing-key]: 'output' is missing from Lengths\n"
            "    4 |   tokens: {input: 100}\n"
            "      |   ^~~~~~\n"
            "      help: give both `input` and `output`, or a `profile` to draw both from\n");
  EXPECT_EQ(lengths(""),
            "text:4:3: error[missing-key]: token counts are missing\n"
            "    4 |   tokens: {}\n"
            "      |   ^~~~~~\n"
            "      help: give `input` and `output`, or a `profile` to draw both from\n");
}

TEST(WorkloadCheck, ADrawnWorkloadNeedsAnEnd) {
  EXPECT_EQ(workload(kPoisson),
            "text:1:1: error[missing-key]: a workload that is drawn has no end of its own\n"
            "    1 | poisson: {rate: 5 req/s, tokens: {input: 100, output: 10}}\n"
            "      | ^\n"
            "      help: give `requests` (how many) or `duration` (how long)\n");
}

TEST(WorkloadCheck, ADrawThatOutlastsARunIsReported) {
  EXPECT_EQ(workload("requests: 1000\npoisson: {rate: 0.00001 req/s, tokens: {input: 100, output: 10}}\n"),
            "text:1:1: error[impossible-physics]: 1000 requests at 0.036 /h last 1e+08 s, and a run lasts at most "
            "9.2e+06 s\n"
            "    1 | requests: 1000\n"
            "      | ^\n"
            "      help: give fewer `requests`, a higher `rate`, or a `duration`\n");
}

std::string profile(const std::string& rate, const std::string& minutes, const std::string& lengths) {
  return messages_of<WorkloadProfileRecord>(
      "id: a\nkind: workload\nname: a\nstatus: assumed\nrequests: 250\nspan: 125 s\nmean_input_tokens: 5\n"
      "mean_output_tokens: 5\narrivals:\n  mean_rate: " +
          rate + "\n  requests_per_minute: " + minutes +
          "\n  second_dispersion: 1\n  second_correlation: 0\n  gap_variation: 1\nlengths:\n" + lengths,
      check_physics);
}

const std::string kLengths =
    "  - {input_quantiles: [1, 2, 3], input_tail_mean: 3, output_quantiles: [4, 5, 6], output_tail_mean: 6}\n"
    "  - {input_quantiles: [3, 7, 9], input_tail_mean: 9, output_quantiles: [4, 4, 4], output_tail_mean: 4}\n";

TEST(WorkloadCheck, AProfileThatAgreesWithItselfIsGood) { EXPECT_EQ(profile("2 /s", "[120, 125]", kLengths), ""); }

TEST(WorkloadCheck, ARateThatContradictsRequestsAndSpanIsReported) {
  EXPECT_EQ(profile("2.1 /s", "[120, 125]", kLengths),
            "text:10:14: error[impossible-physics]: the mean rate is 2.1 /s, but 250 requests in 125 s are 2 /s\n"
            "   10 |   mean_rate: 2.1 /s\n"
            "      |              ^~~~~~\n");
}

TEST(WorkloadCheck, MinutesThatContradictTheTraceAreReported) {
  const std::string shown = "\n    9 | arrivals:\n      | ^~~~~~~~\n";
  const std::string place = "text:9:1: error[impossible-physics]: ";
  EXPECT_EQ(profile("2 /s", "[0, 0]", kLengths), place + "no minute of 'requests_per_minute' holds a request" + shown);
  EXPECT_EQ(profile("2 /s", "[120, 131]", kLengths),
            place + "'requests_per_minute' holds 251 requests, and the trace 250" + shown);
  EXPECT_EQ(profile("2 /s", "[120, 120, 1]", kLengths),
            place + "'requests_per_minute' lists 3 whole minutes, and the trace spans 125 s" + shown);
}

TEST(WorkloadCheck, QuantilesThatFallAreReported) {
  EXPECT_EQ(
      profile(
          "2 /s", "[120, 125]",
          "  - {input_quantiles: [1, 3, 2], input_tail_mean: 2, output_quantiles: [4, 5, 6], output_tail_mean: 6}\n"),
      "text:16:5: error[impossible-physics]: 'input_quantiles' falls from 3 to 2: quantiles never fall\n"
      "   16 |   - {input_quantiles: [1, 3, 2], input_tail_mean: 2, output_quantiles: [4, 5, 6], output_tail_mean: "
      "...\n"
      "      |     ^\n");
}

TEST(WorkloadCheck, StrataOfUnequalSizeAreReported) {
  EXPECT_EQ(
      profile("2 /s", "[120, 125]",
              "  - {input_quantiles: [1, 2, 3], input_tail_mean: 3, output_quantiles: [4, 5], output_tail_mean: 5}\n"
              "  - {input_quantiles: [3, 4], input_tail_mean: 4, output_quantiles: [4, 5], output_tail_mean: 5}\n"),
      "text:17:5: error[wrong-type]: 'input_quantiles' has 2 quantiles, that of the first stratum 3\n"
      "   17 |   - {input_quantiles: [3, 4], input_tail_mean: 4, output_quantiles: [4, 5], output_tail_mean: 5}\n"
      "      |     ^\n"
      "      help: every stratum holds the same quantiles\n"
      "      note: text:16:5: the first stratum\n");
}

TEST(WorkloadCheck, StrataThatOverlapAreReported) {
  EXPECT_EQ(
      profile("2 /s", "[120, 125]",
              "  - {input_quantiles: [1, 5], input_tail_mean: 5, output_quantiles: [4, 5], output_tail_mean: 5}\n"
              "  - {input_quantiles: [3, 6], input_tail_mean: 6, output_quantiles: [4, 5], output_tail_mean: 5}\n"),
      "text:17:5: error[impossible-physics]: its inputs begin at 3 tokens, and those of the stratum before it end at "
      "5\n"
      "   17 |   - {input_quantiles: [3, 6], input_tail_mean: 6, output_quantiles: [4, 5], output_tail_mean: 5}\n"
      "      |     ^\n"
      "      help: strata are in order of their inputs and do not overlap\n"
      "      note: text:16:5: the stratum before it\n");
}

TEST(WorkloadCheck, AMeanOutsideItsTailIsReported) {
  EXPECT_EQ(
      profile("2 /s", "[120, 125]",
              "  - {input_quantiles: [1, 4, 9], input_tail_mean: 3, output_quantiles: [4, 5], output_tail_mean: 5}\n"),
      "text:16:5: error[impossible-physics]: the tail of 'input_quantiles' lies between 4 and 9, and its mean is 3\n"
      "   16 |   - {input_quantiles: [1, 4, 9], input_tail_mean: 3, output_quantiles: [4, 5], output_tail_mean: 5}\n"
      "      |     ^\n");
}

TEST(WorkloadCheck, AStratumNeedsTwoQuantiles) {
  EXPECT_EQ(
      profile("2 /s", "[120, 125]",
              "  - {input_quantiles: [1], input_tail_mean: 1, output_quantiles: [4, 5], output_tail_mean: 5}\n"),
      "text:16:5: error[wrong-type]: 'input_quantiles' needs at least two quantiles, the smallest and the largest\n"
      "   16 |   - {input_quantiles: [1], input_tail_mean: 1, output_quantiles: [4, 5], output_tail_mean: 5}\n"
      "      |     ^\n");
}

TEST(WorkloadCheck, TheProfilesOfTheCatalogAreGood) {
  for (const char* id : {"azure-2023-conversation", "azure-2023-code"}) {
    Diagnostics diagnostics;
    check_physics(catalog_profile(id), diagnostics);
    EXPECT_FALSE(diagnostics.has_errors()) << id;
  }
}

}  // namespace
}  // namespace orrery
