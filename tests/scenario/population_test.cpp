// Requests of populations: the rates, the hours, the sample, and the streams that they are drawn from.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "orrery/fleet/daily_curve.h"
#include "orrery/scenario/catalog.h"
#include "orrery/scenario/system.h"
#include "orrery/scenario/workload_generator.h"
#include "workload_text.h"

namespace orrery {
namespace {

constexpr Seconds kHour{3600};

struct Question {
  std::string users = "10000000";
  std::string requests_per_user = "0.63 /day";
  std::string curve = "two-peaks";
  std::string local_time = "9 h";
  std::string starts_at = "15 h";
  std::string sample;
  std::string duration = "7 days";
};

WorkloadRecord workload_of(const Question& q) {
  return record_from<WorkloadRecord>("population: {users: " + q.users + ", requests_per_user: " + q.requests_per_user +
                                     ", curve: " + q.curve + ", local_time: " + q.local_time +
                                     ", starts_at: " + q.starts_at + (q.sample.empty() ? "" : ", sample: " + q.sample) +
                                     ", tokens: {input: 375, output: 45}}\nduration: " + q.duration + "\n");
}

RequestTable draw(const Question& question, std::uint64_t seed = 1, std::string_view service = "voice") {
  const DailyCurveRecord curve = catalog_curve(question.curve);
  return draw_requests(workload_of(question), {nullptr, nullptr, &curve}, seed, service);
}

double mean_rate(const std::string& users, const std::string& requests_per_user) {
  Question question;
  question.users = users;
  question.requests_per_user = requests_per_user;
  return workload_of(question).population->mean_rate().si();
}

/// Requests by hour of the day, the first hour beginning `shift` after the run does.
std::array<double, 24> by_hour(const RequestTable& requests, Seconds shift) {
  std::array<double, 24> counts{};
  for (std::int64_t arrival : requests.arrival_ps) {
    ++counts[static_cast<std::size_t>(time_of_day(SimTime(arrival).seconds() + shift) / kHour)];
  }
  return counts;
}

/// Sum of (count - expected)^2 / expected over the hours of so many days.
double chi_square(const std::array<double, 24>& counts, const DailyCurve& curve, double per_second, double days) {
  double sum = 0;
  for (int hour = 0; hour < 24; ++hour) {
    const double expected = days * (Hertz(per_second) * curve.integral(hour * kHour, (hour + 1) * kHour));
    const double count = counts[static_cast<std::size_t>(hour)];
    EXPECT_LT(std::abs(count - expected), 3 * std::sqrt(expected)) << hour;
    sum += std::pow(count - expected, 2) / expected;
  }
  return sum;
}

TEST(Population, TheMeanRateIsUsersTimesRequests) {
  EXPECT_NEAR(mean_rate("10000000", "0.63 /day"), 72.9, 0.05);  // homes that talk little
  EXPECT_NEAR(mean_rate("10000000", "5 /day"), 578.7, 0.05);    // and much
  EXPECT_NEAR(mean_rate("10000000", "50 /day"), 5787, 0.5);     // their appliances
  EXPECT_NEAR(mean_rate("8000000", "2 /day"), 185.2, 0.05);    // summaries on phones; 0.1 calls of 20 turns are as many
  EXPECT_NEAR(mean_rate("5000000", "3 /day"), 173.6, 0.05);    // summaries of calls
  EXPECT_NEAR(mean_rate("2000000", "12 /day"), 277.8, 0.05);   // copilots
  EXPECT_NEAR(mean_rate("200000", "60 /day"), 138.9, 0.05);    // developers
  EXPECT_NEAR(mean_rate("100000", "5 /day"), 5.79, 0.005);     // agents
  EXPECT_NEAR(mean_rate("13000000", "0.5 /day"), 75.2, 0.05);  // customers of an alliance
  EXPECT_DOUBLE_EQ(mean_rate("86400", "1 /day"), 1);
}

TEST(Population, AtThePeakTheRateIsTheMeanTimesThatOfTheCurve) {
  const DailyCurve curve(catalog_curve("two-peaks"));
  const auto peak = [&](const std::string& users, const std::string& requests_per_user) {
    return mean_rate(users, requests_per_user) * curve.at(21 * kHour);
  };
  EXPECT_NEAR(peak("10000000", "0.63 /day"), 142, 0.5);
  EXPECT_NEAR(peak("10000000", "5 /day"), 1131, 0.5);
  EXPECT_NEAR(peak("10000000", "50 /day"), 11'307, 5);
  EXPECT_NEAR(peak("8000000", "2 /day"), 362, 0.5);
  EXPECT_NEAR(peak("5000000", "3 /day"), 339, 0.5);
  // 8,000 agents, 80 an hour in nine working hours: 720 a day.
  const DailyCurve office(catalog_curve("working-hours"));
  EXPECT_NEAR(mean_rate("8000", "720 /day") * office.at(12 * kHour), 177.8, 0.05);
  EXPECT_EQ(office.at(21 * kHour), 0);
}

TEST(Population, AWeekHasTheExpectedCountInAllAndHourByHour) {
  Question question;
  question.sample = "0.01";
  const RequestTable requests = draw(question);
  const double per_second = 10e6 * 0.63 * 0.01 / 86400;
  EXPECT_NEAR(static_cast<double>(requests.size()) / (7 * 86400 * per_second), 1, 0.005);
  const std::array<double, 24> counts = by_hour(requests, Seconds(0));  // 15 h UTC is midnight in Korea
  const DailyCurve curve(catalog_curve("two-peaks"));
  EXPECT_LT(chi_square(counts, curve, per_second, 7), 43);  // 1 % of the draws of 24 hours lie above
  // The hour around the peak, against the mean hour.
  const double peak = curve.integral(20.5 * kHour, 21.5 * kHour) / kHour;
  double near_peak = 0;
  for (std::int64_t arrival : requests.arrival_ps) {
    const Seconds local = time_of_day(SimTime(arrival).seconds());
    near_peak += local >= 20.5 * kHour && local < 21.5 * kHour ? 1 : 0;
  }
  EXPECT_NEAR(near_peak / (7 * 3600 * per_second * peak), 1, 0.015);
}

TEST(Population, ATimeZoneShiftsThePeakExactly) {
  Question korea;
  korea.sample = "0.001";
  Question utc = korea;
  utc.local_time = "0 h";
  utc.starts_at = "0 h";
  Question new_york = korea;
  new_york.local_time = "-5 h";
  new_york.starts_at = "5 h";
  // Midnight at all three: the same day, whatever UTC says.
  EXPECT_EQ(draw(korea).arrival_ps, draw(utc).arrival_ps);
  EXPECT_EQ(draw(new_york).arrival_ps, draw(utc).arrival_ps);
  // From 0 h UTC on, the evening comes at 12 h UTC in Korea and at 2 h UTC in New York.
  const auto busiest_hour = [](const std::string& local_time) {
    Question question;
    question.sample = "0.01";
    question.local_time = local_time;
    question.starts_at = "0 h";
    const auto counts = by_hour(draw(question), Seconds(1800));  // hours around the full hour
    return std::max_element(counts.begin(), counts.end()) - counts.begin();
  };
  EXPECT_EQ(busiest_hour("0 h"), 21);
  EXPECT_EQ(busiest_hour("9 h"), 12);
  EXPECT_EQ(busiest_hour("-5 h"), 2);
}

TEST(Population, ASampleThinsTheCountAndKeepsTheShape) {
  Question whole;
  whole.users = "100000";
  whole.requests_per_user = "5 /day";
  Question tenth = whole;
  tenth.sample = "0.1";
  const double all = workload_of(whole).population->mean_rate().si();
  EXPECT_DOUBLE_EQ(workload_of(tenth).population->mean_rate().si(), all / 10);
  const RequestTable requests = draw(tenth);
  const double expected = 7 * 86400 * all / 10;
  EXPECT_LT(std::abs(static_cast<double>(requests.size()) - expected), 3 * std::sqrt(expected));
  EXPECT_LT(chi_square(by_hour(requests, Seconds(0)), DailyCurve(catalog_curve("two-peaks")), all / 10, 7), 43);
  // A tenth of the users is as many as a population of a tenth, and the whole sample is no sample.
  Question small = whole;
  small.users = "10000";
  EXPECT_EQ(requests.arrival_ps, draw(small).arrival_ps);
  Question complete = whole;
  complete.sample = "1";
  EXPECT_EQ(draw(whole).arrival_ps, draw(complete).arrival_ps);
}

TEST(Population, EqualSeedsDrawEqualRequestsAndOtherServicesMoveNothing) {
  Question question;
  question.sample = "0.001";
  const RequestTable alone = draw(question);
  EXPECT_NE(alone.arrival_ps, draw(question, 2).arrival_ps);
  EXPECT_NE(alone.arrival_ps, draw(question, 1, "calls").arrival_ps);
  EXPECT_EQ(alone.arrival_ps, draw(question).arrival_ps);
  EXPECT_TRUE(std::is_sorted(alone.arrival_ps.begin(), alone.arrival_ps.end()));
  EXPECT_EQ(alone.input_tokens, std::vector<std::int32_t>(alone.size(), 375));
  EXPECT_EQ(alone.output_tokens, std::vector<std::int32_t>(alone.size(), 45));
}

TEST(Population, RequestsAndDurationEndADrawWhicheverIsFirst) {
  Question question;
  question.sample = "0.001";
  const RequestTable week = draw(question);
  WorkloadRecord counted = workload_of(question);
  counted.requests = 500;
  counted.duration = std::nullopt;
  const DailyCurveRecord curve = catalog_curve("two-peaks");
  const RequestTable first = draw_requests(counted, {nullptr, nullptr, &curve}, 1, "voice");
  ASSERT_EQ(first.size(), 500);
  EXPECT_TRUE(std::equal(first.arrival_ps.begin(), first.arrival_ps.end(), week.arrival_ps.begin()));
}

TEST(Population, EmptyHoursHaveNoRequests) {
  Question question;
  question.curve = "working-hours";
  question.sample = "0.01";
  const auto counts = by_hour(draw(question), Seconds(0));
  for (std::size_t hour = 0; hour < 24; ++hour) {
    EXPECT_EQ(counts[hour] > 0, hour >= 9 && hour < 18) << hour;
  }
}

TEST(Population, AnotherServiceOfAScenarioLeavesItsRequestsAlone) {
  const auto arrivals = [](const std::vector<Override>& overrides) {
    LoadOptions options;
    options.overrides = overrides;
    options.overrides.push_back({"services.voice.workload.population.users", "2000"});
    Diagnostics diagnostics;
    const auto system = load_system("scenarios/daily-demand.yaml", Catalog("catalog"), options, diagnostics);
    EXPECT_TRUE(system);
    const SystemService& voice = system->services.front();
    EXPECT_EQ(voice.record.workload.population->users, 2000);
    return draw_requests(voice.record.workload, {nullptr, nullptr, &*voice.daily_curve}, system->seed, voice.name)
        .arrival_ps;
  };
  EXPECT_EQ(arrivals({}), arrivals({{"services.other",
                                     "{pool: edge, workload: {poisson: {rate: 1 /s, tokens: {input: 9, output: 9}}, "
                                     "duration: 1 h}}"}}));
}

}  // namespace
}  // namespace orrery
