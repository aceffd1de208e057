#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "orrery/base/nearest_name.h"
#include "orrery/memory/address_mapping.h"

namespace orrery {
namespace {

constexpr std::size_t kLargestTable = 256;  // entries that decode looks up; 4 KiB
constexpr std::size_t kSmallTable = 16;     // with fewer, a run would be decoded anew too often
constexpr int kMostFieldBits = 30;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 60;
constexpr std::string_view kLevels = "the levels are unit, rank, group, bank, row and column";

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// A hint behind a message, where there is one.
std::string with_hint(const std::string& message, std::string_view word, const std::vector<std::string>& names) {
  const std::string hint = did_you_mean(word, names);
  return hint.empty() ? message : message + "; " + hint;
}

std::optional<MappingLevel> find_level(std::string_view name) {
  for (const auto& row : EnumNames<MappingLevel>::kRows) {
    if (row.name == name) return row.value;
  }
  return std::nullopt;
}

Result<MappingLevel> read_level(std::string_view name) {
  if (const auto level = find_level(name)) return *level;
  std::vector<std::string> names;
  for (const auto& row : EnumNames<MappingLevel>::kRows) names.emplace_back(row.name);
  return failure(with_hint(fmt::format("'{}' is not a level; {}", name, kLevels), name, names));
}

std::string no_such_mapping(std::string_view name) {
  std::vector<std::string> names;
  std::string list;
  for (const NamedMapping& row : named_mappings()) {
    names.emplace_back(row.name);
    list += fmt::format("{}{}", list.empty() ? "" : ", ", row.name);
  }
  return with_hint(fmt::format("'{}' is neither a mapping with a name ({}) nor a list of fields such as "
                               "row|rank|bank|column|group|column:1",
                               name, list),
                   name, names);
}

std::int64_t size_of(MappingLevel level, const DramDevice& device, std::int64_t units) {
  switch (level) {
    case MappingLevel::unit:
      return units;
    case MappingLevel::rank:
      return device.ranks;
    case MappingLevel::group:
      return device.bank_groups;
    case MappingLevel::bank:
      return device.banks_per_group;
    case MappingLevel::row:
      return device.rows;
    case MappingLevel::column:
      return device.columns;
  }
  return 1;
}

/// The location whose part `level` is `value`.
Location location_of(MappingLevel level, std::int64_t value) {
  Location location;
  if (level == MappingLevel::unit) location.unit = static_cast<std::int32_t>(value);
  if (level == MappingLevel::rank) location.rank = static_cast<std::uint8_t>(value);
  if (level == MappingLevel::group) location.group = static_cast<std::uint8_t>(value);
  if (level == MappingLevel::bank) location.bank = static_cast<std::uint16_t>(value);
  if (level == MappingLevel::row) location.row = static_cast<std::int32_t>(value);
  if (level == MappingLevel::column) location.column = static_cast<std::int32_t>(value);
  return location;
}

/// Bits that can be split off a level: the power of two in its size.
int whole_bits(std::int64_t size) { return std::countr_zero(static_cast<std::uint64_t>(size)); }
/// Bits that hold numbers up to `most`.
int bits_for(std::uint64_t most) { return static_cast<int>(std::bit_width(most)); }

}  // namespace

/// Reads a mapping step by step; each step says what is wrong, or nothing.
class AddressMappingBuilder {
 public:
  AddressMappingBuilder(const DramDevice& device, std::int64_t units);
  explicit AddressMappingBuilder(AddressMapping mapping) : mapping_(std::move(mapping)) {}

  Result<void> check_sizes();
  /// One field, as it stands in the text; the most significant comes first.
  Result<void> add_field(std::string_view text);
  Result<void> add_hash(std::string_view text);
  /// Shares each level out among its fields.
  Result<void> measure();
  /// Leaves the fields of the unit out.
  void drop_unit();
  AddressMapping finish();

 private:
  Result<void> measure_level(MappingLevel level);
  void place_fields();
  void fill_tables();

