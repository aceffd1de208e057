#pragma once

#include <cstdint>
#include <string_view>

#include "orrery/scenario/scenario_record.h"
#include "orrery/serving/request_table.h"

namespace orrery {

/// Gives every request an adapter: `first` and those after it, by popularity. Adapters are part of what a prefix
/// cache knows a block by (V-40), so that equal prompts of different adapters share nothing.
void draw_adapters(const AdaptersRecord& adapters, std::uint32_t first, std::uint64_t seed, std::string_view stream,
                   RequestTable& requests);

}  // namespace orrery
