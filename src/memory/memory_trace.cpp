#include "orrery/memory/memory_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "orrery/base/file.h"
#include "orrery/base/gzip.h"
#include "orrery/memory/memory_trace_text.h"

namespace orrery {
namespace {

constexpr std::size_t kMostTraceBytes = std::size_t{32} << 30;
constexpr std::size_t kSampleBytes = std::size_t{1} << 20;
constexpr std::uint64_t kMostTicks = std::uint64_t{1} << 62;
constexpr std::string_view kFormats =
    "a line is `0x12340 R 100` (address, R or W, and in all lines or none a cycle), `0x12340 READ 100`, `LD 0x12340` "
    "or `ST 4096`, or `R 0,1,2,100,32` (from channel to column)";

/// The words of DRAMsim3 and of its predecessor.
std::optional<bool> is_write_word(std::string_view word) {
  for (const std::string_view read : {"READ", "read", "P_MEM_RD", "P_FETCH"}) {
    if (word == read) return false;
  }
  for (const std::string_view write : {"WRITE", "write", "P_MEM_WR", "BOFF"}) {
    if (word == write) return true;
  }
  return std::nullopt;
}

std::optional<bool> is_write_letter(std::string_view word) {
  if (word == "R") return false;
  if (word == "W") return true;
  return std::nullopt;
}

std::optional<bool> is_store(std::string_view word) {
  if (word == "LD") return false;
  if (word == "ST") return true;
  return std::nullopt;
}

/// The format that the first row shows.
std::optional<MemoryTraceFormat> detect(std::string_view text) {
  MemoryTraceText row(text);
  if (!row.next_row()) return std::nullopt;
  const std::string_view first = row.field();
  row.take(first);
  const std::string_view second = row.field();
  if (is_store(first)) return MemoryTraceFormat::load_store;
  if (is_write_letter(first)) return MemoryTraceFormat::coordinates;
  if (is_write_letter(second)) return MemoryTraceFormat::plain;
  if (is_write_word(second)) return MemoryTraceFormat::dramsim3;
  return std::nullopt;
}

/// A level of a place, from channel to column.
struct PlaceLevel {
  std::string_view name;
  std::int64_t size = 1;
};
constexpr std::size_t kPlaceLevels = 7;
using PlaceLevels = std::array<PlaceLevel, kPlaceLevels>;

/// Reads the rows of one trace.
class MemoryTraceReader {
 public:
  MemoryTraceReader(std::string_view text, const DramDevice& device, const AddressMapping& mapping);

  void read(MemoryTraceFormat format);
  void refuse_format() {
    text_.next_row();
    problems_.fail("unknown-trace-format", text_.part(text_.field()), "the first line shows no format that is known",
                   std::string(kFormats));
  }
  /// The trace, or nothing where there are problems or no rows.
  std::optional<MemoryTrace> result();
  const TraceProblems& problems() const { return problems_; }

 private:
  using DirectionRule = std::optional<bool> (*)(std::string_view word);

  void reserve(std::string_view text);
  template <bool (MemoryTraceReader::*TakeRow)()>
  void read_rows() {
    while (text_.next_row()) {
      if (!(this->*TakeRow)()) text_.skip_row();
    }
  }
  // Each takes one row, and says whether it could: what is wrong has been noted.
  bool take_plain();
  bool take_load_store();
  bool take_coordinates();
  bool take_dramsim3();

  // Each takes one field.
  bool take_address(bool always_hex, std::int64_t& burst);
  template <DirectionRule IsWriteWord>
  bool take_direction(std::string_view allowed, bool& write);
  bool take_cycle(std::int64_t& tick);
  bool take_row_end();
  /// Fills in the numbers of all levels; those left out are 0.
  bool take_place(std::array<std::int64_t, kPlaceLevels>& place);
  bool reject_field(std::string_view field, std::string_view what);
  /// Finds out which levels so many numbers stand for: those of one element may be left out.
  void name_levels(std::size_t count);
  std::string levels_text() const;

