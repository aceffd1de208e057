#include "orrery/scenario/workload_generator.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "orrery/base/random_stream.h"
#include "orrery/base/result.h"
#include "orrery/base/sim_time.h"
#include "orrery/fleet/daily_arrivals.h"
#include "orrery/scenario/shared_prefix.h"
#include "orrery/scenario/stream_entity.h"

namespace orrery {
namespace {

constexpr std::string_view kLayer = "scenario";
constexpr std::int64_t kPicoseconds = 1'000'000'000'000;  // of one second

/// Where a draw ends, whichever comes first.
struct End {
  std::size_t requests = std::numeric_limits<std::size_t>::max();
  std::int64_t time = to_sim_time(kLongestSimTime).ps();  // arrivals at this time still count

  explicit End(const WorkloadRecord& workload) {
    if (workload.requests) requests = static_cast<std::size_t>(*workload.requests);
    if (workload.duration) time = std::min(time, to_sim_time(*workload.duration).ps());
  }
  /// Requests to expect at a mean rate, with some room.
  std::size_t expected(Hertz rate) const {
    return expected(static_cast<double>(time) / static_cast<double>(kPicoseconds) * rate.si());
  }
  /// The same where so many would arrive up to `time`.
  std::size_t expected(double mean) const {
    const double room = mean + 6 * std::sqrt(mean) + 16;
    return room < static_cast<double>(requests) ? static_cast<std::size_t>(room) : requests;
  }
};

template <class Gap>
void draw_gaps(const End& end, Gap gap, std::vector<std::int64_t>& times) {
  const double last = static_cast<double>(end.time);
  for (double time = gap(); time <= last && times.size() < end.requests; time += gap())
    times.push_back(std::llround(time));
}

/// Gamma variables of mean 1 and a given variance, of which neighbours have a given correlation:
/// a beta-distributed share of each goes over to the next.
class CorrelatedGamma {
 public:
  CorrelatedGamma(double variance, double correlation, RandomStream stream)
      : shape_(variance > 0 ? 1 / variance : 0), correlation_(correlation), stream_(stream) {
    value_ = draw(shape_);
  }
  /// The current value; moves on to the next.
  double next() {
    if (shape_ == 0) return 1;
    const double value = value_;
    const double kept = draw(shape_ * correlation_);
    const double lost = draw(shape_ * (1 - correlation_));
    // Both shares may vanish when the shape is small; the beta variable is then 0 or 1.
    const double share = kept + lost > 0 ? kept / (kept + lost) : stream_.uniform() < correlation_ ? 1 : 0;
    value_ = share * value_ + draw(shape_ * (1 - correlation_));
    return value / shape_;
  }

 private:
  double draw(double shape) { return shape > 0 ? stream_.gamma(shape) * shape : 0; }

  double shape_;
  double correlation_;
  RandomStream stream_;
  double value_;  // has mean shape_
};

double squared(double x) { return x * x; }

void draw_profile(const ArrivalStatistics& statistics, Hertz rate, const End& end, std::uint64_t seed,
                  std::uint64_t entity, std::vector<std::int64_t>& times) {
  const std::vector<std::int64_t>& minutes = statistics.requests_per_minute;
  double sum = 0;
  double sum_of_squares = 0;
  for (std::int64_t count : minutes) {
    sum += static_cast<double>(count);
    sum_of_squares += squared(static_cast<double>(count));
  }
  ORRERY_CHECK(sum > 0);
  // A Poisson count of mean m, whose rate varies by v m^2, has the dispersion 1 + v m; over all minutes,
  // 1 + v (sum of m^2) / (sum of m), with m per second.
  const double variance = std::max(0.0, *statistics.second_dispersion - 1) * 60 * sum / sum_of_squares;
  CorrelatedGamma excess(variance, *statistics.second_correlation, RandomStream(seed, kLayer, "second-rates", entity));
  RandomStream counts(seed, kLayer, "second-counts", entity);
  RandomStream offsets(seed, kLayer, "arrivals", entity);
  const double per_count = rate.si() * static_cast<double>(minutes.size()) / sum;
  for (std::int64_t second = 0; second * kPicoseconds <= end.time && times.size() < end.requests; ++second) {
    const auto minute = static_cast<std::size_t>(second / 60) % minutes.size();
    const std::int64_t count = counts.poisson(static_cast<double>(minutes[minute]) * per_count * excess.next());
    const std::size_t first = times.size();
    for (std::int64_t i = 0; i < count; ++i) {
      times.push_back(second * kPicoseconds +
                      static_cast<std::int64_t>(offsets.uniform() * SimTime::kPicosecondsPerSecond));
    }
    std::sort(times.begin() + static_cast<std::ptrdiff_t>(first), times.end());
  }
}

void draw_population(const PopulationWorkload& population, const DailyCurve& curve, const End& end, RandomStream stream,
                     std::vector<std::int64_t>& times) {
  const Hertz rate = population.mean_rate();
  const Seconds start = population.local_start();
  const Seconds duration = SimTime(end.time).seconds();
  times.reserve(end.expected(rate * curve.integral(start, start + duration)));
  DailyArrivals arrivals(curve, rate, start, duration, stream);
  while (times.size() < end.requests) {
    const std::optional<Seconds> time = arrivals.next();
    if (!time) break;
    times.push_back(to_sim_time(*time).ps());
  }
}

void drop_behind_end(const End& end, std::vector<std::int64_t>& times) {
  times.erase(std::upper_bound(times.begin(), times.end(), end.time), times.end());
  if (times.size() > end.requests) times.resize(end.requests);
}

/// Draws from quantiles: straight lines between them, and in the last interval the power of a straight
/// line that has the mean of the tail.
class QuantileSampler {
 public:
  QuantileSampler(const std::vector<std::int64_t>& quantiles, double tail_mean) : quantiles_(quantiles) {
    const auto low = static_cast<double>(*(quantiles.end() - 2));
    const auto high = static_cast<double>(quantiles.back());
    // The mean of x^k over 0 to 1 is 1 / (k + 1).
    if (high > low)
      tail_power_ = tail_mean > low ? std::min((high - low) / (tail_mean - low) - 1, kSteepest) : kSteepest;
  }
  std::int32_t draw(RandomStream& stream) const {
    const double position = stream.uniform() * static_cast<double>(quantiles_.size() - 1);
    const auto i = static_cast<std::size_t>(position);
    const auto low = static_cast<double>(quantiles_[i]);
    const auto high = static_cast<double>(quantiles_[i + 1]);
    double share = position - static_cast<double>(i);
    if (i + 2 == quantiles_.size()) share = std::pow(share, tail_power_);
    return static_cast<std::int32_t>(std::lround(low + (high - low) * share));
  }

