#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orrery/base/result.h"
#include "orrery/memory/access_source.h"
#include "orrery/memory/device.h"
#include "orrery/memory/divisor.h"
#include "orrery/schema/enum_names.h"

namespace orrery {

/// Where a burst lies. Without padding, as decode adds several up at a time.
struct Location {
  std::int32_t unit = 0;   ///< over all stacks, packages or modules
  std::uint8_t rank = 0;   ///< rank, or stack id of a stack
  std::uint8_t group = 0;  ///< bank group in the rank
  std::uint16_t bank = 0;  ///< bank in the group
  std::int32_t row = 0;
  std::int32_t column = 0;  ///< burst in the row

  friend bool operator==(const Location&, const Location&) = default;
};

/// What a field of a mapping selects.
enum class MappingLevel { unit, rank, group, bank, row, column };
constexpr int kMappingLevels = 6;
template <>
struct EnumNames<MappingLevel> {
  static constexpr EnumRow<MappingLevel> kRows[] = {
      {MappingLevel::unit, "unit", "channel, subchannel or pseudo channel, over all stacks"},
      {MappingLevel::rank, "rank", "rank, or stack id of a stack"},
      {MappingLevel::group, "group", "bank group in the rank"},
      {MappingLevel::bank, "bank", "bank in the group"},
      {MappingLevel::row, "row", "row in the bank"},
      {MappingLevel::column, "column", "burst in the row"},
  };
};

/// A mapping that has a name; `spec` writes it out for a device and a number of units.
struct NamedMapping {
  std::string_view name;
  std::string_view help;
  std::string (*spec)(const DramDevice& device, std::int64_t units);
};
std::span<const NamedMapping> named_mappings();

/// One field of a mapping: a digit of the burst number, and a digit of one level.
struct MappingField {
  MappingLevel level = MappingLevel::column;
  std::int64_t size = 1;    ///< values of the digit
  std::int64_t weight = 1;  ///< of the digit in its level
  std::int64_t place = 1;   ///< of the digit in the burst number
  bool whole = true;        ///< takes the rest of its level, and not a given number of bits
};

/// `target` is XORed with bits of `source`, a row or a column, from `shift` upwards.
struct MappingHash {
  MappingLevel target = MappingLevel::bank;
  MappingLevel source = MappingLevel::row;
  std::int32_t shift = 0;
  std::int32_t mask = 0;
};

/// A bijection between the bursts of a memory (address / bytes of a burst) and their places, unit by unit.
///
/// A mapping is a list of fields, most significant first: `row|rank|bank|column|group|column:1`. A burst number is read
/// as mixed-radix digits, one per field. `column:1` is a digit of 1 bit; a field without a number takes what is left of
/// its level, whose size need not be a power of two. What several fields give one level is put together in
/// their order. Where `unit` stands sets the granularity of the interleave. After commas follow XORs,
/// as in `,bank^row,group^row`: the first of a rank, group or bank takes the low bits of the row or column, the
/// next ones with the same source take the bits above.
class AddressMapping {
 public:
  static constexpr std::int64_t kMostUnits = 65'536;

  /// Reads a mapping or the name of one, which XORs may follow. `units` counts all stacks, packages or modules.
  /// Levels of one element may be left out. Fails, with the reason, unless each level is covered exactly.
  /// Pre: device was compiled.
  static Result<AddressMapping> parse(std::string_view spec, const DramDevice& device, std::int64_t units);

  std::int64_t bursts() const { return bursts_; }
  std::int64_t units() const { return size(MappingLevel::unit); }
  std::int64_t size(MappingLevel level) const { return sizes_[static_cast<std::size_t>(level)]; }
  std::int32_t access_bytes() const { return access_bytes_; }
  std::int64_t bytes() const { return bursts_ * access_bytes_; }

