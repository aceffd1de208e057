#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "orrery/base/result.h"
#include "orrery/memory/access_source.h"
#include "orrery/memory/address_mapping.h"
#include "orrery/model/model_record.h"

namespace orrery {

/// What a pattern is made of, beside its name.
struct PatternInput {
  std::int64_t blocks = 0;  ///< of 64 B, of each unit
  std::optional<double> load;
  std::uint64_t seed = 0;
  std::int64_t stride = 1;
  std::optional<double> write_share;  ///< of weights_and_appends
  const ModelRecord* model = nullptr;
};

/// Whether the pattern lies over all units of a memory, and not over one.
bool is_over_all_units(std::string_view pattern);
/// "stream, random, ...": all patterns.
std::vector<std::string> pattern_names();

/// The accesses of one unit. Fails, with the reason: no such pattern, a model that is missing or has no such thing,
/// sizes out of range.
Result<std::unique_ptr<AccessSource>> make_unit_source(std::string_view pattern, const DramDevice& device,
                                                       const AddressMapping& mapping, std::int64_t unit,
                                                       const PatternInput& input);

}  // namespace orrery