  void add(const Location& location, bool write, std::int64_t tick) {
    MemoryAccess access = access_at(location);
    access.tick = tick;
    access.write = write;
    trace_.units[static_cast<std::size_t>(location.unit)].push_back(access);
    (write ? trace_.writes : trace_.reads) += 1;
    trace_.last_tick = tick;
  }

  MemoryTraceText text_;
  TraceProblems problems_;
  const AddressMapping& mapping_;
  Divisor access_bytes_;
  std::int64_t ticks_per_clock_;
  PlaceLevels levels_;
  std::vector<std::size_t> named_;  // those that the numbers of a place stand for
  MemoryTrace trace_;
  std::int64_t first_line_ = 0;  // that showed whether rows have cycles
  std::int64_t cycle_line_ = 0;  // of the last cycle
  std::uint64_t last_cycle_ = 0;
};

MemoryTraceReader::MemoryTraceReader(std::string_view text, const DramDevice& device, const AddressMapping& mapping)
    : text_(text),
      mapping_(mapping),
      access_bytes_(static_cast<std::uint64_t>(mapping.access_bytes())),
      ticks_per_clock_(device.ticks_per_clock) {
  // A memory that is less than a channel is taken for channels of one unit.
  const std::int64_t units = mapping.units();
  const std::int64_t of_channel = units % device.units_per_channel == 0 ? device.units_per_channel : 1;
  levels_ = {{{"channel", units / of_channel},
              {device.unit.empty() ? std::string_view("unit") : std::string_view(device.unit), of_channel},
              {"rank", mapping.size(MappingLevel::rank)},
              {"group", mapping.size(MappingLevel::group)},
              {"bank", mapping.size(MappingLevel::bank)},
              {"row", mapping.size(MappingLevel::row)},
              {"column", mapping.size(MappingLevel::column)}}};
  trace_.units.resize(static_cast<std::size_t>(units));
  reserve(text);
}

/// Room for as many rows as the first ones let expect, spread evenly. What is never written takes no memory.
void MemoryTraceReader::reserve(std::string_view text) {
  constexpr double kShortRow = 8;  // bytes
  constexpr double kSpare = 1.1;
  const std::string_view sample = text.substr(0, kSampleBytes);
  const auto lines = static_cast<double>(std::count(sample.begin(), sample.end(), '\n') + 1);
  const double row = std::max(kShortRow, static_cast<double>(sample.size()) / lines);
  const double rows = static_cast<double>(text.size()) / row / static_cast<double>(trace_.units.size());
  for (auto& unit : trace_.units) unit.reserve(static_cast<std::size_t>(rows * kSpare) + 1);
}

void MemoryTraceReader::read(MemoryTraceFormat format) {
  trace_.format = format;
  switch (format) {
    case MemoryTraceFormat::plain:
      return read_rows<&MemoryTraceReader::take_plain>();
    case MemoryTraceFormat::load_store:
      return read_rows<&MemoryTraceReader::take_load_store>();
    case MemoryTraceFormat::coordinates:
      return read_rows<&MemoryTraceReader::take_coordinates>();
    case MemoryTraceFormat::dramsim3:
      return read_rows<&MemoryTraceReader::take_dramsim3>();
  }
}

bool MemoryTraceReader::take_plain() {
  std::int64_t burst = 0;
  bool write = false;
  std::int64_t tick = 0;
  if (!take_address(false, burst) || !take_direction<is_write_letter>("R or W", write)) return false;
  const bool has_cycle = !text_.at_row_end();
  if (first_line_ == 0) {
    first_line_ = text_.line();
    trace_.has_cycles = has_cycle;
  }
  if (has_cycle != trace_.has_cycles) {
    problems_.reject(text_.part(text_.field()),
                     has_cycle ? fmt::format("a cycle stands here, but none in line {}", first_line_)
                               : fmt::format("a cycle is missing, but line {} has one", first_line_));
    return false;
  }
  if (has_cycle && !take_cycle(tick)) return false;
  if (!take_row_end()) return false;
  add(mapping_.decode(burst), write, tick);
  return true;
}

bool MemoryTraceReader::take_dramsim3() {
  std::int64_t burst = 0;
  bool write = false;
  std::int64_t tick = 0;
  trace_.has_cycles = true;
  if (!take_address(true, burst) || !take_direction<is_write_word>("READ or WRITE", write)) return false;
  if (text_.at_row_end()) return reject_field(text_.field(), "a cycle");
  if (!take_cycle(tick) || !take_row_end()) return false;
  add(mapping_.decode(burst), write, tick);
  return true;
}

bool MemoryTraceReader::take_load_store() {
  std::int64_t burst = 0;
  bool write = false;
  if (!take_direction<is_store>("LD or ST", write) || !take_address(false, burst) || !take_row_end()) return false;
  add(mapping_.decode(burst), write, 0);
  return true;
}

bool MemoryTraceReader::take_coordinates() {
  bool write = false;
  std::array<std::int64_t, kPlaceLevels> place{};
  if (!take_direction<is_write_letter>("R or W", write) || !take_place(place) || !take_row_end()) return false;
  Location location;
  location.unit = static_cast<std::int32_t>(place[0] * levels_[1].size + place[1]);
  location.rank = static_cast<std::uint8_t>(place[2]);
  location.group = static_cast<std::uint8_t>(place[3]);
  location.bank = static_cast<std::uint16_t>(place[4]);
  location.row = static_cast<std::int32_t>(place[5]);
  location.column = static_cast<std::int32_t>(place[6]);
  add(location, write, 0);
  return true;
}

bool MemoryTraceReader::reject_field(std::string_view field, std::string_view what) {
  problems_.reject(text_.part(field), field.empty() ? fmt::format("{} is missing", what)
                                                    : fmt::format("{} is not {}", quoted_text(field), what));
  return false;
}

bool MemoryTraceReader::take_address(bool always_hex, std::int64_t& burst) {
  const char* const begin = text_.next_field();
  const bool hex = text_.take_hex_mark() || always_hex;
  std::uint64_t address = 0;
  if ((hex ? text_.take_number<16>(address) : text_.take_number<10>(address)).empty() || text_.take_comma()) {
    return reject_field(text_.field(begin), hex ? "a hexadecimal address" : "an address like 4096 or 0x1000");
  }
  if (address >= static_cast<std::uint64_t>(mapping_.bytes())) {
    const std::int64_t last = mapping_.bytes() - 1;
    problems_.reject(text_.part(text_.field(begin)),
                     fmt::format("address {} is beyond the {} of the memory; the last is {}", text_.field(begin),
                                 binary_size(last + 1), hex ? fmt::format("{:#x}", last) : fmt::format("{}", last)));
    return false;
  }
  burst = static_cast<std::int64_t>(access_bytes_.divide(address).quotient);
  return true;
}

template <MemoryTraceReader::DirectionRule IsWriteWord>
bool MemoryTraceReader::take_direction(std::string_view allowed, bool& write) {
  const std::string_view field = text_.field();
  const auto is_write = IsWriteWord(field);
  if (!is_write) return reject_field(field, allowed);
  write = *is_write;
  text_.take(field);
  return true;
}

bool MemoryTraceReader::take_cycle(std::int64_t& tick) {
  const char* const begin = text_.next_field();
  std::uint64_t cycle = 0;
  const std::string_view field = text_.take_number<10>(cycle);
  if (field.empty() || text_.take_comma()) return reject_field(text_.field(begin), "a cycle, which is a whole number");
  const std::uint64_t most = kMostTicks / static_cast<std::uint64_t>(ticks_per_clock_);
  if (cycle > most) {
    problems_.reject(text_.part(field),
                     fmt::format("cycle {} is beyond the last that can be counted, {}", field, most));
    return false;
  }
  if (cycle < last_cycle_) {
    problems_.reject_order(text_.part(field),
                           fmt::format("cycle {} lies before cycle {} of line {}", cycle, last_cycle_, cycle_line_));
    return false;
  }
  last_cycle_ = cycle;
  cycle_line_ = text_.line();
  tick = static_cast<std::int64_t>(cycle) * ticks_per_clock_;
  return true;
}

bool MemoryTraceReader::take_row_end() {
  if (text_.at_row_end()) return true;
  problems_.reject(text_.part(text_.field()), fmt::format("{} follows the end of the row", quoted_text(text_.field())));
  return false;
}

bool MemoryTraceReader::take_place(std::array<std::int64_t, kPlaceLevels>& place) {
  const char* const begin = text_.next_field();
  std::array<std::uint64_t, kPlaceLevels> numbers{};
  std::array<std::string_view, kPlaceLevels> fields;
  std::size_t count = 0;
  do {
    std::uint64_t number = 0;
    const std::string_view field = text_.take_number<10>(number);
    if (field.empty()) return reject_field(text_.field(begin), "a place like 0,1,2,100,32");
    if (count < kPlaceLevels) {
      numbers[count] = number;
      fields[count] = field;
    }
    ++count;
  } while (text_.take_comma());
  if (count != named_.size()) name_levels(count);
  if (count != named_.size()) {
    problems_.reject(text_.part(text_.field(begin)),
                     fmt::format("a place has not {} numbers; its levels are {}", count, levels_text()));
    return false;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const PlaceLevel& level = levels_[named_[i]];
    if (numbers[i] >= static_cast<std::uint64_t>(level.size)) {
      problems_.reject(text_.part(fields[i]),
                       fmt::format("{} {} is beyond the last, which is {}", level.name, fields[i], level.size - 1));
      return false;
    }
    place[named_[i]] = static_cast<std::int64_t>(numbers[i]);
  }
  return true;
}

void MemoryTraceReader::name_levels(std::size_t count) {
  named_.clear();
  std::size_t missing = kPlaceLevels - std::min(count, kPlaceLevels);
  for (std::size_t level = 0; level < kPlaceLevels; ++level) {
    const bool may_miss = level >= 1 && level <= 3 && levels_[level].size == 1;  // unit of the channel, rank, group
    if (missing > 0 && may_miss) {
      --missing;
    } else {
      named_.push_back(level);
    }
  }
}

std::string MemoryTraceReader::levels_text() const {
  std::string text;
  for (const PlaceLevel& level : levels_) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", level.name, level.size);
  }
  return text + "; those of one may be left out but for channel, bank, row and column";
}

std::optional<MemoryTrace> MemoryTraceReader::result() {
  if (problems_.any() || trace_.reads + trace_.writes == 0) return std::nullopt;
  return std::move(trace_);
}

}  // namespace