 private:
  static constexpr double kSteepest = 1e6;  // nothing but the lower end

  std::span<const std::int64_t> quantiles_;
  double tail_power_ = 1;
};

void draw_lengths(const std::vector<LengthStratum>& strata, RandomStream stream, RequestTable& requests) {
  std::vector<QuantileSampler> inputs;
  std::vector<QuantileSampler> outputs;
  for (const LengthStratum& stratum : strata) {
    inputs.emplace_back(stratum.input_quantiles, stratum.input_tail_mean);
    outputs.emplace_back(stratum.output_quantiles, stratum.output_tail_mean);
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto index = static_cast<std::size_t>(stream.uniform() * static_cast<double>(strata.size()));
    requests.input_tokens[i] = inputs[index].draw(stream);
    requests.output_tokens[i] = outputs[index].draw(stream);
  }
}

}  // namespace

RequestTable draw_requests(const WorkloadRecord& workload, const WorkloadEntries& entries, std::uint64_t seed,
                           std::string_view service) {
  const std::uint64_t entity = stream_entity(service);
  const End end(workload);
  RequestTable requests;
  std::vector<std::int64_t>& times = requests.arrival_ps;
  const LengthsRecord* tokens = nullptr;
  if (workload.profile) {
    ORRERY_CHECK(entries.arrivals != nullptr && entries.lengths != nullptr);
    const Hertz rate = workload.profile->rate.value_or(*entries.arrivals->arrivals.mean_rate);
    times.reserve(end.expected(rate));
    draw_profile(entries.arrivals->arrivals, rate, end, seed, entity, times);
  } else if (workload.population) {
    ORRERY_CHECK(entries.curve != nullptr);
    tokens = &workload.population->tokens;
    draw_population(*workload.population, DailyCurve(*entries.curve), end,
                    RandomStream(seed, kLayer, "arrivals", entity), times);
  } else {
    ORRERY_CHECK(workload.poisson || workload.gamma);
    const Hertz rate = workload.poisson ? workload.poisson->rate : workload.gamma->rate;
    const double mean_gap = SimTime::kPicosecondsPerSecond / rate.si();
    tokens = workload.poisson ? &workload.poisson->tokens : &workload.gamma->tokens;
    times.reserve(end.expected(rate));
    RandomStream stream(seed, kLayer, "arrivals", entity);
    if (workload.poisson) {
      draw_gaps(end, [&] { return stream.exponential() * mean_gap; }, times);
    } else {
      const double shape = 1 / squared(workload.gamma->gap_variation);
      draw_gaps(end, [&] { return stream.gamma(shape) * mean_gap; }, times);
    }
  }
  drop_behind_end(end, times);
  if (entries.lengths != nullptr) {
    requests.input_tokens.resize(times.size());
    requests.output_tokens.resize(times.size());
    draw_lengths(entries.lengths->lengths, RandomStream(seed, kLayer, "lengths", entity), requests);
  } else {
    ORRERY_CHECK(tokens != nullptr && tokens->input && tokens->output);
    requests.input_tokens.assign(times.size(), static_cast<std::int32_t>(*tokens->input));
    requests.output_tokens.assign(times.size(), static_cast<std::int32_t>(*tokens->output));
  }
  if (workload.shared_prefix) share_prefixes(*workload.shared_prefix, seed, service, requests);
  return requests;
}

void limit_requests(const WorkloadRecord& workload, RequestTable& requests) {
  drop_behind_end(End(workload), requests.arrival_ps);
  requests.truncate(requests.arrival_ps.size());
}

}  // namespace orrery
