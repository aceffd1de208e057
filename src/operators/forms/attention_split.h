#pragma once

#include "orrery/operators/forms/attention_terms.h"

namespace orrery::attention {

/// How the units of a chip work through the cached tokens of a batch.
struct SplitRate {
  double item_us = 0;     ///< start and end of a work item
  double block_us = 0;    ///< one step of a work item over 128 cached tokens
  double exposed = 0;     ///< starts and ends of items that memory traffic cannot hide
  double resident = 1;    ///< work items that overlap on a unit
  double rounding = 0;    ///< 1: whole waves of work items; 0: spread evenly
  double combine_us = 0;  ///< second kernel that combines parts of a split cache
  double overlap = 1;     ///< soft maximum of work and memory
};

/// Where the time goes. All in us.
struct SplitTime {
  double work = 0;
  double both = 0;  ///< work and memory traffic together
  double combine = 0;
};

/// `items` caches of `blocks` blocks each on `units` units, beside `memory_us` of traffic. Each cache is split over
/// up to `most_splits` work items as long as that pays for combining the parts.
/// Source: section 6.1 of the operator reference; the overlap of work items on a unit and the exposed first start
/// are ours, read off the steps of measured times over batch x heads.
SplitTime split_time(double items, double blocks, double most_splits, double memory_us, const SplitRate& rate,
                     double units);

}  // namespace orrery::attention
