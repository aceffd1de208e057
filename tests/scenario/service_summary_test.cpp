#include "orrery/scenario/service_summary.h"

#include <gtest/gtest.h>

#include <cmath>

namespace orrery {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000'000;

SystemService with_target(double seconds) {
  SystemService service;
  service.record.slo.emplace();
  service.record.slo->ttft_p95 = Seconds(seconds);
  return service;
}

/// A hundred requests with a first token after 0.01, 0.02, .. 1 s; the last `others` end otherwise.
Results::ServiceRequests hundred(std::size_t others, RequestState state) {
  Results::ServiceRequests log{RequestTable(), RequestOutcomes(100)};
  for (std::size_t i = 0; i < 100; ++i) {
    const auto first = static_cast<std::int64_t>(i + 1) * kSecond / 100;
    log.table.add(0, 10, 2);
    log.outcomes.queued_ps[i] = 0;
    log.outcomes.scheduled_ps[i] = 0;
    log.outcomes.first_token_ps[i] = first;
    log.outcomes.finish_ps[i] = first + kSecond;
    log.outcomes.state[i] = i >= 100 - others ? state : RequestState::completed;
  }
  return log;
}

ServiceResult summary(const SystemService& service, const Results::ServiceRequests& log) {
  LatencySamples samples;
  samples.add(log);
  return summarize_service(service, log, samples.summary());
}

TEST(ServiceSummary, ATargetIsMetWhereThePercentileStaysWithinIt) {
  const auto log = hundred(0, RequestState::failed);
  EXPECT_NEAR(summary(with_target(1), log).slo[0].value_s, 0.9505, 1e-9);
  EXPECT_TRUE(summary(with_target(0.96), log).slo[0].met);
  EXPECT_FALSE(summary(with_target(0.95), log).slo[0].met);
  EXPECT_DOUBLE_EQ(summary(with_target(0.95), log).goodput_share, 0.95);
}

TEST(ServiceSummary, RequestsThatFailOrAreRejectedWaitForEver) {
  for (const RequestState state : {RequestState::failed, RequestState::rejected}) {
    const auto few = hundred(4, state);
    EXPECT_NEAR(summary(with_target(1), few).slo[0].value_s, 0.9505, 1e-9);  // as if they had come last
    EXPECT_TRUE(summary(with_target(0.96), few).slo[0].met);
    const auto many = hundred(6, state);
    const ServiceResult result = summary(with_target(10), many);
    EXPECT_TRUE(std::isinf(result.slo[0].value_s));
    EXPECT_FALSE(result.slo[0].met);
    EXPECT_DOUBLE_EQ(result.goodput_share, 0.94);
  }
}

TEST(ServiceSummary, UnfinishedRequestsSayNothing) {
  const auto log = hundred(50, RequestState::unfinished);
  EXPECT_TRUE(summary(with_target(0.49), log).slo[0].met);
  EXPECT_DOUBLE_EQ(summary(with_target(0.49), log).goodput_share, 0.98);
}

}  // namespace
}  // namespace orrery
