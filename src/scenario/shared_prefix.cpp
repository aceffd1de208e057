#include "orrery/scenario/shared_prefix.h"

#include <vector>

#include "orrery/base/result.h"
#include "orrery/scenario/popularity.h"
#include "orrery/scenario/stream_entity.h"

namespace orrery {
void share_prefixes(const SharedPrefix& prefix, std::uint64_t seed, std::string_view stream, RequestTable& requests) {
  ORRERY_CHECK(!requests.has_keys());
  const std::uint64_t entity = stream_entity(stream);
  RandomStream contents(seed, "scenario", "prefix-contents", entity);
  RandomStream choices(seed, "scenario", "prefix-choices", entity);
  std::vector<std::uint64_t> keys;
  for (std::int64_t k = 0; k < prefix.prefixes; ++k) keys.push_back(contents.next());
  const Popularity popularity(prefix.prefixes, prefix.zipf_exponent.value_or(0));
  const auto tokens = static_cast<std::int32_t>(prefix.tokens);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests.input_tokens[i] += tokens;
    requests.add_keys({&keys[popularity.draw(choices)], 1}, tokens, tokens);
  }
}

}  // namespace orrery
