#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "orrery/memory/address_mapping.h"

namespace orrery {
namespace {

constexpr std::int64_t kBlockBytes = 64;
constexpr std::int64_t kInterleaveBytes = 256;

/// log2 of the bursts that fill `bytes`, rounded down.
int burst_bits(std::int64_t bytes, const DramDevice& device) {
  return std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(bytes / device.access_bytes))) - 1);
}

/// A field in text; `bits` below 0 take the rest.
std::string field_text(std::string_view level, int bits) {
  return bits < 0 ? std::string(level) : fmt::format("{}:{}", level, bits);
}

/// A block in one row, consecutive blocks in different groups; with several units, 256 B in each.
std::string default_mapping(const DramDevice& device, std::int64_t units) {
  struct Part {
    std::string_view level;
    std::int64_t size;
    int bits;
  };
  const int block_bits =
      std::min(burst_bits(kBlockBytes, device), std::countr_zero(static_cast<std::uint32_t>(device.columns)));
  std::vector<Part> parts;
  if (block_bits > 0) parts.push_back({"column", std::int64_t{1} << block_bits, block_bits});
  parts.push_back({"group", device.bank_groups, -1});
  parts.push_back({"column", device.columns >> block_bits, -1});
  parts.push_back({"bank", device.banks_per_group, -1});
  parts.push_back({"rank", device.ranks, -1});
  parts.push_back({"row", device.rows, -1});
  // The unit goes between the fields, or inside the one, where the bursts of 256 B end.
  std::vector<std::string> fields;
  int below = units > 1 ? burst_bits(kInterleaveBytes, device) : -1;
  for (const Part& part : parts) {
    if (below == 0) {
      fields.emplace_back("unit");
      below = -1;
    }
    const auto size = static_cast<std::uint64_t>(part.size);
    if (below > 0 && size >> below > 1 && std::countr_zero(size) >= below) {
      fields.push_back(field_text(part.level, below));
      fields.emplace_back("unit");
      below = -1;
    } else if (below > 0) {
      below = std::max(0, below - static_cast<int>(std::bit_width(size)) + 1);
    }
    fields.push_back(field_text(part.level, part.bits));
  }
  if (below >= 0) fields.emplace_back("unit");
  std::reverse(fields.begin(), fields.end());
  return fmt::format("{}", fmt::join(fields, "|"));
}

std::string row_bank_rank_column_channel(const DramDevice& /*device*/, std::int64_t /*units*/) {
  return "row|bank|group|rank|column|unit";
}

std::string channel_rank_bank_row_column(const DramDevice& /*device*/, std::int64_t /*units*/) {
  return "unit|rank|group|bank|row|column";
}

std::string four_lines_with_xor(const DramDevice& device, std::int64_t /*units*/) {
  const int bits = std::min(2, std::countr_zero(static_cast<std::uint32_t>(device.columns)));
  return fmt::format("row|column|bank|group|rank|unit{}{},rank^column,group^column,bank^column", bits > 0 ? "|" : "",
                     bits > 0 ? field_text("column", bits) : "");
}

constexpr NamedMapping kNamedMappings[] = {
    {"default", "64 B in a row, then the next bank group, 256 B in each unit; banks, ranks and rows last",
     default_mapping},
    {"RoBaRaCoCh", "row, bank, group, rank, column, unit: consecutive bursts go to different units",
     row_bank_rank_column_channel},
    {"ChRaBaRoCo", "unit, rank, group, bank, row, column: each bank is one stretch of memory",
     channel_rank_bank_row_column},
    {"MOP4CLXOR", "four bursts of a row, then the next unit, rank, group, bank; these XORed with the column",
     four_lines_with_xor},
};

}  // namespace

std::span<const NamedMapping> named_mappings() { return kNamedMappings; }

}  // namespace orrery
