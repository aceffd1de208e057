#include "orrery/scenario/service_summary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "orrery/scenario/accounting.h"

namespace orrery {
namespace {

struct SloRow {
  std::string_view name;
  std::optional<Seconds> SloRecord::* target;
  Distribution LatencySummary::* distribution;
  double Distribution::* percentile;
  double share;  ///< of the requests that must stay at or below the target
};

constexpr SloRow kSloRows[] = {
    {"ttft_p50", &SloRecord::ttft_p50, &LatencySummary::ttft, &Distribution::p50, 0.5},
    {"ttft_p95", &SloRecord::ttft_p95, &LatencySummary::ttft, &Distribution::p95, 0.95},
    {"ttft_p99", &SloRecord::ttft_p99, &LatencySummary::ttft, &Distribution::p99, 0.99},
    {"tpot_p50", &SloRecord::tpot_p50, &LatencySummary::tpot, &Distribution::p50, 0.5},
    {"tpot_p95", &SloRecord::tpot_p95, &LatencySummary::tpot, &Distribution::p95, 0.95},
    {"tpot_p99", &SloRecord::tpot_p99, &LatencySummary::tpot, &Distribution::p99, 0.99},
    {"e2e_p50", &SloRecord::e2e_p50, &LatencySummary::e2e, &Distribution::p50, 0.5},
    {"e2e_p95", &SloRecord::e2e_p95, &LatencySummary::e2e, &Distribution::p95, 0.95},
    {"e2e_p99", &SloRecord::e2e_p99, &LatencySummary::e2e, &Distribution::p99, 0.99},
};

/// What a target is compared with: where there is a network before the pool, what its users see.
Distribution LatencySummary::* seen(Distribution LatencySummary::* latency, bool by_users) {
  if (by_users && latency == &LatencySummary::ttft) return &LatencySummary::user_ttft;
  if (by_users && latency == &LatencySummary::e2e) return &LatencySummary::user_e2e;
  return latency;
}

/// The tightest target of one latency over its percentiles, for goodput.
double limit_of(const SloRecord& slo, Distribution LatencySummary::* latency) {
  double limit = std::numeric_limits<double>::infinity();
  for (const SloRow& row : kSloRows) {
    if (row.distribution == latency && slo.*row.target) limit = std::min(limit, (slo.*row.target)->si());
  }
  return limit;
}

/// Requests whose fate is known: rejected and failed ones stay within no target.
std::int64_t decided(const Results::ServiceRequests& log) {
  return std::count_if(log.outcomes.state.begin(), log.outcomes.state.end(),
                       [](RequestState state) { return state != RequestState::unfinished; });
}

/// Seconds of a completed request, as its user sees it; nothing where it has no such latency.
std::optional<double> latency_of(const Results::ServiceRequests& log, std::size_t i,
                                 Distribution LatencySummary::* latency) {
  const RequestOutcomes& o = log.outcomes;
  const auto seconds = [](std::int64_t ps) { return SimTime(ps).seconds().si(); };
  const std::int64_t way_back = log.table.way_back_ps(i);
  if (latency == &LatencySummary::ttft) return seconds(o.first_token_ps[i] + way_back - log.table.asked_ps(i));
  if (latency == &LatencySummary::e2e) return seconds(o.finish_ps[i] + way_back - log.table.asked_ps(i));
  const std::int32_t gaps = log.table.output_tokens[i] - 1;
  if (gaps == 0) return std::nullopt;
  return seconds(o.finish_ps[i] - o.first_token_ps[i]) / gaps;
}

/// A percentile over all decided requests, of which those that were rejected or failed would have waited for ever.
double percentile_of_all(const SloRow& row, const Results::ServiceRequests& log) {
  std::vector<double> completed;
  std::size_t others = 0;
  for (std::size_t i = 0; i < log.table.size(); ++i) {
    const RequestState state = log.outcomes.state[i];
    if (state == RequestState::completed) {
      if (const auto latency = latency_of(log, i, row.distribution)) completed.push_back(*latency);
    } else {
      others += state != RequestState::unfinished;
    }
  }
  const double position = row.share * static_cast<double>(completed.size() + others - 1);
  if (std::ceil(position) >= static_cast<double>(completed.size())) return std::numeric_limits<double>::infinity();
  std::sort(completed.begin(), completed.end());
  const auto below = static_cast<std::size_t>(position);
  const double rest = position - static_cast<double>(below);
  return rest == 0 ? completed[below] : completed[below] + rest * (completed[below + 1] - completed[below]);
}

double goodput_share(const SloRecord& slo, const Results::ServiceRequests& log) {
  const double ttft = limit_of(slo, &LatencySummary::ttft);
  const double tpot = limit_of(slo, &LatencySummary::tpot);
  const double e2e = limit_of(slo, &LatencySummary::e2e);
  std::int64_t good = 0;
  for (std::size_t i = 0; i < log.table.size(); ++i) {
    if (log.outcomes.state[i] != RequestState::completed) continue;
    good += *latency_of(log, i, &LatencySummary::ttft) <= ttft && *latency_of(log, i, &LatencySummary::e2e) <= e2e &&
            latency_of(log, i, &LatencySummary::tpot).value_or(0) <= tpot;
  }
  const std::int64_t all = decided(log);
  return all == 0 ? 1 : static_cast<double>(good) / static_cast<double>(all);
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
    if (log.table.has_ways()) {
      const std::int64_t way = log.table.answer_way_ps[i] - log.table.sent_ps[i];
      user_ttft_.add(o.first_token_ps[i] + way);
      user_e2e_.add(o.finish_ps[i] + way);
    }
    if (gaps > 0) tpot_.add((o.finish_ps[i] - o.first_token_ps[i] + gaps / 2) / gaps);
  }
}

LatencySummary LatencySamples::summary() {
  return {ttft_.summary(),  ttft_queued_.summary(), tpot_.summary(),    e2e_.summary(),
          queue_.summary(), user_ttft_.summary(),   user_e2e_.summary()};
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
  const bool all_completed = decided(log) == result.requests.completed;
  for (const SloRow& row : kSloRows) {
    const auto& target = *service.record.slo.*row.target;
    if (!target) continue;
    if (all_completed) {
      const Distribution& measured = latency.*seen(row.distribution, log.table.has_ways());
      const double value = measured.*row.percentile;
      const bool answered = measured.count > 0;
      result.slo.push_back({std::string(row.name), target->si(), value, answered && value <= target->si()});
    } else {
      const double value = percentile_of_all(row, log);
      result.slo.push_back({std::string(row.name), target->si(), value, value <= target->si()});
    }
  }
  result.goodput_share = goodput_share(*service.record.slo, log);
  return result;
}

}  // namespace orrery
