#pragma once

#include <cstdint>
#include <string_view>

#include "orrery/scenario/workload_record.h"
#include "orrery/serving/request_table.h"

namespace orrery {

/// The entries of the catalog that a drawn workload names.
struct WorkloadEntries {
  const WorkloadProfileRecord* arrivals = nullptr;  ///< of workload.profile; null for the other kinds
  /// Of the token counts: the same, or that of `tokens`; null where `tokens` has fixed counts.
  const WorkloadProfileRecord* lengths = nullptr;
  const DailyCurveRecord* curve = nullptr;  ///< of workload.population; null for the other kinds
};

/// Draws the requests of one service. Equal arguments give equal requests; the names of the streams
/// hold the service, so that another service or another consumer moves none of them. A longer draw
/// begins with the requests of a shorter one.
///
/// - poisson, gamma: gaps between requests, the first one from time 0.
/// - population: a Poisson process that follows the curve; see daily_arrivals.h in fleet.
/// - profile: the minutes of requests_per_minute in a cycle, scaled so that a cycle has the mean rate
///   (`rate`, or the profile's). The rate of each second is that of its minute times a gamma variable
///   of mean 1, whose variance gives the profile second_dispersion at its own rates (below 1 it is
///   drawn as 1) and which follows its neighbour with second_correlation; Poisson counts, uniform
///   within the second. Another `rate` keeps that variable, so that the dispersion less 1 grows with
///   the rate. Approximations: no structure below a second or beyond the lag of one second, and
///   minutes vary a little more than the trace's, since the counts behind their rates vary too.
///   Source of the correlated gamma variable: Lewis, McKenzie and Hugus, "Gamma processes",
///   Communications in Statistics: Stochastic Models 5 (1989): the beta-gamma process.
/// - lengths: each stratum is equally likely; within it input and output are independent, each by
///   straight lines between the quantiles, and up to the largest by a curve that keeps the tail's mean.
/// - shared_prefix: see shared_prefix.h.
///
/// Ends with `requests`, with `duration`, or where simulated time does (kLongestSimTime).
/// Pre: check_workload(), check_physics() and check_demand() found nothing; the workload is not a trace.
RequestTable draw_requests(const WorkloadRecord& workload, const WorkloadEntries& entries, std::uint64_t seed,
                           std::string_view service);

/// Drops the requests of a trace that its workload's `requests` and `duration` leave out.
void limit_requests(const WorkloadRecord& workload, RequestTable& requests);

}  // namespace orrery
