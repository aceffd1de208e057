#include "orrery/operators/forms/attention_split.h"

namespace orrery::attention {
namespace {

constexpr double kSplits[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256};

}  // namespace

SplitTime split_time(double items, double blocks, double most_splits, double memory_us, const SplitRate& rate,
                     double units) {
  // The first item of a unit takes its whole latency; each further one only its share of a unit kept busy.
  const auto work_us = [&](double splits) {
    const double spread = std::max(1.0, items * splits / units);
    const double waves = spread + rate.rounding * (std::ceil(spread) - spread);
    return (1 + (waves - 1) / rate.resident) * (rate.item_us + std::ceil(blocks / splits) * rate.block_us);
  };
  // Units start and end together, and wait together; in between they drift apart, and some compute while others load.
  const auto both_us = [&](double work) {
    const double exposed = std::min(work, rate.exposed * rate.item_us);
    return exposed + soft_maximum(work - exposed, memory_us, rate.overlap);
  };

  SplitTime best;
  best.work = work_us(1);
  best.both = both_us(best.work);
  const double most = std::min(blocks, most_splits);
  const auto consider = [&](double splits) {
    const double work = work_us(splits);
    if (rate.combine_us + std::max(work, memory_us) >= best.both + best.combine) return;
    const double both = both_us(work);
    if (rate.combine_us + both < best.both + best.combine) best = {work, both, rate.combine_us};
  };
  for (const double splits : kSplits) {
    if (splits > most) break;
    consider(splits);
  }
  if (most > 1) consider(most);
  return best;
}

}  // namespace orrery::attention
