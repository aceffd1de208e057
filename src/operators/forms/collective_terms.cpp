#include "orrery/operators/forms/collective_terms.h"

#include <fmt/format.h>

namespace orrery {

Result<void> accepts_message(double ranks, double bytes, const ChipFacts& chip) {
  if (!(chip.link_Bps > 0)) return failure(fmt::format("{} has no link to other chips", chip.id));
  if (!(ranks >= 2)) return failure("num_gpus is below 2");
  if (!(bytes > 0)) return failure("message_bytes is not above 0");
  return {};
}

}  // namespace orrery