  AddressMapping mapping_;
  std::array<int, kMappingLevels> hashed_bits_{};  // of a source, used so far
};

AddressMappingBuilder::AddressMappingBuilder(const DramDevice& device, std::int64_t units) {
  mapping_.access_bytes_ = device.access_bytes;
  for (const auto& row : EnumNames<MappingLevel>::kRows) {
    mapping_.sizes_[static_cast<std::size_t>(row.value)] = size_of(row.value, device, units);
  }
}

Result<void> AddressMappingBuilder::check_sizes() {
  const std::int64_t units = mapping_.units();
  if (units < 1 || units > AddressMapping::kMostUnits) {
    return failure(fmt::format("a memory has 1 to {} units, and not {}", AddressMapping::kMostUnits, units));
  }
  ORRERY_CHECK(mapping_.size(MappingLevel::rank) <= 256 && mapping_.size(MappingLevel::group) <= 256 &&
               mapping_.size(MappingLevel::bank) <= 256 && mapping_.access_bytes_ >= 1);
  std::int64_t bytes = mapping_.access_bytes_;
  for (const std::int64_t size : mapping_.sizes_) {
    ORRERY_CHECK(size >= 1 && size <= std::numeric_limits<std::int32_t>::max());
    if (bytes > kMostBytes / size) return failure(fmt::format("the memory has more than {} bytes", kMostBytes));
    bytes *= size;
  }
  return {};
}

Result<void> AddressMappingBuilder::add_field(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto level = read_level(trim(text.substr(0, colon)));
  if (!level) return failure(level.error());
  MappingField field{.level = *level};
  if (colon != std::string_view::npos) {
    const std::string_view number = trim(text.substr(colon + 1));
    int bits = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error != std::errc{} || end != number.data() + number.size() || bits < 1 || bits > kMostFieldBits) {
      return failure(fmt::format("'{}': a colon is followed by a number of bits, from 1 to {}", text, kMostFieldBits));
    }
    field.size = std::int64_t{1} << bits;
    field.whole = false;
  }
  mapping_.fields_.insert(mapping_.fields_.begin(), field);
  return {};
}

Result<void> AddressMappingBuilder::measure_level(MappingLevel level) {
  const std::string_view name = enum_name(level);
  const std::int64_t size = mapping_.size(level);
  int bits = 0;
  MappingField* whole = nullptr;
  for (MappingField& field : mapping_.fields_) {
    if (field.level != level) continue;
    if (!field.whole) {
      bits += whole_bits(field.size);
    } else if (whole == nullptr) {
      whole = &field;
    } else {
      return failure(
          fmt::format("two fields take the rest of '{0}'; give all but one a number of bits, as in {0}:1", name));
    }
  }
  if (bits > whole_bits(size)) {
    return failure(fmt::format("the fields of '{}' take {} bits, but its size, {}, can be split by {} at most", name,
                               bits, size, whole_bits(size)));
  }
  const std::int64_t rest = size >> bits;
  if (whole == nullptr && rest > 1) {
    return failure(bits == 0
                       ? fmt::format("no field is for '{}', whose size is {}; {}", name, size, kLevels)
                       : fmt::format("the fields of '{0}' take {1} bits, but its size is {2}; a field {0} without "
                                     "a number takes the rest",
                                     name, bits, size));
  }
  if (whole != nullptr) whole->size = rest;
  std::int64_t weight = 1;
  for (MappingField& field : mapping_.fields_) {
    if (field.level != level) continue;
    field.weight = weight;
    weight *= field.size;
  }
  return {};
}

Result<void> AddressMappingBuilder::measure() {
  for (const auto& row : EnumNames<MappingLevel>::kRows) {
    if (auto measured = measure_level(row.value); !measured) return measured;
  }
  return {};
}

void AddressMappingBuilder::place_fields() {
  mapping_.unit_digits_.clear();
  std::int64_t place = 1;
  std::int64_t units_below = 1;
  for (MappingField& field : mapping_.fields_) {
    field.place = place;
    place *= field.size;
    if (field.level != MappingLevel::unit || field.size == 1) continue;
    const auto divisor = [](std::int64_t value) { return Divisor(static_cast<std::uint64_t>(value)); };
    mapping_.unit_digits_.insert(mapping_.unit_digits_.begin(),
                                 {divisor(field.place), divisor(field.size), divisor(field.weight),
                                  static_cast<std::uint64_t>(field.place / units_below)});
    units_below *= field.size;
  }
  mapping_.bursts_ = place;
  mapping_.interleave_ =
      mapping_.unit_digits_.empty() ? place : static_cast<std::int64_t>(mapping_.unit_digits_.back().place.value());
}

