#pragma once

#include <string>
#include <vector>

#include "orrery/report/text_table.h"
#include "orrery/scenario/decode_breakdown.h"

namespace orrery {

/// Decode steps taken apart, for people: each pool's shares, what its narrow formats buy per operator and per step
/// beside what the maker claims, where it draws level with the first pool, and the numbers that are assumed.
std::string decode_text(const System& system, const DecodeGrid& grid, const std::vector<DecodeBreakdown>& breakdowns,
                        const TextStyle& style);

/// The same as JSON, schema_version 1.
std::string decode_json(const System& system, const std::vector<DecodeBreakdown>& breakdowns);

}  // namespace orrery