  /// Costs 3 ns; with several units, or sizes that are no powers of two, up to 8. Pre: 0 <= burst < bursts().
  Location decode(std::int64_t burst) const;
  /// The places of bursts `first`, `first` + 1, ..., as reads that may enter at once, whatever their units are.
  /// Costs about 1 ns per burst. Pre: all of them lie in the memory.
  void decode_run(std::int64_t first, std::span<MemoryAccess> accesses) const;
  /// Pre: each part of the location is below the size of its level.
  std::int64_t encode(const Location& location) const;

  /// The same mapping for the bursts of one unit alone, which are counted from 0 in their order. All units share it.
  AddressMapping within_unit() const;
  /// How many bursts below `burst` fall on `unit`: its number within the unit, if it lies there.
  /// Pre: 0 <= burst <= bursts().
  std::int64_t bursts_before(std::int64_t burst, std::int64_t unit) const;
  /// Consecutive bursts, from a multiple of their number on, fall on one unit: the granularity of the interleave.
  std::int64_t interleave_bursts() const { return interleave_; }

  /// The mapping in full, without names; parse() reads it back.
  std::string text() const;

 private:
  friend class AddressMappingBuilder;

  /// A Location as two words that can be scaled and added: no part of a place overflows into its neighbour.
  struct Words {
    std::uint64_t first = 0;
    std::uint64_t second = 0;

    void add(const Words& scale, std::uint64_t digit) {
      first += scale.first * digit;
      second += scale.second * digit;
    }
  };
  struct Digit {
    Divisor size;
    Words scale;
  };
  static_assert(sizeof(Words) == sizeof(Location));
  struct UnitDigit {
    Divisor place;
    Divisor size;
    Divisor weight;
    std::uint64_t bursts_below = 1;  ///< of one unit, for the fields below
  };

  AddressMapping() : low_size_(1) {}
  /// What the digits above the table of low ones add.
  Words high_part(std::uint64_t rest) const {
    Words words;
    for (const Digit& digit : high_) {
      const auto [quotient, remainder] = digit.size.divide(rest);
      words.add(digit.scale, remainder);
      rest = quotient;
    }
    words.add(top_, rest);
    return words;
  }
  /// Hashing twice gives back what was there: sources are never targets.
  void hash(Location& location) const {
    for (const MappingHash& hash : hashes_) {
      const std::int32_t source = hash.source == MappingLevel::row ? location.row : location.column;
      const std::int32_t bits = (source >> hash.shift) & hash.mask;
      if (hash.target == MappingLevel::bank) location.bank = static_cast<std::uint16_t>(location.bank ^ bits);
      if (hash.target == MappingLevel::group) location.group = static_cast<std::uint8_t>(location.group ^ bits);
      if (hash.target == MappingLevel::rank) location.rank = static_cast<std::uint8_t>(location.rank ^ bits);
    }
  }

  std::int64_t bursts_ = 0;
  std::int64_t interleave_ = 0;
  std::int32_t access_bytes_ = 0;
  std::array<std::int64_t, kMappingLevels> sizes_{};
  std::vector<MappingField> fields_;  // least significant first
  std::vector<MappingHash> hashes_;
  std::vector<UnitDigit> unit_digits_;  // most significant first
  Divisor low_size_;
  std::vector<Words> low_;   // places of the first bursts, for the lowest fields together
  std::vector<Digit> high_;  // the fields above, but for the topmost
  Words top_;
};

inline Location AddressMapping::decode(std::int64_t burst) const {
  const auto [rest, low] = low_size_.divide(static_cast<std::uint64_t>(burst));
  Words words = high_part(rest);
  words.add(low_[low], 1);
  auto location = std::bit_cast<Location>(words);
  hash(location);
  return location;
}

/// The access at a place, a read that may enter at once.
inline MemoryAccess access_at(const Location& location) {
  return {0,    location.row, location.column, location.rank, location.group, static_cast<std::uint8_t>(location.bank),
          false};
}

}  // namespace orrery