Result<void> AddressMappingBuilder::add_hash(std::string_view text) {
  constexpr std::string_view kForms = "an XOR is written bank^row: rank, group or bank, then row or column";
  const std::size_t caret = text.find('^');
  if (caret == std::string_view::npos) return failure(fmt::format("'{}' is no XOR; {}", text, kForms));
  const auto target = read_level(trim(text.substr(0, caret)));
  if (!target) return failure(target.error());
  const auto source = read_level(trim(text.substr(caret + 1)));
  if (!source) return failure(source.error());
  const bool known_target =
      *target == MappingLevel::rank || *target == MappingLevel::group || *target == MappingLevel::bank;
  if (!known_target || (*source != MappingLevel::row && *source != MappingLevel::column)) {
    return failure(fmt::format("'{}' cannot be XORed; {}", text, kForms));
  }
  const auto size = static_cast<std::uint64_t>(mapping_.size(*target));
  if (!std::has_single_bit(size)) {
    return failure(
        fmt::format("'{}': the size of {} is {}, which is no power of two, so that an XOR could lead beyond it", text,
                    enum_name(*target), size));
  }
  int& used = hashed_bits_[static_cast<std::size_t>(*source)];
  const int bits = bits_for(static_cast<std::uint64_t>(mapping_.size(*source) - 1)) - used;
  const int taken = std::min(bits, std::countr_zero(size));
  if (size == 1) return {};
  if (taken == 0) {
    return failure(fmt::format("'{}': the XORs before it have used all {} bits of {}", text, used, enum_name(*source)));
  }
  mapping_.hashes_.push_back({*target, *source, used, (1 << taken) - 1});
  used += taken;
  return {};
}

void AddressMappingBuilder::fill_tables() {
  struct Scaled {
    MappingLevel level;
    std::int64_t weight;
    std::int64_t size;
  };
  std::vector<Scaled> low;
  std::vector<Scaled> high;
  std::size_t table = 1;
  for (const MappingField& field : mapping_.fields_) {
    if (field.size == 1) continue;
    Scaled part{field.level, field.weight, field.size};
    const std::size_t room = kLargestTable / table;
    std::int64_t taken = high.empty() && static_cast<std::size_t>(part.size) <= room ? part.size : 1;
    if (high.empty() && taken == 1 && table < kSmallTable) {
      taken = std::int64_t{1} << std::min(whole_bits(part.size), bits_for(room) - 1);
    }
    if (taken > 1) low.push_back({part.level, part.weight, taken});
    table *= static_cast<std::size_t>(taken);
    if (taken < part.size) high.push_back({part.level, part.weight * taken, part.size / taken});
  }
  const auto words = [](const Scaled& part, std::int64_t digit) {
    return std::bit_cast<AddressMapping::Words>(location_of(part.level, part.weight * digit));
  };
  mapping_.low_.assign(1, {});
  mapping_.high_.clear();
  mapping_.top_ = {};
  for (const Scaled& part : low) {
    const std::size_t below = mapping_.low_.size();
    for (std::int64_t digit = 1; digit < part.size; ++digit) {
      for (std::size_t i = 0; i < below; ++i) {
        mapping_.low_.push_back(mapping_.low_[i]);
        mapping_.low_.back().add(words(part, digit), 1);
      }
    }
  }
  mapping_.low_size_ = Divisor(mapping_.low_.size());
  for (std::size_t i = 0; i < high.size(); ++i) {
    if (i + 1 == high.size()) {
      mapping_.top_ = words(high[i], 1);
    } else {
      mapping_.high_.push_back({Divisor(static_cast<std::uint64_t>(high[i].size)), words(high[i], 1)});
    }
  }
}

void AddressMappingBuilder::drop_unit() {
  mapping_.sizes_[static_cast<std::size_t>(MappingLevel::unit)] = 1;
  std::erase_if(mapping_.fields_, [](const MappingField& field) { return field.level == MappingLevel::unit; });
}

AddressMapping AddressMappingBuilder::finish() {
  place_fields();
  fill_tables();
  return std::move(mapping_);
}

AddressMapping AddressMapping::within_unit() const {
  AddressMappingBuilder builder(*this);
  builder.drop_unit();
  return builder.finish();
}

Result<AddressMapping> AddressMapping::parse(std::string_view spec, const DramDevice& device, std::int64_t units) {
  AddressMappingBuilder builder(device, units);
  if (auto checked = builder.check_sizes(); !checked) return failure(checked.error());
  std::vector<std::string_view> parts = split(spec, ',');
  std::string expanded;
  for (const NamedMapping& named : named_mappings()) {
    if (named.name == parts[0]) expanded = named.spec(device, units);
  }
  if (!expanded.empty()) {
    const std::vector<std::string_view> own = split(expanded, ',');
    parts.erase(parts.begin());
    parts.insert(parts.begin(), own.begin(), own.end());
  }
  const std::vector<std::string_view> fields = split(parts[0], '|');
  if (fields.size() == 1 && !find_level(trim(parts[0].substr(0, parts[0].find(':'))))) {
    return failure(no_such_mapping(parts[0]));
  }
  for (const std::string_view field : fields) {
    if (auto added = builder.add_field(field); !added) return failure(added.error());
  }
  if (auto measured = builder.measure(); !measured) return failure(measured.error());
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (auto added = builder.add_hash(parts[i]); !added) return failure(added.error());
  }
  return builder.finish();
}

}  // namespace orrery
