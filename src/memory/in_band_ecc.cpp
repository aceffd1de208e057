#include "orrery/memory/in_band_ecc.h"

#include <fmt/format.h>

#include <algorithm>

namespace orrery {
namespace {

constexpr std::int32_t kParts = InBandEcc::kDataPerCode + 1;
constexpr std::uint32_t kAllWritten = (std::uint32_t{1} << InBandEcc::kDataPerCode) - 1;

}  // namespace

InBandEcc::InBandEcc(std::unique_ptr<AccessSource> data, const DramDevice& device)
    : data_(std::move(data)),
      banks_per_rank_(device.banks_per_rank()),
      banks_per_group_(device.banks_per_group),
      first_code_column_(device.columns / kParts * kDataPerCode),
      codes_(static_cast<std::size_t>(device.banks())) {}

Result<DramDevice> InBandEcc::data_part(const DramDevice& device) {
  if (device.columns % kParts != 0) {
    return failure(fmt::format("a row of {} bursts cannot be divided into data and code", device.columns));
  }
  DramDevice data = device;
  data.columns = device.columns / kParts * kDataPerCode;
  return data;
}

std::size_t InBandEcc::next(std::span<MemoryAccess> accesses) {
  std::size_t count = 0;
  while (count < accesses.size()) {
    if (!waiting_.empty()) {
      accesses[count++] = waiting_.back();
      waiting_.pop_back();
      continue;
    }
    if (taken_ == filled_) {
      filled_ = data_->next(batch_);
      taken_ = 0;
      if (filled_ == 0) break;
    }
    expand(batch_[taken_++]);
  }
  return count;
}

void InBandEcc::expand(const MemoryAccess& access) {
  const std::int32_t bank = access.rank * banks_per_rank_ + access.group * banks_per_group_ + access.bank;
  Code& code = codes_[static_cast<std::size_t>(bank)];
  const std::int32_t column = first_code_column_ + access.column / kDataPerCode;
  if (code.row != access.row || code.column != column) take_code(code, access, column);
  if (access.write) code.written |= std::uint32_t{1} << (access.column % kDataPerCode);
  waiting_.push_back(access);
  std::reverse(waiting_.begin(), waiting_.end());
}

/// Pre: nothing waits.
void InBandEcc::take_code(Code& code, const MemoryAccess& access, std::int32_t column) {
  if (code.written != 0) {
    if (code.written != kAllWritten) add_code(access, code.row, code.column, false);
    add_code(access, code.row, code.column, true);
  }
  if (!access.write) add_code(access, access.row, column, false);
  code = {access.row, column, 0};
}

void InBandEcc::add_code(MemoryAccess access, std::int32_t row, std::int32_t column, bool write) {
  access.row = row;
  access.column = column;
  access.write = write;
  waiting_.push_back(access);
  ++overhead_;
}

}  // namespace orrery