std::optional<MemoryTrace> read_memory_trace_text(const std::string& name, std::string text, const DramDevice& device,
                                                  const AddressMapping& mapping,
                                                  std::optional<MemoryTraceFormat> format, Diagnostics& diagnostics) {
  MemoryTraceReader reader(text, device, mapping);
  const bool has_rows = MemoryTraceText(text).next_row();
  if (!format) format = detect(text);
  if (format) {
    reader.read(*format);
  } else if (has_rows) {
    reader.refuse_format();
  }
  if (auto trace = reader.result()) return trace;
  const auto source = std::make_shared<SourceText>(name, std::move(text));
  reader.problems().report(source, {.many_rows = {}, .backwards = "sort the rows by their cycle"}, diagnostics);
  if (!reader.problems().any()) diagnostics.error("empty-trace", {source, 0, 0, 0}, "it holds no accesses");
  return std::nullopt;
}

std::optional<MemoryTrace> read_memory_trace(const std::string& path, const DramDevice& device,
                                             const AddressMapping& mapping, std::optional<MemoryTraceFormat> format,
                                             Diagnostics& diagnostics) {
  auto content = read_unpacked_file(path, kMostTraceBytes);
  if (!content) {
    diagnostics.error("unreadable-file", {std::make_shared<SourceText>(path, std::string()), 0, 0, 0},
                      "cannot read it: " + content.error());
    return std::nullopt;
  }
  return read_memory_trace_text(path, std::move(*content), device, mapping, format, diagnostics);
}

std::size_t ListSource::next(std::span<MemoryAccess> accesses) {
  const std::size_t count = std::min(accesses.size(), left_.size());
  std::copy_n(left_.begin(), count, accesses.begin());
  left_ = left_.subspan(count);
  return count;
}

}  // namespace orrery
