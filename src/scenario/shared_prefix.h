#pragma once

#include <cstdint>
#include <string_view>

#include "orrery/scenario/workload_record.h"
#include "orrery/serving/request_table.h"

namespace orrery {

/// Puts one of the prefixes before each request's own prompt, drawn by its popularity: the k-th is k^-zipf_exponent
/// times as popular as the first. Requests get content keys for the prefix, so that a prefix cache can find it; what
/// follows is taken to be new every time. Pre: the requests have no keys.
void share_prefixes(const SharedPrefix& prefix, std::uint64_t seed, std::string_view stream, RequestTable& requests);

}  // namespace orrery
