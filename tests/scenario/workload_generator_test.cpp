#include "orrery/scenario/workload_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "orrery/base/sim_time.h"
#include "orrery/scenario/profile_builder.h"
#include "workload_text.h"

namespace orrery {
namespace {

constexpr double kPicoseconds = 1e12;

WorkloadRecord poisson(double rate, std::int64_t requests) {
  WorkloadRecord workload;
  workload.poisson = PoissonWorkload{Hertz(rate), {.input = 100, .output = 10, .profile = {}, .place = {}}};
  workload.requests = requests;
  return workload;
}

WorkloadRecord gamma(double rate, double variation, std::int64_t requests) {
  WorkloadRecord workload;
  workload.gamma = GammaWorkload{Hertz(rate), variation, {.input = 100, .output = 10, .profile = {}, .place = {}}};
  workload.requests = requests;
  return workload;
}

WorkloadRecord like_profile(double seconds) {
  WorkloadRecord workload;
  workload.profile.emplace();
  workload.duration = Seconds(seconds);
  return workload;
}

double mean_gap(const RequestTable& requests) {
  return static_cast<double>(requests.arrival_ps.back()) / kPicoseconds / static_cast<double>(requests.size());
}

double gap_variation(const RequestTable& requests) {
  const double mean = mean_gap(requests);
  double squares = 0;
  std::int64_t before = 0;
  for (std::int64_t arrival : requests.arrival_ps) {
    squares += std::pow(static_cast<double>(arrival - before) / kPicoseconds - mean, 2);
    before = arrival;
  }
  return std::sqrt(squares / static_cast<double>(requests.size())) / mean;
}

double mean(const std::vector<std::int32_t>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double correlation(const RequestTable& requests) {
  const double input_mean = mean(requests.input_tokens);
  const double output_mean = mean(requests.output_tokens);
  double inputs = 0;
  double outputs = 0;
  double products = 0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const double input = requests.input_tokens[i] - input_mean;
    const double output = requests.output_tokens[i] - output_mean;
    inputs += input * input;
    outputs += output * output;
    products += input * output;
  }
  return products / std::sqrt(inputs * outputs);
}

/// The statistics of arrivals, counted in the seconds and minutes of the run.
ArrivalStatistics statistics_of(RequestTable requests) {
  requests.arrival_ps.front() = 0;  // a profile counts from the first request
  const auto profile = build_profile(requests, {});
  EXPECT_TRUE(profile);
  return profile ? profile->arrivals : ArrivalStatistics{};
}

void expect_equal(const RequestTable& a, const RequestTable& b) {
  EXPECT_EQ(a.arrival_ps, b.arrival_ps);
  EXPECT_EQ(a.input_tokens, b.input_tokens);
  EXPECT_EQ(a.output_tokens, b.output_tokens);
}

TEST(Workload, PoissonArrivalsHaveTheirRateAndVariation) {
  const RequestTable requests = draw_requests(poisson(5, 200'000), {}, 1, "chat");
  ASSERT_EQ(requests.size(), 200'000);
  EXPECT_NEAR(mean_gap(requests), 0.2, 0.002);
  EXPECT_NEAR(gap_variation(requests), 1, 0.01);
  EXPECT_TRUE(std::is_sorted(requests.arrival_ps.begin(), requests.arrival_ps.end()));
  EXPECT_EQ(requests.input_tokens, std::vector<std::int32_t>(200'000, 100));
  EXPECT_EQ(requests.output_tokens, std::vector<std::int32_t>(200'000, 10));
}

TEST(Workload, GammaArrivalsHaveTheirRateAndVariation) {
  for (double variation : {0.25, 1.0, 3.0}) {
    const RequestTable requests = draw_requests(gamma(5, variation, 400'000), {}, 1, "chat");
    EXPECT_NEAR(mean_gap(requests), 0.2, 0.2 * 0.02) << variation;
    EXPECT_NEAR(gap_variation(requests), variation, variation * 0.02);
  }
}

TEST(Workload, EqualSeedsDrawEqualRequestsAndOthersDoNot) {
  const auto profile = catalog_profile("azure-2023-conversation");
  const WorkloadRecord workload = like_profile(600);
  const RequestTable first = draw_requests(workload, {&profile, &profile, nullptr}, 1, "chat");
  expect_equal(first, draw_requests(workload, {&profile, &profile, nullptr}, 1, "chat"));
  EXPECT_NE(first.arrival_ps, draw_requests(workload, {&profile, &profile, nullptr}, 2, "chat").arrival_ps);
  EXPECT_NE(first.arrival_ps, draw_requests(workload, {&profile, &profile, nullptr}, 1, "code").arrival_ps);
  EXPECT_NE(first.input_tokens, draw_requests(workload, {&profile, &profile, nullptr}, 1, "code").input_tokens);
}

TEST(Workload, DoublingTheConsumersMovesNoOtherStream) {
  const auto profile = catalog_profile("azure-2023-conversation");
  WorkloadRecord fixed = poisson(5, 1000);
  WorkloadRecord drawn = fixed;
  drawn.poisson->tokens = {};
  // Lengths from a profile take draws of their own, and leave the arrivals alone.
  EXPECT_EQ(draw_requests(fixed, {}, 1, "chat").arrival_ps,
            draw_requests(drawn, {nullptr, &profile, nullptr}, 1, "chat").arrival_ps);
  // Another way to arrive leaves the lengths alone.
  WorkloadRecord bursty = gamma(5, 3, 1000);
  bursty.gamma->tokens = {};
  EXPECT_EQ(draw_requests(drawn, {nullptr, &profile, nullptr}, 1, "chat").input_tokens,
            draw_requests(bursty, {nullptr, &profile, nullptr}, 1, "chat").input_tokens);
  // A second service in the same run leaves the first alone.
  const RequestTable alone = draw_requests(drawn, {nullptr, &profile, nullptr}, 1, "chat");
  draw_requests(drawn, {nullptr, &profile, nullptr}, 1, "code");
  expect_equal(alone, draw_requests(drawn, {nullptr, &profile, nullptr}, 1, "chat"));
}

TEST(Workload, ALongerDrawBeginsWithTheShorterOne) {
  const auto profile = catalog_profile("azure-2023-code");
  const RequestTable all = draw_requests(like_profile(1200), {&profile, &profile, nullptr}, 1, "code");
  for (WorkloadRecord workload : {like_profile(600), like_profile(1200)}) {
    workload.requests = 500;
    const RequestTable part = draw_requests(workload, {&profile, &profile, nullptr}, 1, "code");
    ASSERT_EQ(part.size(), 500);
    EXPECT_TRUE(std::equal(part.arrival_ps.begin(), part.arrival_ps.end(), all.arrival_ps.begin()));
    EXPECT_TRUE(std::equal(part.input_tokens.begin(), part.input_tokens.end(), all.input_tokens.begin()));
    EXPECT_TRUE(std::equal(part.output_tokens.begin(), part.output_tokens.end(), all.output_tokens.begin()));
  }
}

TEST(Workload, RequestsAndDurationEndADrawWhicheverIsFirst) {
  WorkloadRecord workload = poisson(10, 1000);
  workload.duration = Seconds(20);
  const RequestTable timed = draw_requests(workload, {}, 1, "chat");
  EXPECT_LT(timed.size(), 300);
  EXPECT_LE(timed.arrival_ps.back(), 20'000'000'000'000);
  EXPECT_GT(timed.arrival_ps.back(), 18'000'000'000'000);
  workload.duration = Seconds(2000);
  EXPECT_EQ(draw_requests(workload, {}, 1, "chat").size(), 1000);
}

TEST(Workload, ADrawEndsWithSimulatedTime) {
  const RequestTable requests = draw_requests(poisson(1e-5, 1000), {}, 1, "chat");
  EXPECT_GT(requests.size(), 50);
  EXPECT_LT(requests.size(), 150);
  EXPECT_LE(requests.arrival_ps.back(), to_sim_time(kLongestSimTime).ps());
}

TEST(Workload, ATraceIsCutWhereItsWorkloadEnds) {
  RequestTable requests;
  for (std::int64_t i = 0; i < 10; ++i) requests.add(i * 1'000'000'000'000, 1, 1);
  WorkloadRecord workload;
  workload.duration = Seconds(6);
  limit_requests(workload, requests);
  EXPECT_EQ(requests.size(), 7);
  workload.requests = 3;
  limit_requests(workload, requests);
  EXPECT_EQ(requests.size(), 3);
  EXPECT_EQ(requests.output_tokens.size(), 3);
}

class ProfileDraw : public testing::TestWithParam<const char*> {
 protected:
  const WorkloadProfileRecord profile_ = catalog_profile(GetParam());
  const double cycle_ = 60 * static_cast<double>(profile_.arrivals.requests_per_minute.size());
};

TEST_P(ProfileDraw, HasTheRateAndTheBurstinessOfItsProfile) {
  const ArrivalStatistics& wanted = profile_.arrivals;
  const ArrivalStatistics own =
      statistics_of(draw_requests(like_profile(100 * cycle_), {&profile_, &profile_, nullptr}, 1, "chat"));
  EXPECT_NEAR(*own.mean_rate / *wanted.mean_rate, 1, 0.01);
  EXPECT_NEAR(*own.second_dispersion / *wanted.second_dispersion, 1, 0.03);
  EXPECT_NEAR(*own.second_correlation, *wanted.second_correlation, 0.05);
}

TEST_P(ProfileDraw, FollowsTheMinutesOfItsProfile) {
  const RequestTable requests = draw_requests(like_profile(200 * cycle_), {&profile_, &profile_, nullptr}, 1, "chat");
  const auto& minutes = profile_.arrivals.requests_per_minute;
  std::vector<double> counts(minutes.size());
  for (std::int64_t arrival : requests.arrival_ps) {
    counts[static_cast<std::size_t>(arrival / 60'000'000'000'000) % minutes.size()] += 1.0 / 200;
  }
  const double cycle = std::accumulate(minutes.begin(), minutes.end(), 0.0);
  const double scale = profile_.arrivals.mean_rate->si() * cycle_ / cycle;
  for (std::size_t i = 0; i < minutes.size(); ++i) {
    EXPECT_NEAR(counts[i], static_cast<double>(minutes[i]) * scale, 0.12 * static_cast<double>(minutes[i])) << i;
  }
}

TEST_P(ProfileDraw, AnotherRateKeepsTheShape) {
  WorkloadRecord workload = like_profile(50 * cycle_);
  workload.profile->rate = 4 * *profile_.arrivals.mean_rate;
  const ArrivalStatistics drawn = statistics_of(draw_requests(workload, {&profile_, &profile_, nullptr}, 1, "chat"));
  EXPECT_NEAR(*drawn.mean_rate / *profile_.arrivals.mean_rate, 4, 0.1);
  const double excess = *profile_.arrivals.second_dispersion - 1;
  EXPECT_NEAR((*drawn.second_dispersion - 1) / excess, 4, 0.3);
}

TEST_P(ProfileDraw, HasTheMeansOfItsProfile) {
  WorkloadRecord workload = like_profile(1e6);
  workload.requests = 400'000;
  const RequestTable requests = draw_requests(workload, {&profile_, &profile_, nullptr}, 1, "chat");
  EXPECT_NEAR(mean(requests.input_tokens) / *profile_.mean_input_tokens, 1, 0.01);
  EXPECT_NEAR(mean(requests.output_tokens) / *profile_.mean_output_tokens, 1, 0.02);
  EXPECT_GE(*std::min_element(requests.input_tokens.begin(), requests.input_tokens.end()), 1);
  EXPECT_GE(*std::min_element(requests.output_tokens.begin(), requests.output_tokens.end()), 1);
}

INSTANTIATE_TEST_SUITE_P(Catalog, ProfileDraw, testing::Values("azure-2023-conversation", "azure-2023-code"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST(Workload, LongPromptsOfConversationsHaveShortAnswers) {
  const auto profile = catalog_profile("azure-2023-conversation");
  WorkloadRecord workload = like_profile(1e6);
  workload.requests = 100'000;
  const RequestTable requests = draw_requests(workload, {&profile, &profile, nullptr}, 1, "chat");
  EXPECT_NEAR(correlation(requests), -0.112, 0.03);  // of the trace
}

}  // namespace
}  // namespace orrery
