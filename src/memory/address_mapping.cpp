#include "orrery/memory/address_mapping.h"

#include <fmt/format.h>

#include <algorithm>

namespace orrery {
namespace {

std::int64_t part_of(const Location& location, MappingLevel level) {
  switch (level) {
    case MappingLevel::unit:
      return location.unit;
    case MappingLevel::rank:
      return location.rank;
    case MappingLevel::group:
      return location.group;
    case MappingLevel::bank:
      return location.bank;
    case MappingLevel::row:
      return location.row;
    case MappingLevel::column:
      return location.column;
  }
  return 0;
}

}  // namespace

void AddressMapping::decode_run(std::int64_t first, std::span<MemoryAccess> accesses) const {
  auto [rest, low] = low_size_.divide(static_cast<std::uint64_t>(first));
  for (std::size_t done = 0; done < accesses.size(); ++rest, low = 0) {
    const Words high = high_part(rest);
    const std::size_t count = std::min<std::size_t>(accesses.size() - done, low_.size() - low);
    const Words* const table = low_.data() + low;
    MemoryAccess* const out = accesses.data() + done;
    for (std::size_t i = 0; i < count; ++i) {
      Words words = high;
      words.add(table[i], 1);
      auto location = std::bit_cast<Location>(words);
      if (!hashes_.empty()) hash(location);
      out[i] = access_at(location);
    }
    done += count;
  }
}

std::int64_t AddressMapping::encode(const Location& location) const {
  Location plain = location;
  hash(plain);
  std::int64_t burst = 0;
  for (const MappingField& field : fields_) {
    burst += part_of(plain, field.level) / field.weight % field.size * field.place;
  }
  return burst;
}

std::int64_t AddressMapping::bursts_before(std::int64_t burst, std::int64_t unit) const {
  // From the most significant field down: bursts that differ in a field above the first digit of a unit, then those
  // that have the unit's digit there.
  auto rest = static_cast<std::uint64_t>(burst);
  std::uint64_t before = 0;
  for (const UnitDigit& digit : unit_digits_) {
    const std::uint64_t wanted = digit.size.remainder(digit.weight.divide(static_cast<std::uint64_t>(unit)).quotient);
    const auto [place, below] = digit.place.divide(rest);
    const auto [above, found] = digit.size.divide(place);
    before += above * digit.bursts_below;
    if (found != wanted) return static_cast<std::int64_t>(before + (found > wanted ? digit.bursts_below : 0));
    rest = below;
  }
  return static_cast<std::int64_t>(before + rest);
}

std::string AddressMapping::text() const {
  std::string text;
  for (auto field = fields_.rbegin(); field != fields_.rend(); ++field) {
    text += fmt::format("{}{}", text.empty() ? "" : "|", enum_name(field->level));
    if (!field->whole) text += fmt::format(":{}", std::countr_zero(static_cast<std::uint64_t>(field->size)));
  }
  for (const MappingHash& hash : hashes_) {
    text += fmt::format(",{}^{}", enum_name(hash.target), enum_name(hash.source));
  }
  return text;
}

}  // namespace orrery
