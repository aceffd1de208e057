#include "orrery/scenario/service_summary.h"

#include <algorithm>
#include <limits>

#include "orrery/scenario/accounting.h"

namespace orrery {
namespace {

struct SloRow {
  std::string_view name;
  std::optional<Seconds> SloRecord::* target;
  Distribution LatencySummary::* distribution;
  double Distribution::* percentile;
};

constexpr SloRow kSloRows[] = {
    {"ttft_p50", &SloRecord::ttft_p50, &LatencySummary::ttft, &Distribution::p50},
    {"ttft_p95", &SloRecord::ttft_p95, &LatencySummary::ttft, &Distribution::p95},
    {"ttft_p99", &SloRecord::ttft_p99, &LatencySummary::ttft, &Distribution::p99},
    {"tpot_p50", &SloRecord::tpot_p50, &LatencySummary::tpot, &Distribution::p50},
    {"tpot_p95", &SloRecord::tpot_p95, &LatencySummary::tpot, &Distribution::p95},
    {"tpot_p99", &SloRecord::tpot_p99, &LatencySummary::tpot, &Distribution::p99},
    {"e2e_p50", &SloRecord::e2e_p50, &LatencySummary::e2e, &Distribution::p50},
    {"e2e_p95", &SloRecord::e2e_p95, &LatencySummary::e2e, &Distribution::p95},
    {"e2e_p99", &SloRecord::e2e_p99, &LatencySummary::e2e, &Distribution::p99},
};

/// The tightest target of one latency over its percentiles, for goodput.
double limit_of(const SloRecord& slo, Distribution LatencySummary::* latency) {
  double limit = std::numeric_limits<double>::infinity();
  for (const SloRow& row : kSloRows) {
    if (row.distribution == latency && slo.*row.target) limit = std::min(limit, (slo.*row.target)->si());
  }
  return limit;
}

double goodput_share(const SloRecord& slo, const Results::ServiceRequests& log) {
  const double ttft = limit_of(slo, &LatencySummary::ttft);
  const double tpot = limit_of(slo, &LatencySummary::tpot);
  const double e2e = limit_of(slo, &LatencySummary::e2e);
  std::int64_t good = 0;
  std::int64_t served = 0;
  for (std::size_t i = 0; i < log.table.size(); ++i) {
    served += log.outcomes.state[i] == RequestState::failed;
    if (log.outcomes.state[i] != RequestState::completed) continue;
    ++served;
    const std::int64_t first = log.outcomes.first_token_ps[i];
    const std::int64_t last = log.outcomes.finish_ps[i];
    const std::int64_t arrival = log.table.arrival_ps[i];
    const double gaps = std::max(1, log.table.output_tokens[i] - 1);
    good += SimTime(first - arrival).seconds().si() <= ttft && SimTime(last - arrival).seconds().si() <= e2e &&
            SimTime(last - first).seconds().si() / gaps <= tpot;
  }
  return served == 0 ? 1 : static_cast<double>(good) / static_cast<double>(served);
}

}  // namespace

void LatencySamples::add(const Results::ServiceRequests& log) {
  for (std::size_t i = 0; i < log.table.size(); ++i) {
    const RequestOutcomes& o = log.outcomes;
    if (o.state[i] != RequestState::completed) continue;
    const std::int64_t arrival = log.table.arrival_ps[i];
    ttft_.add(o.first_token_ps[i] - arrival);
    ttft_queued_.add(o.first_token_ps[i] - o.queued_ps[i]);
    e2e_.add(o.finish_ps[i] - arrival);
    queue_.add(o.scheduled_ps[i] - arrival);
    const std::int64_t gaps = log.table.output_tokens[i] - 1;
    if (gaps > 0) tpot_.add((o.finish_ps[i] - o.first_token_ps[i] + gaps / 2) / gaps);
  }
}

LatencySummary LatencySamples::summary() {
  return {ttft_.summary(), ttft_queued_.summary(), tpot_.summary(), e2e_.summary(), queue_.summary()};
}

ServiceResult summarize_service(const SystemService& service, const Results::ServiceRequests& log,
                                const LatencySummary& latency) {
  ServiceResult result;
  result.name = service.name;
  result.pool = service.record.pool;
  result.requests = count_requests(log.outcomes);
  result.latency = latency;
  for (std::size_t i = 0; i < log.table.size(); ++i) {
    if (log.outcomes.state[i] != RequestState::completed) continue;
    result.input_tokens += log.table.input_tokens[i];
    result.output_tokens += log.table.output_tokens[i];
  }
  if (!service.record.slo) return result;
  for (const SloRow& row : kSloRows) {
    const auto& target = *service.record.slo.*row.target;
    if (!target) continue;
    const double value = latency.*row.distribution.*row.percentile;
    const bool answered = (latency.*row.distribution).count > 0;
    result.slo.push_back({std::string(row.name), target->si(), value, answered && value <= target->si()});
  }
  result.goodput_share = goodput_share(*service.record.slo, log);
  return result;
}

}  // namespace orrery
