#pragma once

#include <string>

#include "orrery/base/result.h"
#include "orrery/scenario/results.h"

namespace orrery {

/// One line per request, in the order of services and of arrival:
/// service,request,arrival_s,queued_s,scheduled_s,first_token_s,finish_s,input_tokens,output_tokens,
/// replica,preemptions,state. `request` counts from 0 within its service. Times are seconds with twelve
/// decimals, which are the exact picoseconds; a time that never came is empty.
std::string requests_csv(const Results& results);

/// Writes the same to a file, all or nothing. Fails with the reason: what stands there is no regular
/// file, the disk is full, ...
Result<void> write_requests_csv(const Results& results, const std::string& path);

}  // namespace orrery
