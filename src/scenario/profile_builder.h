#pragma once

#include <cstddef>

#include "orrery/base/result.h"
#include "orrery/scenario/workload_record.h"
#include "orrery/serving/request_table.h"

namespace orrery {

/// How finely a profile may tell lengths apart: fewer strata, and then fewer intervals between
/// quantiles, are made of a short trace.
struct ProfileResolution {
  std::size_t strata = 16;           ///< >= 1, of equally many requests each
  std::size_t intervals = 32;        ///< >= 1 in each stratum; halved until they hold enough requests
  std::size_t fewest_requests = 15;  ///< >= 1, that a stratum and an interval stand for
};

/// The figures of a trace under the given header. Fractions are rounded to six significant digits.
///
/// - Strata are cut by rank of the input; equal inputs keep the order of the trace. Quantiles are
///   interpolated between order statistics and rounded to whole tokens.
/// - Arrivals are counted in whole seconds and minutes from the first request; the seconds behind the
///   last whole minute are left out. second_dispersion and second_correlation are by moments about
///   the mean of each minute, summed over the minutes: the excess variance over that of Poisson counts,
///   and the covariance of neighbouring seconds. Both are corrected for the scatter of that mean, as
///   for a correlation that falls by the same factor every second. No excess is no correlation.
/// Fails on a trace that lasts less than a minute: its arrivals show no statistics.
Result<WorkloadProfileRecord> build_profile(const RequestTable& requests, EntryHeader header,
                                            const ProfileResolution& resolution = {});

}  // namespace orrery
