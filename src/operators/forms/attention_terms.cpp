#include "orrery/operators/forms/attention_terms.h"

#include <fmt/format.h>

namespace orrery::attention {

Result<void> accepts_family(std::string_view family) {
  if (family == "bfloat16" || family == "fp8") return {};
  return failure(fmt::format("attention over a cache of '{}' is not modelled; it can be bfloat16 or fp8", family));
}

Result<void> accepts_counts(const Shape& shape, std::span<const std::string_view> names,
                            std::span<const double> least) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!(shape[i] >= least[i]) || shape[i] > 1e9 || shape[i] != std::floor(shape[i])) {
      return failure(fmt::format("{} is {}; it must be a whole number from {} to 1e9", names[i], shape[i], least[i]));
    }
  }
  return {};
}

}  // namespace orrery::attention
