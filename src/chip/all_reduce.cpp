#include <algorithm>

#include "orrery/chip/chip.h"

namespace orrery {
namespace {

Seconds fixed_part(const AllReducePath& path, double ranks) {
  return path.fixed_time.value + (ranks - 1) * path.rank_time.value;
}

}  // namespace

/// The library picks the faster of a low-latency and a bulk protocol; for small messages the serving framework has
/// kernels of its own, which send the buffer to every rank at once or scatter and gather it.
/// Source: closed forms fitted to the AIConfigurator tables (NCCL, vLLM in a CUDA graph).
/// Valid: one NVLink domain, 2 to 8 ranks, 6 to 10 % mean error; over PCIe two ranks only.
KernelCost Chip::all_reduce(Bytes bytes, double ranks, BytesPerSecond link) const {
  const AllReduceConstants& constants = family_.all_reduce;
  const double ring_factor = 2 * (ranks - 1) / ranks;
  const auto path_phases = [&](const AllReducePath& path, double factor, double copies) {
    Phases phases;
    phases.fixed = fixed_part(path, ranks);
    const double slowdown = std::max(factor / path.link_fraction.value + copies, factor);
    phases.transfer = slowdown * bytes / link;
    return phases;
  };
  const auto total = [](const Phases& phases) { return phases.fixed + phases.transfer; };

  Phases best;
  double sent = ring_factor;
  const auto& custom = constants.custom;
  if (custom && bytes <= custom->largest_message.value && ranks <= static_cast<double>(custom->most_ranks.value)) {
    const Phases one_shot = path_phases(custom->one_shot, ranks - 1, 0);
    const Phases two_shot = path_phases(custom->two_shot, ring_factor, 0);
    best = total(one_shot) <= total(two_shot) ? one_shot : two_shot;
    if (total(one_shot) <= total(two_shot)) sent = ranks - 1;
  } else {
    const Phases low_latency = path_phases(constants.low_latency, ring_factor, 0);
    const Phases simple = path_phases(constants.simple, ring_factor, constants.copy_factor.value);
    best = total(low_latency) <= total(simple) ? low_latency : simple;
  }
  KernelCost work;
  work.link_bytes = sent * bytes;
  return timed(best, work, rate(MathPrecision::bf16));
}

}  // namespace orrery
