#include "orrery/scenario/shared_prefix.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "orrery/base/random_stream.h"
#include "orrery/base/result.h"
#include "orrery/scenario/stream_entity.h"

namespace orrery {
namespace {

/// Sums of the popularities up to each prefix.
std::vector<double> popularity_sums(const SharedPrefix& prefix) {
  std::vector<double> sums;
  double sum = 0;
  for (std::int64_t k = 1; k <= prefix.prefixes; ++k) {
    sums.push_back(sum += std::pow(static_cast<double>(k), -prefix.skew.value_or(0)));
  }
  return sums;
}

}  // namespace

void share_prefixes(const SharedPrefix& prefix, std::uint64_t seed, std::string_view stream, RequestTable& requests) {
  ORRERY_CHECK(!requests.has_keys());
  const std::uint64_t entity = stream_entity(stream);
  RandomStream contents(seed, "scenario", "prefix-contents", entity);
  RandomStream choices(seed, "scenario", "prefix-choices", entity);
  std::vector<std::uint64_t> keys;
  for (std::int64_t k = 0; k < prefix.prefixes; ++k) keys.push_back(contents.next());
  const std::vector<double> sums = popularity_sums(prefix);
  const auto tokens = static_cast<std::int32_t>(prefix.tokens);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto chosen = std::upper_bound(sums.begin(), sums.end() - 1, choices.uniform() * sums.back());
    requests.input_tokens[i] += tokens;
    requests.add_keys({&keys[static_cast<std::size_t>(chosen - sums.begin())], 1}, tokens, tokens);
  }
}

}  // namespace orrery
