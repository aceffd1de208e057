#include "orrery/scenario/profile_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

namespace orrery {
namespace {

constexpr std::int64_t kPicoseconds = 1'000'000'000'000;  // of one second
constexpr std::size_t kMinute = 60;

/// So many digits as people read; parsing them gives the same value again.
double rounded(double value) { return std::strtod(fmt::format("{:.6g}", value).c_str(), nullptr); }

template <class T, class V>
void set(Sourced<T>& target, V value) {
  target.value = T(value);
}

double mean_of(const std::vector<std::int32_t>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Order statistics at evenly spaced ranks, and the mean of the values above the last but one.
struct Quantiles {
  std::vector<std::int64_t> values;
  double tail_mean = 0;
};

Quantiles quantiles_of(std::vector<std::int32_t> values, std::size_t intervals) {
  std::sort(values.begin(), values.end());
  const std::size_t last = values.size() - 1;
  Quantiles quantiles;
  for (std::size_t i = 0; i <= intervals; ++i) {
    const double position = static_cast<double>(i * last) / static_cast<double>(intervals);
    const auto below = static_cast<std::size_t>(position);
    const double low = values[below];
    const double high = values[std::min(below + 1, last)];
    quantiles.values.push_back(std::llround(low + (high - low) * (position - static_cast<double>(below))));
  }
  const std::size_t first = std::min((intervals - 1) * last / intervals + 1, last);
  const double sum = std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(first), values.end(), 0.0);
  const double mean = sum / static_cast<double>(values.size() - first);
  // A quantile that was rounded to whole tokens may lie above what follows it.
  quantiles.tail_mean = rounded(std::max(mean, static_cast<double>(quantiles.values[intervals - 1])));
  return quantiles;
}

std::vector<LengthStratum> strata_of(const RequestTable& requests, const ProfileResolution& resolution) {
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return requests.input_tokens[a] < requests.input_tokens[b]; });
  const std::size_t most = requests.size() / resolution.fewest_requests;
  const std::size_t count = std::clamp<std::size_t>(most, 1, resolution.strata);
  std::size_t intervals = resolution.intervals;
  while (intervals > 1 && intervals * count > most) intervals /= 2;
  std::vector<LengthStratum> strata;
  for (std::size_t s = 0; s < count; ++s) {
    std::vector<std::int32_t> inputs;
    std::vector<std::int32_t> outputs;
    for (std::size_t i = s * requests.size() / count; i < (s + 1) * requests.size() / count; ++i) {
      inputs.push_back(requests.input_tokens[order[i]]);
      outputs.push_back(requests.output_tokens[order[i]]);
    }
    Quantiles input = quantiles_of(std::move(inputs), intervals);
    Quantiles output = quantiles_of(std::move(outputs), intervals);
    strata.push_back({std::move(input.values), input.tail_mean, std::move(output.values), output.tail_mean, {}});
  }
  return strata;
}

/// Requests in each second of the whole minutes.
std::vector<double> count_seconds(const std::vector<std::int64_t>& times) {
  const auto minutes =
      static_cast<std::size_t>((times.back() - times.front()) / (kPicoseconds * std::int64_t{kMinute}));
  std::vector<double> seconds(minutes * kMinute);
  for (std::int64_t time : times) {
    const auto second = static_cast<std::size_t>((time - times.front()) / kPicoseconds);
    if (second < seconds.size()) ++seconds[second];
  }
  return seconds;
}

/// How much more the mean of `count` values scatters when neighbours have a correlation, and those
/// k apart its k-th power, than when they have none.
double scatter_of_mean(double correlation, double count) {
  double sum = 1;
  double power = correlation;
  for (double k = 1; k < count; ++k, power *= correlation) sum += 2 * (1 - k / count) * power;
  return sum;
}

/// The correlation whose expected ratio of covariance to variance about the mean of a minute is `ratio`:
/// taking deviations from that mean lowers both.
double correlation_from(double ratio, double count) {
  double low = 0;
  double high = 0.999;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    const double scatter = scatter_of_mean(middle, count);
    const double expected = (middle - scatter / count) * (count - 1) / (count - scatter);
    (expected < ratio ? low : high) = middle;
  }
  return low;
}

struct SecondMoments {
  double dispersion = 1;
  double correlation = 0;
};

SecondMoments moments_of(const std::vector<double>& seconds) {
  constexpr auto kCount = static_cast<double>(kMinute);
  double means = 0;
  double variances = 0;
  double covariances = 0;
  for (std::size_t start = 0; start < seconds.size(); start += kMinute) {
    const auto first = seconds.begin() + static_cast<std::ptrdiff_t>(start);
    const double mean = std::accumulate(first, first + std::ptrdiff_t{kMinute}, 0.0) / kCount;
    for (std::size_t i = start; i < start + kMinute; ++i) {
      variances += (seconds[i] - mean) * (seconds[i] - mean) / (kCount - 1);
      if (i > start) covariances += (seconds[i] - mean) * (seconds[i - 1] - mean) / (kCount - 1);
    }
    means += mean;
  }
  const double excess = variances - means;  // beyond that of Poisson counts, which share nothing
  if (excess <= 0) return {variances / means, 0};
  const double correlation = correlation_from((covariances + means / kCount) / excess, kCount);
  const double kept = (kCount - scatter_of_mean(correlation, kCount)) / (kCount - 1);
  return {1 + excess / kept / means, correlation};
}

double variation_of_gaps(const std::vector<std::int64_t>& times) {
  const auto count = static_cast<double>(times.size() - 1);
  const double mean = static_cast<double>(times.back() - times.front()) / count;
  double squares = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const double off = static_cast<double>(times[i] - times[i - 1]) - mean;
    squares += off * off;
  }
  return std::sqrt(squares / count) / mean;
}

}  // namespace

Result<WorkloadProfileRecord> build_profile(const RequestTable& requests, EntryHeader header,
                                            const ProfileResolution& resolution) {
  ORRERY_CHECK(resolution.strata >= 1 && resolution.intervals >= 1 && resolution.fewest_requests >= 1);
  const std::vector<std::int64_t>& times = requests.arrival_ps;
  if (times.size() < 2 || times.back() - times.front() < kPicoseconds * std::int64_t{kMinute}) {
    return failure("a profile needs at least a minute of requests");
  }
  const std::vector<double> seconds = count_seconds(times);
  const SecondMoments moments = moments_of(seconds);
  const double span = static_cast<double>(times.back() - times.front()) / static_cast<double>(kPicoseconds);
  WorkloadProfileRecord profile;
  profile.header = std::move(header);
  set(profile.requests, static_cast<std::int64_t>(times.size()));
  set(profile.span, rounded(span));
  set(profile.mean_input_tokens, rounded(mean_of(requests.input_tokens)));
  set(profile.mean_output_tokens, rounded(mean_of(requests.output_tokens)));
  set(profile.arrivals.mean_rate, rounded(static_cast<double>(times.size()) / span));
  for (std::size_t start = 0; start < seconds.size(); start += kMinute) {
    const auto first = seconds.begin() + static_cast<std::ptrdiff_t>(start);
    const double count = std::accumulate(first, first + std::ptrdiff_t{kMinute}, 0.0);
    profile.arrivals.requests_per_minute.push_back(std::llround(count));
  }
  set(profile.arrivals.second_dispersion, rounded(moments.dispersion));
  set(profile.arrivals.second_correlation, rounded(moments.correlation));
  set(profile.arrivals.gap_variation, rounded(variation_of_gaps(times)));
  profile.lengths = strata_of(requests, resolution);
  return profile;
}

}  // namespace orrery
